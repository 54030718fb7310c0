/** The version, the caller and the caller's token. */
import { SCOPES } from '../model/access.ts';
import { ok, route, type Route } from './route.ts';
import { rotated, tokenView } from './tokens.ts';

const VERSION = '19.4.0-lab';

export const userRoutes: readonly Route[] = [
  route('GET', '/version', (call) => {
    call.caller();
    return ok({ version: VERSION, revision: 'lab', enterprise: call.model.edition === 'EE' });
  }),
  route('GET', '/metadata', (call) => {
    call.caller();
    const kas = { enabled: false, externalUrl: null, externalK8sProxyUrl: null, version: null };
    return ok({ version: VERSION, revision: 'lab', kas, enterprise: call.model.edition === 'EE' });
  }),
  route('GET', '/user', (call) => {
    const { user } = call.caller();
    return ok({
      id: user.id,
      username: user.username,
      name: user.name,
      state: 'active',
      is_admin: user.admin,
      bot: user.bot,
    });
  }),
  route('GET', '/personal_access_tokens/self', (call) => ok(tokenView(call, call.caller(...SCOPES).token))),
  route('POST', '/personal_access_tokens/self/rotate', (call) => rotated(call, call.caller('self_rotate').token)),
];
