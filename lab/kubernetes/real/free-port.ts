/** A port of the loopback that nobody listens on, for a program that must be told its port. */
import { createServer } from 'node:net';

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address === null || typeof address === 'string'
          ? reject(new Error('there is no free port on 127.0.0.1'))
          : resolve(address.port),
      );
    });
  });
}
