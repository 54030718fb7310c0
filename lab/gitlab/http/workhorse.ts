/** Workhorse's part of a runner's poll: while nothing changed it holds the poll and answers it without Rails (gitlab-facts B2). */
import type { ServerResponse } from 'node:http';
import * as z from 'zod';
import type { GitLabModel } from '../model/gitlab.ts';
import type { ApiRequest } from './request.ts';
import { callOf } from './router.ts';

const poll = z.object({
  token: z.string().optional().catch(undefined),
  last_update: z.string().optional().catch(undefined),
});

/** True where Workhorse holds this poll. A fault of GitLab's front or of the network is a fault for Workhorse too. */
export function isHeld(model: GitLabModel, request: ApiRequest): boolean {
  if (request.method !== 'POST' || request.path !== '/jobs/request') return false;
  const { token, last_update } = poll.parse(request.params);
  return model.runners.shortCircuits(token, last_update) && !model.faults.reachesWorkhorse(callOf(model, request));
}

/** Ends when the queue is ticked, the client hangs up or the polling duration is over; then it answers 204. */
export async function hold(
  model: GitLabModel,
  request: ApiRequest,
  longPollMs: number,
  response: ServerResponse,
): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(limit);
      release();
      response.off('close', end);
      resolve();
    };
    const limit = setTimeout(end, longPollMs);
    const release = model.runners.hold(poll.parse(request.params).token ?? '', end);
    response.once('close', end);
  });
  response.setHeader('Gitlab-Ci-Builds-Polling', 'yes');
  response.setHeader('Date', new Date(model.now()).toUTCString());
  response.statusCode = 204;
  response.end();
}
