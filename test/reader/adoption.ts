/** docs/adoption.md: from two releases of the helm chart to HADR, and back. */
import assert from 'node:assert/strict';
import { parse } from 'yaml';
import * as z from 'zod';
import { blocksOf, shellLinesOf } from '../docs/pages.ts';
import { handMadeRecord, helmRelease } from '../support/helm.ts';
import { A, B } from '../support/stacks.ts';
import type { Reader } from './reader.ts';
import { DRILL, keyOf, ofB, takeOut } from './steps.ts';
import type { Environment } from './environment.ts';

const PAGE = 'docs/adoption.md';
/** The record id on the page. */
const RECORD = /\b123\b/g;

const exampleSchema = z.object({ 'gitlab-runner-hadr:kubernetes': z.object({ namespace: z.string() }) });

/** The state before the adoption: a record, runners of the chart that use it, and the stack's file of the page. */
async function release({ reader, gitlab }: Environment, name: string, tags: readonly string[]): Promise<number> {
  const { id, token } = await handMadeRecord(gitlab, tags);
  const items = helmRelease({ url: gitlab.url, token, replicas: 2 });
  await reader.write(`${name}.json`, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  await reader.enter(`kubectl --context ${name} apply -f ${name}.json`);
  const [yaml = ''] = blocksOf(PAGE, 'yaml');
  const { namespace } = exampleSchema.parse(parse(yaml))['gitlab-runner-hadr:kubernetes'];
  await reader.edit(`Pulumi.${name}.yaml`, [
    [keyOf('kubernetes', 'namespace'), namespace],
    [keyOf('gitlab', 'url'), gitlab.url],
  ]);
  return id;
}

async function adopt(reader: Reader, lines: readonly string[], token: string): Promise<void> {
  for (const line of lines) {
    if (line.startsWith('pulumi up')) await reader.enter('pulumi config set --secret gitlabToken', { types: token });
    await reader.enter(line);
  }
}

export async function followAdoption(environment: Environment): Promise<void> {
  const { reader, gitlab, useLabSettings } = environment;
  await reader.install();
  await useLabSettings();
  const ids = [await release(environment, A, ['rnd-runner', 'runner-a']), await release(environment, B, ['runner-b'])];
  const lines = shellLinesOf(PAGE);
  reader.replace(RECORD, String(ids[0]));
  await adopt(reader, lines, gitlab.adminToken);
  await reader.enter('kubectl --context cluster-a -n gitlab get deployment -o yaml');
  await reader.await('npx hadr status --stack cluster-a || true', /★ {2}cluster-a/);
  reader.replace(RECORD, String(ids[1]));
  await adopt(reader, lines.map(ofB), gitlab.adminToken);
  reader.set('HADR_STACK', A);
  await reader.await('npx hadr status', /★ {2}cluster-a/);
  await reader.enter('npx hadr doctor --stack cluster-a');
  await reader.enter('npx hadr drill --to cluster-b', DRILL);
  await reader.follow(['npx hadr pause', 'npx hadr resume', 'kubectl get pods']);
  await takeOut(
    reader,
    'pulumi destroy --stack cluster-b --run-program',
    'export PULUMI_RUN_PROGRAM=true; pulumi destroy --stack cluster-a --exclude-protected',
  );
  const project = /urn:\S+:Project::\S+/.exec(await reader.enter('pulumi stack --stack cluster-a --show-urns'))?.[0];
  assert.ok(project);
  await reader.enter(`pulumi state unprotect --stack cluster-a '${project}'`);
}
