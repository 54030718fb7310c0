/** What `hadr` works with: hadr.yaml or a stack's own file, and above it the environment and flags. */
import * as z from 'zod';
import {
  DEFAULT_GITLAB_URL,
  gitlabSchema,
  policySchema,
  problemsOf,
  timingSchema,
  type GitLabConfig,
} from '../config.ts';
import { clusterName, pathOrId, tagList } from '../values.ts';
import type { Given } from './command-line.ts';
import { wrongUsage } from './exit.ts';
import { stackValues, type StackFacts } from './stack.ts';
import { textOf, yamlValues, type Values } from './input-file.ts';

/** The keys are those of the stack's config, and mean the same. */
export const hadrSchema = z.strictObject({
  gitlab: gitlabSchema.safeExtend({
    group: pathOrId.optional().describe('The group that owns the runner records; hadr doctor looks up its tokens.'),
    project: pathOrId.optional().describe('Instead of a group: the project that owns the runner records.'),
  }),
  statusProject: z.strictObject({
    path: pathOrId.describe('The status project, by its full path or its id.'),
    branch: z.string().min(1, 'must not be empty').default('main').describe('The branch that holds the status.'),
  }),
  fleet: z.array(clusterName).min(1, 'must name the clusters').describe('The names of all clusters.'),
  mainTags: tagList.describe('The tags that move.'),
  policy: policySchema.prefault({}).describe('As in the stacks: hadr status computes the next move from it.'),
  timing: timingSchema.prefault({}).describe('As in the stacks.'),
});

export interface HadrConfig extends z.infer<typeof hadrSchema> {
  readonly gitlab: z.infer<typeof hadrSchema>['gitlab'] & GitLabConfig;
  readonly stack: StackFacts | undefined;
}

/** Where config comes from beside the command line. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

const CONFIG_FILE = 'hadr.yaml';
export const GITLAB_URL_VARIABLE = 'HADR_GITLAB_URL';

/** Throws a Refusal that names every problem by its key, and where it comes from. */
export async function readConfig(given: Given, surroundings: Surroundings): Promise<HadrConfig> {
  const { env, cwd } = surroundings;
  const stackName = given.texts.get('stack') ?? env['HADR_STACK'];
  if (stackName !== undefined && given.texts.has('config'))
    throw wrongUsage('give --config or --stack, not both: each is the whole config');
  const stack = stackName === undefined ? undefined : await stackValues(cwd, stackName);
  const file = given.texts.get('config') ?? CONFIG_FILE;
  const base = stack?.values ?? (await fileValues(cwd, file, given.texts.has('config')));
  const source = stack ? `Pulumi.${stackName}.yaml` : file;
  const parsed = hadrSchema.safeParse(laidOver(base, given, env));
  if (parsed.success) return { ...parsed.data, stack: stack?.facts };
  const problems = problemsOf(parsed.error).map((problem) =>
    problem.replace(/: Invalid input.*undefined$/, ': is missing'),
  );
  throw wrongUsage(
    `the config cannot be used (${problems.join('; ')}): correct ${source}, or give ${FLAGS.map(([flag]) => `--${flag}`).join(', ')}`,
  );
}

async function fileValues(cwd: string, name: string, mustBe: boolean): Promise<Values> {
  const text = await textOf(cwd, name);
  if (text === undefined) {
    if (mustBe) throw wrongUsage(`there is no config file ${name}; write one as docs/hadr.md shows, or omit --config`);
    return {};
  }
  return yamlValues(text, name);
}

const listOf = (text: string): string[] => text.split(',').map((part) => part.trim());

/** Each flag with its variable, its place in the config and how its text is read. */
const FLAGS: readonly (readonly [
  flag: string,
  variable: string,
  path: readonly [string, string?],
  read: (text: string) => unknown,
])[] = [
  ['gitlab-url', GITLAB_URL_VARIABLE, ['gitlab', 'url'], (text) => text],
  ['status-project', 'HADR_STATUS_PROJECT', ['statusProject', 'path'], (text) => text],
  ['branch', 'HADR_BRANCH', ['statusProject', 'branch'], (text) => text],
  ['fleet', 'HADR_FLEET', ['fleet'], listOf],
  ['main-tags', 'HADR_MAIN_TAGS', ['mainTags'], listOf],
];

function laidOver(base: Values, given: Given, env: NodeJS.ProcessEnv): Values {
  const values: Values = { ...base, gitlab: { url: DEFAULT_GITLAB_URL, ...sectionOf(base['gitlab']) } };
  for (const [flag, variable, [section, key], read] of FLAGS) {
    const text = given.texts.get(flag) ?? env[variable];
    if (text === undefined) continue;
    values[section] = key === undefined ? read(text) : { ...sectionOf(values[section]), [key]: read(text) };
  }
  return values;
}

const sectionOf = (value: unknown): Values => z.record(z.string(), z.unknown()).catch({}).parse(value);
