/** Tokens that never expire, for tests of something else. */
import type { Expiries, TokenExpiry } from '../../runtime/expiries.ts';
import type { Known } from '../../runtime/core/model/read.ts';

const lasting: TokenExpiry = { expiresOn: 'never', madeBy: 'stack' };

export const LASTING: Known<Expiries> = {
  kind: 'known',
  value: { version: 1, fleet: lasting, sidecar: lasting, status: lasting },
};
