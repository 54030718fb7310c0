/** A port of the loopback that nobody listens on, for a program that must be told its port. */
import { createServer } from 'node:net';
import { onLoopback } from '../../loopback.ts';

export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await onLoopback(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
