/** What goes back over HTTP. */
import type { ServerResponse } from 'node:http';
import type { Outcome } from './outcome.ts';

/** Sends an outcome of the API; `now` is GitLab's clock. */
export function send(outcome: Outcome, now: number, response: ServerResponse): void {
  switch (outcome.kind) {
    case 'cut':
      response.destroy();
      return;
    case 'silence':
      return;
    case 'reply': {
      const { status, body, headers } = outcome.reply;
      for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
      response.setHeader('Date', new Date(now).toUTCString());
      response.setHeader('RateLimit-Limit', '7200');
      response.setHeader('RateLimit-Name', 'throttle_authenticated_api');
      response.setHeader('RateLimit-Remaining', '7000');
      response.setHeader('RateLimit-Observed', '200');
      response.setHeader('RateLimit-Reset', String(Math.floor(now / 1000) + 60));
      const isJson = outcome.contentType === 'application/json';
      finish(response, status, outcome.contentType, isJson ? JSON.stringify(body) : String(body));
    }
  }
}

export function finish(response: ServerResponse, status: number, contentType: string, text: string): void {
  response.statusCode = status;
  if (status !== 204) response.setHeader('Content-Type', contentType);
  response.end(status === 204 ? undefined : text);
}
