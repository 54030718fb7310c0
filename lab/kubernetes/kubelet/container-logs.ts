/** The lines that `kubectl logs` shows, chosen as a kubelet does (k8s.io/kubernetes, pkg/kubelet/kubelet_pods.go). Pure. */
import * as z from 'zod';
import { badRequest } from '../errors.ts';
import type { PodStatus } from '../pods.ts';
import type { LogLine } from './logs.ts';

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const count = z.coerce.number().int().nonnegative();

/** The known options of core/v1, PodLogOptions; any other is refused, not ignored. */
const querySchema = z.strictObject({
  follow: flag.default(false),
  previous: flag.default(false),
  timestamps: flag.default(false),
  tailLines: count.optional(),
  sinceSeconds: count.optional(),
  sinceTime: z.iso.datetime({ offset: true }).transform(Date.parse).optional(),
});
export type LogQuery = z.infer<typeof querySchema>;

/** Throws an ApiError. */
export function logQuery(parameters: URLSearchParams): LogQuery {
  const parsed = querySchema.safeParse(Object.fromEntries(parameters));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`.trim());
  throw badRequest(`the lab’s kubelet cannot show this log: ${problems.join('; ')}`);
}

/** The run whose lines are requested. Throws an ApiError if there is none. */
export function runOf(status: PodStatus, pod: string, container: string, { previous }: LogQuery): number {
  const all = [...status.initContainerStatuses, ...status.containerStatuses];
  const found = all.find(({ name }) => name === container);
  const named = `container "${container}" in pod "${pod}"`;
  if (!found) throw badRequest(`${named} is not available`);
  const { state, lastState, restartCount } = found;
  if (previous && !lastState.terminated) throw badRequest(`previous terminated ${named} not found`);
  // Between two runs the previous one is the newest.
  if (!state.waiting) return previous ? restartCount - 1 : restartCount;
  if (!lastState.terminated) throw badRequest(`${named} is waiting to start: ${state.waiting.reason}`);
  return restartCount;
}

/** The requested lines of a run. */
export function chosen(lines: readonly LogLine[], query: LogQuery, now: number): readonly LogLine[] {
  const { tailLines, sinceSeconds, sinceTime } = query;
  const since = sinceTime ?? (sinceSeconds === undefined ? 0 : now - sinceSeconds * 1000);
  const recent = lines.filter(({ at }) => at >= since);
  return tailLines === undefined ? recent : recent.slice(Math.max(0, recent.length - tailLines));
}

export const textOf = ({ at, line }: LogLine, { timestamps }: LogQuery): string =>
  timestamps ? `${new Date(at).toISOString()} ${line}\n` : `${line}\n`;
