/**
 * python-gitlab, a client that this project did not write, drives the lab's GitLab through every endpoint that the product calls.
 * The test records these endpoints while the product runs.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startGitLab } from '../../lab/gitlab/server.ts';
import type { GitLabModel } from '../../lab/gitlab/model/gitlab.ts';
import { labEngine } from '../../lab/pulumi/engines.ts';
import { connectGitLab } from '../../runtime/adapters/gitlab/connect.ts';
import { incidentsOf } from '../../runtime/adapters/gitlab/incidents.ts';
import { inquiryOf } from '../../runtime/adapters/gitlab/inquiry.ts';
import { systemClock } from '../../runtime/adapters/process/clock.ts';
import { PYTHON_GITLAB } from '../../tools/catalogue.ts';
import { findTool } from '../../tools/find.ts';
import { startStacks, type Stacks } from '../support/stacks.ts';

const SCRIPT = fileURLToPath(new URL('python_gitlab.py', import.meta.url));

/** A call without ids and names: `GET /runners/5/managers` is `GET /runners/:/managers`. */
const endpoint = (method: string, path: string): string =>
  `${method} ${path
    .replace(/^\/(groups|projects)\/[^/]+/, '/$1/:')
    .replace(
      /\/(runners|access_tokens|issues|protected_branches|branches|commits|files)\/(?!all\b|verify\b)[^/]+/,
      '/$1/:',
    )}`;

/** The endpoints that are called during `during`. */
async function endpointsDuring(model: GitLabModel, during: () => Promise<void>): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  const stop = model.onEvent((event) => {
    if (event.kind === 'request') seen.add(endpoint(event.method, event.path));
  });
  await during();
  stop();
  return seen;
}

async function python(url: string, token: string): Promise<void> {
  const tool = await findTool(PYTHON_GITLAB);
  assert.ok(tool, 'python-gitlab is not installed: run npm run real:tools once');
  const child = spawn(tool.path, [SCRIPT, url, 'platform'], {
    env: { ...process.env, GITLAB_TOKEN: token },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code]: unknown[] = await once(child, 'close');
  assert.equal(code, 0, output);
  assert.match(output, /^each answer was as GitLab gives it\n$/);
}

/** The calls of doctor, of a roll call, and of the checker's incidents. */
async function inquire({ gitlab }: Stacks): Promise<void> {
  const { resource, records, close } = connectGitLab({
    url: gitlab.url,
    token: () => Promise.resolve(gitlab.adminToken),
    requestSeconds: 5,
    clock: systemClock,
  });
  const project = [...gitlab.model.access.projects.values()].find(({ path }) => path.endsWith('/runner-status'));
  const [record] = [...gitlab.model.runners.all.keys()];
  assert.ok(project && record !== undefined);
  const inquiry = inquiryOf(resource);
  const incidents = incidentsOf(resource, project.id);
  const answers = [
    await records.managers(record),
    (await inquiry.greeting()).version,
    await inquiry.username(),
    await inquiry.ownToken(),
    await inquiry.tokens({ kind: 'group', ref: 'platform' }),
    await inquiry.tokens({ kind: 'project', ref: project.id }),
    await inquiry.project(project.path),
    await inquiry.branch(project.id, 'main'),
    await inquiry.lastCommit(project.id, 'main', 'README.md'),
    await incidents.open(),
    await incidents.raise('title', 'text'),
    await incidents.close(1),
  ];
  close();
  for (const answer of answers) assert.equal(answer.kind, 'found', JSON.stringify(answer));
}

/** Creates both stacks, runs their checkers, renews tokens, and destroys one stack. */
async function live(stacks: Stacks): Promise<void> {
  const { a, b } = stacks;
  await a.up();
  await b.up();
  const checks = [a.check(), b.check()];
  await a.up({ tokens: { lifetimeDays: 200 } });
  await inquire(stacks);
  for (const stop of checks) await stop();
  await b.destroy();
}

describe('the lab’s GitLab, driven by python-gitlab', function () {
  before(async function () {
    if (!(await findTool(PYTHON_GITLAB))) this.skip();
  });

  it('answers every endpoint that the product calls as GitLab does', async () => {
    const stacks = await startStacks(labEngine);
    const called = await endpointsDuring(stacks.gitlab.model, () => live(stacks));
    await stacks.close();
    const gitlab = await startGitLab({ longPollMs: 0 });
    const driven = await endpointsDuring(gitlab.model, () => python(gitlab.url, gitlab.adminToken));
    await gitlab.close();
    assert.deepEqual(
      [...called].filter((each) => !driven.has(each)),
      [],
    );
    for (const each of ['PUT /runners/:', 'POST /projects/:/repository/commits', 'GET /runners/:/managers'])
      assert.ok(called.has(each), each);
  });
});
