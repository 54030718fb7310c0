/** Servers of the lab and of tests listen only on the loopback. */
import type { Server } from 'node:net';

/** Listens on this port, or on a free one. Returns the port. */
export const onLoopback = (server: Server, port = 0): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('the server has no port'));
      else resolve(address.port);
    });
  });
