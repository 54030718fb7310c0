/**
 * `npm run record`: records in docs/hadr-failover.txt what `hadr` prints during a failover. A cluster of the lab dies for real, and
 * the command is the shipped file.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { bundle } from '../../infra/bundle/bundle.ts';
import { labEngine } from '../pulumi/engines.ts';
import { labCluster } from './clusters.ts';
import { MAIN_TAG, startFleet, STATUS_PROJECT, type Fleet } from './fleet.ts';
import { demoContext, type DemoContext } from './context.ts';
import { LAB_POLICY, LAB_TIMING } from './times.ts';

const A = 'cluster-a';
const B = 'cluster-b';
const FILE = fileURLToPath(new URL('../../docs/hadr-failover.txt', import.meta.url));

const HEAD = `A failover, seen with hadr. npm run record made this text in the lab: real processes, real HTTP, and times of
about a tenth of the defaults (a lease of ${LAB_TIMING.leaseSeconds} s, a round every ${LAB_TIMING.roundSeconds} s).
`;

type Hadr = (...args: string[]) => Promise<string>;

/** Numbers change in each output; an output is shown when more than its numbers changed. */
const gistOf = (text: string): string => text.replaceAll(/\d+/g, 'N').replaceAll(/\s+/g, ' ');

async function record(demo: DemoContext, hadr: Hadr, show: (line: string) => void): Promise<void> {
  const { fleet } = demo;
  const ready = (): boolean => [A, B].every((name) => fleet.report(name)?.online === 2);
  if (
    !(await demo.until(
      `until ${A} holds ${MAIN_TAG} and all runners are online`,
      40,
      () => fleet.holders().join() === A && ready(),
    ))
  )
    throw new Error('the fleet did not start');
  show('$ hadr status');
  // B may claim after it was in touch for the length of a lease.
  let text = await hadr('status');
  for (const end = performance.now() + 20_000; performance.now() < end && text.includes('degraded');)
    text = await hadr('status');
  show(text);
  show(`\n# ${A} dies: its runners, its checker, its API server\n`);
  fleet.member(A).cluster.crash();
  let last = gistOf(text);
  for (const end = performance.now() + demo.deadSeconds * 1000; fleet.holders().join() !== B;) {
    if (performance.now() > end) throw new Error(`${B} did not take over`);
    const now = await hadr('status');
    if (gistOf(now) !== last) show(`$ hadr status\n${now}\n`);
    last = gistOf(now);
  }
  const after = await hadr('status');
  if (gistOf(after) !== last) show(`$ hadr status\n${after}\n`);
  for (const words of [['history'], ['explain', String(fleet.newestTerm())]])
    show(`$ hadr ${words.join(' ')}\n${await hadr(...words)}\n`);
}

async function hadrIn(folder: string, fleet: Fleet): Promise<Hadr> {
  const { url, adminToken } = fleet.gitlab;
  const file = join(folder, 'hadr.cjs');
  await writeFile(file, await bundle('runtime/cli/main.ts'));
  const config = {
    gitlab: { url, allowHttp: true, group: 'platform' },
    statusProject: { path: STATUS_PROJECT },
    fleet: [A, B],
    mainTags: [MAIN_TAG],
    policy: LAB_POLICY,
    // This machine also runs both clusters, so a call may take longer than in production.
    timing: { ...LAB_TIMING, requestSeconds: 3 },
  };
  await writeFile(join(folder, 'hadr.yaml'), stringify(config));
  return (...args) =>
    new Promise((resolve) => {
      const options = { cwd: folder, env: { ...process.env, HADR_TOKEN: adminToken, HADR_GITLAB_URL: url } };
      execFile(process.execPath, [file, ...args], options, (_, out, err) => resolve(`${out}${err}`.trimEnd()));
    });
}

const folder = await mkdtemp(join(tmpdir(), 'hadr-recording-'));
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const fleet = await startFleet([A, B], { engineFor: labEngine, clusterFor: labCluster, timing: LAB_TIMING }, say);
const lines = [HEAD];
try {
  await record(demoContext(fleet, LAB_TIMING, say), await hadrIn(folder, fleet), (line) => void lines.push(line));
  await writeFile(FILE, `${lines.join('\n').trimEnd()}\n`);
  say(`wrote ${FILE}`);
} finally {
  await fleet.close();
  await rm(folder, { recursive: true, force: true });
}
process.exit();
