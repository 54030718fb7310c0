/** docs/adoption.md: from two releases of the helm chart to HADR in charge, and back. */
import assert from 'node:assert/strict';
import { parse } from 'yaml';
import * as z from 'zod';
import { blocksOf, shellLinesOf } from '../docs/pages.ts';
import { handMadeRecord, helmRelease } from '../support/helm.ts';
import { A, B } from '../support/stacks.ts';
import type { Desk } from './desk.ts';
import { DRILL, keyOf, ofB, takeOut } from './habits.ts';
import type { Office } from './world.ts';

const PAGE = 'docs/adoption.md';
/** The page's record. */
const RECORD = /\b123\b/g;

const exampleSchema = z.object({ 'gitlab-runner-hadr:kubernetes': z.object({ namespace: z.string() }) });

/** What is there before: a record, runners of the chart that use it, and the stack's file as the page shows it. */
async function release({ desk, gitlab }: Office, name: string, tags: readonly string[]): Promise<number> {
  const { id, token } = await handMadeRecord(gitlab, tags);
  const items = helmRelease({ url: gitlab.url, token, replicas: 2 });
  await desk.write(`${name}.json`, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  await desk.enter(`kubectl --context ${name} apply -f ${name}.json`);
  const [yaml = ''] = blocksOf(PAGE, 'yaml');
  const { namespace } = exampleSchema.parse(parse(yaml))['gitlab-runner-hadr:kubernetes'];
  await desk.amend(`Pulumi.${name}.yaml`, [
    [keyOf('kubernetes', 'namespace'), namespace],
    [keyOf('gitlab', 'url'), gitlab.url],
  ]);
  return id;
}

async function adopt(desk: Desk, lines: readonly string[], token: string): Promise<void> {
  for (const line of lines) {
    if (line.startsWith('pulumi up')) await desk.enter('pulumi config set --secret gitlabToken', { types: token });
    await desk.enter(line);
  }
}

export async function followAdoption(office: Office): Promise<void> {
  const { desk, gitlab, layLab } = office;
  await desk.install();
  await layLab();
  const ids = [await release(office, A, ['rnd-runner', 'runner-a']), await release(office, B, ['runner-b'])];
  const lines = shellLinesOf(PAGE);
  desk.replace(RECORD, String(ids[0]));
  await adopt(desk, lines, gitlab.adminToken);
  await desk.enter('kubectl --context cluster-a -n gitlab get deployment -o yaml');
  await desk.await('npx hadr status --stack cluster-a || true', /★ {2}cluster-a/);
  desk.replace(RECORD, String(ids[1]));
  await adopt(desk, lines.map(ofB), gitlab.adminToken);
  desk.set('HADR_STACK', A);
  await desk.await('npx hadr status', /★ {2}cluster-a/);
  await desk.enter('npx hadr doctor --stack cluster-a');
  await desk.enter('npx hadr drill --to cluster-b', DRILL);
  await desk.follow(['npx hadr pause', 'npx hadr resume', 'kubectl get pods']);
  await takeOut(
    desk,
    'pulumi destroy --stack cluster-b --run-program',
    'export PULUMI_RUN_PROGRAM=true; pulumi destroy --stack cluster-a --exclude-protected',
  );
  const project = /urn:\S+:Project::\S+/.exec(await desk.enter('pulumi stack --stack cluster-a --show-urns'))?.[0];
  assert.ok(project);
  await desk.enter(`pulumi state unprotect --stack cluster-a '${project}'`);
}
