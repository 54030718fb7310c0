/** From a request to the endpoint that answers it, and the faults on the way. Synchronous: only the server waits. */
import findMyWay from 'find-my-way';
import { issueRoutes } from '../api/issues.ts';
import { jobRoutes } from '../api/jobs.ts';
import { projectRoutes } from '../api/projects.ts';
import { repositoryRoutes } from '../api/repository.ts';
import { answer, METHODS, type Reply, type Route } from '../api/route.ts';
import { runnerApiRoutes } from '../api/runner-api.ts';
import { runnerRoutes } from '../api/runners.ts';
import { terraformRoutes } from '../api/terraform.ts';
import { tokenRoutes } from '../api/tokens.ts';
import { userRoutes } from '../api/users.ts';
import type { FaultCall } from '../model/faults.ts';
import type { GitLabModel } from '../model/gitlab.ts';
import { faultAnswer } from './fault-answer.ts';
import { json, type Outcome } from './outcome.ts';
import type { ApiRequest } from './request.ts';

/** The path of a file is one part of a URL, and may be long. */
const router = findMyWay({ maxParamLength: 2000 });
const routes = new Map<unknown, Route>();
for (const route of [
  ...userRoutes,
  ...tokenRoutes,
  ...projectRoutes,
  ...runnerRoutes,
  ...runnerApiRoutes,
  ...jobRoutes,
  ...issueRoutes,
  ...repositoryRoutes,
  ...terraformRoutes,
]) {
  const handler = (): void => undefined;
  routes.set(handler, route);
  router.on(route.method, route.pattern, handler);
}

/** The call as a fault sees it. */
export const callOf = (model: GitLabModel, { method, path, token }: ApiRequest): FaultCall => ({
  method,
  path,
  token: tokenName(model, token),
});

/** Answers one call: faults first, then the endpoint, then what a fault does to its answer. */
export function respond(model: GitLabModel, request: ApiRequest): Outcome {
  const { method, path } = request;
  const call = callOf(model, request);
  const fault = model.faults.hit(call);
  model.runners.frozen = model.faults.maintenance;
  const outcome =
    fault === undefined || fault === 'timeout-after' ? json(handle(model, request)) : faultAnswer(fault, call);
  const status = outcome.kind === 'reply' ? outcome.reply.status : 0;
  model.emit({ kind: 'request', at: model.now(), method, path, status, token: call.token ?? '' });
  return fault === 'timeout-after' ? { kind: 'silence' } : outcome;
}

function tokenName(model: GitLabModel, value: string | undefined): string | undefined {
  try {
    return model.access.authenticate(value).token.name;
  } catch {
    return undefined;
  }
}

function handle(model: GitLabModel, request: ApiRequest): Reply {
  const method = METHODS.find((known) => known === request.method);
  const found = method && router.find(method, request.path);
  const route = routes.get(found?.handler);
  if (!found || !route) return { status: 404, body: { error: '404 Not Found' } };
  const ids = Object.fromEntries(Object.entries(found.params).map(([key, value]) => [key, value ?? '']));
  return answer(() =>
    route.handle({
      ...request,
      model,
      ids,
      caller: (...extra) => {
        const caller = model.access.authenticate(request.token);
        model.access.requireScope(caller, request.method, extra);
        return caller;
      },
    }),
  );
}
