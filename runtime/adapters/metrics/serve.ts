/** A small HTTP server for /metrics and /healthz. */
import * as http from 'node:http';

export interface Page {
  readonly status: number;
  readonly text: string;
  readonly type?: string;
}

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Answers GET and HEAD of these paths. */
export function createServer(pages: Readonly<Record<string, () => Page>>): http.Server {
  return http.createServer((request, response) => {
    const send = ({ status, text, type = 'text/plain; charset=utf-8' }: Page) => {
      response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
      response.end(request.method === 'HEAD' ? undefined : text);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') return send({ status: 405, text: 'only GET\n' });
    const page = pages[request.url?.split('?')[0] ?? ''];
    return send(
      page ? page() : { status: 404, text: `not found; this server has ${Object.keys(pages).join(' and ')}\n` },
    );
  });
}

/**
 * On every address of the pod, of whichever IP family it has: Prometheus comes from outside, `kubectl port-forward` to the
 * loopback. What is served contains no secret.
 */
export const listen = (server: http.Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, () => {
      server.off('error', reject);
      resolve();
    });
  });
