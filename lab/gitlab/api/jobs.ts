/** The jobs of a project, for people and programs. */
import { LEVEL } from '../model/access.ts';
import { forbidden, noSuchRow } from '../model/errors.ts';
import type { Job } from '../model/jobs.ts';
import { iso, ok, page, route, type Route } from './route.ts';
import { projectOf } from './owners.ts';

const jobView = (job: Job): Record<string, unknown> => ({
  id: job.id,
  status: job.status,
  tag_list: job.tags,
  failure_reason: job.failureReason ?? null,
  created_at: iso(job.createdAt),
  started_at: iso(job.startedAt),
  finished_at: iso(job.finishedAt),
  runner: job.runnerId === undefined ? null : { id: job.runnerId },
  runner_manager: job.systemId === undefined ? null : { system_id: job.systemId },
});

export const jobRoutes: readonly Route[] = [
  route('GET', '/projects/:id/jobs', (call) => {
    const { project } = projectOf(call, LEVEL.reporter);
    const jobs = [...call.model.jobs.all.values()].filter((job) => job.projectId === project.id);
    return page(call, jobs.toReversed().map(jobView));
  }),
  route('POST', '/projects/:id/jobs/:job/cancel', (call) => {
    const { project } = projectOf(call, LEVEL.developer);
    const job = call.model.jobs.all.get(Number(call.ids['job']));
    if (job?.projectId !== project.id) throw noSuchRow();
    if (!call.model.jobs.cancel(job)) throw forbidden();
    return ok(jobView(job), 201);
  }),
];
