/** When the tokens of a cluster expire: the stack writes it, and the checker warns people. */
import * as z from 'zod';

const NO_DAY = 'must be the day that GitLab shows for the token, such as 2027-01-31, or never';

/** The token expires when this day begins in UTC (gitlab-facts G); `never` if it has no expiry date. */
export const expiryDay = z.union([z.literal('never'), z.iso.date(NO_DAY)], NO_DAY);

const tokenExpiry = z.strictObject({
  expiresOn: expiryDay,
  madeBy: z
    .enum(['stack', 'people'])
    .describe('people: they created the token, set it in the config, and must renew it.'),
});

/** The file with the expiries, in the Secret of the checker's tokens: both change at once. */
export const EXPIRIES_FILE = 'expiries.json';

/** expiries.json: when each token of this cluster ends, so that the checker need not ask GitLab. */
export const expiriesSchema = z.strictObject({
  version: z.literal(1),
  fleet: tokenExpiry,
  sidecar: tokenExpiry.optional().describe('Absent if all runners are adopted: then there is no sidecar.'),
  status: tokenExpiry,
});

export type TokenExpiry = z.infer<typeof tokenExpiry>;
export type Expiries = z.infer<typeof expiriesSchema>;
