/** Terraform states of a project (gitlab-facts E1). */
import * as z from 'zod';
import { LEVEL, type Caller } from '../model/access.ts';
import { notFound } from '../model/errors.ts';
import type { TerraformState } from '../model/terraform.ts';
import { projectOf } from './owners.ts';
import { parse, route, type Call, type Route } from './route.ts';

const lockBody = z.object({
  ID: z.string().max(255),
  Operation: z.string(),
  Info: z.string(),
  Who: z.string(),
  Version: z.string(),
  Created: z.string(),
  Path: z.string(),
});

function stateOf(call: Call, level: number, create: boolean): { state: TerraformState; caller: Caller } {
  const { project, caller } = projectOf(call, level);
  const state = call.model.terraform(project.id, call.ids['name'] ?? '', create);
  if (!state) throw notFound('State');
  return { state, caller };
}

const lockId = (call: Call): string | undefined =>
  z.object({ ID: z.string().optional().catch(undefined) }).parse(call.params).ID;

const path = '/projects/:id/terraform/state/:name';

export const terraformRoutes: readonly Route[] = [
  route('POST', `${path}/lock`, (call) => {
    const { state, caller } = stateOf(call, LEVEL.maintainer, true);
    return state.acquire(parse(lockBody, call.params), caller.user.username);
  }),
  route('DELETE', `${path}/lock`, (call) => stateOf(call, LEVEL.maintainer, false).state.release(lockId(call))),
  route('POST', path, (call) =>
    stateOf(call, LEVEL.maintainer, true).state.write(call.query.get('ID') ?? undefined, call.body.toString('utf8')),
  ),
  route('GET', path, (call) => stateOf(call, LEVEL.developer, false).state.newest()),
];
