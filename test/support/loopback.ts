/** Servers of tests listen on the loopback alone. */
import type { Server } from 'node:net';

/** Starts on a free port, which is the answer. */
export const onLoopback = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
