/** Checks what a stack has deployed: asks its Kubernetes cluster through the person's kubectl. */
import * as z from 'zod';
import { isDeepStrictEqual } from 'node:util';
import { checkerConfigSchema, RECORD_ANNOTATION, type CheckerConfig } from '../../config.ts';
import type { MemberFacts } from '../../core/model/facts.ts';
import { namesOf } from '../../names.ts';
import type { HadrConfig } from '../config.ts';
import type { Execute, Executed } from '../machine.ts';
import type { StackFacts } from '../stack.ts';
import { ok, unseen, wrong, type Finding } from './finding.ts';

const cronJobSchema = z.object({
  spec: z.object({
    suspend: z.boolean().default(false),
    jobTemplate: z.object({
      spec: z.object({
        template: z.object({
          spec: z.object({
            volumes: z.array(z.object({ configMap: z.object({ name: z.string() }).optional() })).default([]),
          }),
        }),
      }),
    }),
  }),
});
const configMapSchema = z.object({ data: z.record(z.string(), z.string()).default({}) });
const deploymentSchema = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }),
});

/** The stack as in its file, and the id of the status project that its path names, if that can be read. */
export interface Expected {
  readonly config: HadrConfig;
  readonly stack: StackFacts;
  readonly projectId: number | undefined;
}

export async function deployedFindings(
  execute: Execute,
  expected: Expected,
  member: MemberFacts | undefined,
): Promise<Finding[]> {
  const { stack } = expected;
  const names = namesOf(stack.name);
  const kubectl = kubectlIn(execute, stack, stack.kubernetes.namespace);
  const get = <T>(schema: z.ZodType<T>, kind: string, name: string): Promise<T | string> =>
    read(kubectl, schema, kind, name);
  const cronJob = await get(cronJobSchema, 'cronjob', names.checker);
  const check = `CronJob ${names.checker}`;
  if (typeof cronJob === 'string')
    return [unseen(check, cronJob, `check your kubectl and its context, or run pulumi up --stack ${stack.name}`)];
  const maps = cronJob.spec.jobTemplate.spec.template.spec.volumes.flatMap(({ configMap }) => configMap?.name ?? []);
  const account = `system:serviceaccount:${stack.kubernetes.namespace}:${names.checker}`;
  return [
    cronJob.spec.suspend
      ? wrong(
          check,
          'it is suspended: no checker runs',
          `kubectl patch cronjob ${names.checker} --patch '{"spec":{"suspend":false}}'`,
        )
      : ok(check, 'it is scheduled'),
    configFinding(await firstConfig(maps, (name) => get(configMapSchema, 'configmap', name)), expected),
    ...(await runnerFindings(execute, stack, account, member)),
  ];
}

type Kubectl = (...args: string[]) => Promise<Executed>;

const kubectlIn =
  (execute: Execute, { kubernetes: { context } }: StackFacts, namespace: string): Kubectl =>
  (...args) =>
    execute('kubectl', [...(context === undefined ? [] : ['--context', context]), '--namespace', namespace, ...args]);

async function read<T>(kubectl: Kubectl, schema: z.ZodType<T>, kind: string, name: string): Promise<T | string> {
  const answer = await kubectl('get', kind, name, '--output', 'json');
  return answer.code === 0 ? parsed(schema, answer.stdout) : reasonOf(answer);
}

/** Each Deployment that the checker counts, and the checker's rights there. */
async function runnerFindings(
  execute: Execute,
  stack: StackFacts,
  account: string,
  member: MemberFacts | undefined,
): Promise<Finding[]> {
  const own = { namespace: stack.kubernetes.namespace, deployment: namesOf(stack.name).runner, record: undefined };
  const findings: Finding[] = [];
  for (const { namespace, deployment, record } of stack.adopt.length > 0 ? stack.adopt : [own]) {
    const kubectl = kubectlIn(execute, stack, namespace);
    const found = await read(kubectl, deploymentSchema, 'deployment', deployment);
    findings.push(
      recordFinding(deployment, found, record, member, stack.name),
      await rightFinding(kubectl, account, 'get', `deployments.apps/${deployment}`, stack.name),
      await rightFinding(kubectl, account, 'list', 'pods', stack.name),
    );
  }
  return findings;
}

function parsed<T>(schema: z.ZodType<T>, text: string): T | string {
  try {
    const value = schema.safeParse(JSON.parse(text));
    return value.success ? value.data : 'the output of kubectl has an unexpected form';
  } catch {
    return 'kubectl does not answer in JSON';
  }
}

const reasonOf = ({ code, stderr }: Executed): string =>
  code === undefined
    ? 'kubectl cannot be run or did not answer in time'
    : stderr.trim().split('\n').at(-1) || `kubectl ended with ${code}`;

type Maps = z.infer<typeof configMapSchema> | string;

/** The checker's config is in one of the maps that its pod mounts; the code is in another. */
async function firstConfig(
  names: readonly string[],
  get: (name: string) => Promise<Maps>,
): Promise<CheckerConfig | string> {
  let why = 'no ConfigMap that it mounts holds checker.json';
  for (const name of names) {
    const map = await get(name);
    if (typeof map === 'string') why = map;
    else if (map.data['checker.json'] !== undefined) return parsed(checkerConfigSchema, map.data['checker.json']);
  }
  return why;
}

function configFinding(deployed: CheckerConfig | string, { config, stack, projectId }: Expected): Finding {
  const check = `config of ${stack.name}`;
  const up = `run pulumi up --stack ${stack.name}`;
  if (typeof deployed === 'string') return unseen(check, deployed, up);
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['fleet', config.fleet, deployed.fleet],
    ['mainTags', config.mainTags, deployed.mainTags],
    ['ownTags', stack.ownTags, deployed.ownTags],
    ['preferred', stack.preferred, deployed.preferred],
    ['adopt', stack.adopt, deployed.kubernetes.adopted],
    ['gitlab.url', new URL(config.gitlab.url).origin, new URL(deployed.gitlab.url).origin],
    [
      'statusProject',
      { id: projectId ?? deployed.statusProject.id, branch: config.statusProject.branch },
      deployed.statusProject,
    ],
    ['policy', config.policy, deployed.policy],
    ['timing', config.timing, deployed.timing],
  ];
  const different = pairs.filter(([, wanted, has]) => !isDeepStrictEqual(wanted, has)).map(([key]) => key);
  return different.length === 0
    ? ok(check, `the deployed config is that of Pulumi.${stack.name}.yaml`)
    : wrong(check, `the deployed ${different.join(', ')} differs from Pulumi.${stack.name}.yaml`, up);
}

function recordFinding(
  name: string,
  deployment: z.infer<typeof deploymentSchema> | string,
  adopted: number | undefined,
  member: MemberFacts | undefined,
  stack: string,
): Finding {
  const check = `Deployment ${name}`;
  const up = `run pulumi up --stack ${stack}`;
  if (typeof deployment === 'string')
    return unseen(check, deployment, adopted === undefined ? up : `correct adopt in Pulumi.${stack}.yaml and ${up}`);
  const record = adopted ?? Number(deployment.metadata.annotations[RECORD_ANNOTATION]);
  if (!(record > 0)) return wrong(check, `it lacks the annotation ${RECORD_ANNOTATION}`, up);
  if (member?.report.kind === 'found' && !member.report.value.records.includes(record))
    return wrong(
      check,
      `it serves record ${record}, which the report does not name`,
      'wait for a round; if this remains, read the log of the checker',
    );
  return ok(check, `it serves record ${record}`);
}

/** `kubectl auth can-i` asks the API server itself, as the checker's own account. */
async function rightFinding(
  kubectl: Kubectl,
  account: string,
  verb: string,
  resource: string,
  stack: string,
): Promise<Finding> {
  const check = `right to ${verb} ${resource}`;
  const answer = await kubectl('auth', 'can-i', verb, resource, `--as=${account}`);
  if (answer.code === 0) return ok(check, 'the checker has it');
  // can-i answers no with exit code 1 and the word; anything else is no answer.
  return /^no\b/.test(answer.stdout)
    ? wrong(check, 'the checker does not have it', `run pulumi up --stack ${stack}`)
    : unseen(
        check,
        reasonOf(answer),
        'you need the right to impersonate that account; ask an administrator of the cluster',
      );
}
