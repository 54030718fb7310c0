/** The version, the caller and the caller's token. */
import { SCOPES } from '../model/access.ts';
import { ok, route, type Route } from './route.ts';
import { rotated, tokenView } from './tokens.ts';

export const userRoutes: readonly Route[] = [
  route('GET', '/version', (call) => {
    call.caller();
    return ok({ version: '19.4.0-lab', revision: 'lab', enterprise: false });
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
