/** `hadr status`: shows the fleet as its checkers see it. It changes nothing. */
import { readFleet } from '../../fleet/read-fleet.ts';
import { CONTROL_PATH } from '../../core/model/control.ts';
import { reportPath } from '../../core/model/report.ts';
import type { FleetContext } from '../context.ts';
import { exitOf, type ExitCode } from '../exit.ts';
import { present } from '../present/output.ts';
import { statusOf, statusSchema, statusText, type Commits, type Status } from './status-view.ts';

export async function status(context: FleetContext): Promise<ExitCode> {
  const { terminal, given, format, interrupted, access } = context;
  for (;;) {
    const seen = await seenNow(context);
    if (given.flags.has('watch') && format === 'table') terminal.clear();
    present(terminal, format, seen, { schema: statusSchema, text: statusText });
    if (given.flags.has('watch')) await access.clock.sleep(access.config.timing.roundSeconds * 1000);
    if (!given.flags.has('watch') || interrupted.aborted) return exitOf(seen.health);
  }
}

async function seenNow(context: FleetContext): Promise<Status> {
  const [facts, commits] = await Promise.all([readFleet(context.access), commitsOf(context)]);
  return statusOf(facts, context.access.config, commits);
}

async function commitsOf({ config, inquiry, project }: FleetContext): Promise<Commits> {
  const last = (path: string) => inquiry.lastCommit(project.id, config.statusProject.branch, path);
  const [control, reports] = await Promise.all([
    last(CONTROL_PATH),
    Promise.all(config.fleet.map(async (name) => [name, await last(reportPath(name))] as const)),
  ]);
  return { control, reports: new Map(reports) };
}
