/** A GitLab of a few lines: it notes what a runner asks, and answers as the test says. */
import * as http from 'node:http';
import * as z from 'zod';

const body = z.looseObject({
  token: z.string().optional(),
  system_id: z.string().optional(),
  last_update: z.string().optional(),
  state: z.string().optional(),
  failure_reason: z.string().optional(),
});

export interface Seen {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly body: z.infer<typeof body>;
  readonly jobToken: string | undefined;
  readonly text: string;
}

export interface StubReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Stub {
  readonly url: string;
  readonly seen: readonly Seen[];
  /** Answers polls; everything else gets 200. `hold` leaves a poll without an answer, `cut` ends its connection. */
  onPoll: (count: number) => StubReply | 'hold' | 'cut';
  readonly polls: () => readonly Seen[];
  close(): Promise<void>;
}

export const job = (id: number, seconds: number): StubReply => ({
  status: 201,
  body: { id, token: `job-${String(id)}`, variables: [{ key: 'LAB_SECONDS', value: String(seconds) }], steps: [] },
});

export async function startStub(): Promise<Stub> {
  const seen: Seen[] = [];
  const polls = (): Seen[] => seen.filter((each) => each.path === '/api/v4/jobs/request');
  const stub: Pick<Stub, 'onPoll'> = { onPoll: () => ({ status: 204 }) };
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const path = (request.url ?? '').split('?')[0] ?? '';
      const token = request.headers['job-token'];
      const isJson = request.headers['content-type'] === 'application/json';
      seen.push({
        at: Date.now(),
        method: request.method ?? '',
        path,
        body: isJson ? body.parse(JSON.parse(text)) : {},
        jobToken: typeof token === 'string' ? token : undefined,
        text,
      });
      const isPoll = path === '/api/v4/jobs/request';
      const reply = isPoll ? api.onPoll(polls().length) : { status: request.method === 'PATCH' ? 202 : 200 };
      if (reply === 'hold') return;
      if (reply === 'cut') return void request.socket.destroy();
      response.writeHead(reply.status, reply.headers ?? {});
      response.end(reply.body === undefined ? undefined : JSON.stringify(reply.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const api: Stub = {
    url: `http://127.0.0.1:${String(port)}`,
    seen,
    polls,
    onPoll: stub.onPoll,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return api;
}
