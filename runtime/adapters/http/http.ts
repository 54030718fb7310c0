/**
 * One HTTP call over node:http(s), with keep-alive and a time limit that covers everything from the connection to the last
 * byte. (`fetch` would cost the sidecar 18 MB more memory.) Retries live in gitlab/requester.ts.
 */
import * as http from 'node:http';
import * as https from 'node:https';

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export type HttpSend = (request: HttpRequest) => Promise<HttpResponse>;

/** Far more than any answer of GitLab that is read here; it limits what a broken proxy may send. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

function flatHeaders(headers: http.IncomingHttpHeaders): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  return flat;
}

/**
 * Sends over its own connections; `close` closes idle ones, so that the process can end. With `caCertificate` (PEM) it trusts only
 * that authority, which may be an intermediate one, as gitlab-runner does with the same file.
 */
export function createHttp(caCertificate?: string): { readonly send: HttpSend; readonly close: () => void } {
  const options = { keepAlive: true, maxSockets: 8 };
  const plain = new http.Agent(options);
  const secure = new https.Agent({
    ...options,
    ...(caCertificate !== undefined && { ca: caCertificate, allowPartialTrustChain: true }),
  });
  const send: HttpSend = (request) =>
    new Promise((resolve, reject) => {
      const isSecure = request.url.protocol === 'https:';
      const sent = (isSecure ? https : http).request(
        request.url,
        { method: request.method, headers: { ...request.headers }, agent: isSecure ? secure : plain },
        (response) => {
          const chunks: Buffer[] = [];
          let size = 0;
          response.on('data', (chunk: Buffer) => {
            size += chunk.length;
            if (size > MAX_BODY_BYTES) sent.destroy(new Error('the answer is larger than 16 MiB'));
            else chunks.push(chunk);
          });
          response.on('error', reject);
          response.on('aborted', () => reject(new Error('the connection closed before the answer was complete')));
          response.on('end', () => {
            clearTimeout(limit);
            resolve({
              status: response.statusCode ?? 0,
              headers: flatHeaders(response.headers),
              text: Buffer.concat(chunks).toString('utf8'),
            });
          });
        },
      );
      const limit = setTimeout(
        () => sent.destroy(new Error(`no answer within ${request.timeoutMs} ms`)),
        request.timeoutMs,
      );
      sent.on('error', (error) => {
        clearTimeout(limit);
        reject(error);
      });
      sent.end(request.body);
    });
  return {
    send,
    close: () => {
      plain.destroy();
      secure.destroy();
    },
  };
}
