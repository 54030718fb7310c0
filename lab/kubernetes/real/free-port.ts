/** A free port of the loopback, for a program that cannot choose one itself. */
import { createServer } from 'node:net';
import { onLoopback } from '../../loopback.ts';

export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await onLoopback(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
