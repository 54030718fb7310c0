/** The runner's calls of GitLab: each counted, repeated as gitlab-runner repeats them (network/retry_requester.go). */
import * as http from 'node:http';
import * as https from 'node:https';
import type { Metrics } from './metrics.ts';

export interface Answer {
  /** -1 where no answer came. */
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

type Endpoint = 'request_job' | 'update_job' | 'patch_trace';

const REPEATED = new Set([408, 429, 500, 502, 503, 504]);
const TRIES = 5;
const FIRST_PAUSE_MS = 100;
/** Longer than the longest poll that Workhorse holds. */
const TIMEOUT_MS = 120_000;

export class Client {
  private readonly url: string;
  private readonly metrics: Metrics;
  private readonly sleep: (ms: number) => Promise<void>;
  private readonly agent: http.Agent;

  constructor(url: string, metrics: Metrics, sleep: (ms: number) => Promise<void>) {
    this.url = url;
    this.metrics = metrics;
    this.sleep = sleep;
    this.agent = url.startsWith('https:') ? new https.Agent({ keepAlive: true }) : new http.Agent({ keepAlive: true });
  }

  async call(endpoint: Endpoint, method: string, path: string, body: unknown): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.send(method, path, JSON.stringify(body));
      this.metrics.count(endpoint, method.toLowerCase(), answer.status);
      if (!REPEATED.has(answer.status) || attempt === TRIES) return answer;
      const asked = Number(answer.headers['retry-after']);
      await this.sleep(asked > 0 ? asked * 1000 : FIRST_PAUSE_MS * 2 ** attempt);
    }
  }

  private send(method: string, path: string, body: string): Promise<Answer> {
    return new Promise((resolve) => {
      const none = (): void => resolve({ status: -1, headers: {}, text: '' });
      const request = (this.url.startsWith('https:') ? https : http).request(
        `${this.url}/api/v4${path}`,
        { method, agent: this.agent, headers: { 'content-type': 'application/json' }, timeout: TIMEOUT_MS },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', none);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? -1,
              headers: response.headers,
              text: Buffer.concat(chunks).toString('utf8'),
            }),
          );
        },
      );
      request.on('timeout', () => request.destroy());
      request.on('error', none);
      request.end(body);
    });
  }
}
