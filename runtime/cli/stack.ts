/** Config straight from a stack: Pulumi.yaml's defaults and Pulumi.<stack>.yaml, without Pulumi and without its backend. */
import * as z from 'zod';
import { adoptedSchema, problemsOf, type Adopted } from '../config.ts';
import { clusterName } from '../values.ts';
import { wrongUsage } from './exit.ts';
import { textOf, yamlValues, type Values } from './input-file.ts';

const projectSchema = z.object({
  name: z.string(),
  config: z.record(z.string(), z.object({ default: z.unknown().optional() }).catch({})).default({}),
});
const stackSchema = z.object({ config: z.record(z.string(), z.unknown()).default({}) });

/** The keys that a stack and hadr.yaml share. */
const SHARED = ['gitlab', 'fleet', 'mainTags', 'policy', 'timing'] as const;

const statusProject = z.object({ path: z.unknown(), branch: z.unknown().optional() }).catch({ path: undefined });
const own = z.object({
  ownTags: z.array(z.string()).catch([]),
  // `pulumi config set` writes the whole file again, and then true is "true".
  preferred: z.union([z.boolean(), z.stringbool({ truthy: ['true'], falsy: ['false'] })]).catch(false),
  adopt: z.array(adoptedSchema).catch([]),
  kubernetes: z
    .object({
      context: z.string().optional(),
      namespace: z.string().default('gitlab-runner'),
      server: z.string().default('https://kubernetes.default.svc'),
    })
    .prefault({}),
});

/** What the stack's file says about the cluster itself; only with --stack. */
export interface StackFacts {
  readonly name: string;
  readonly ownTags: readonly string[];
  readonly preferred: boolean;
  /** Runners that it did not make; where there are some, it makes none. */
  readonly adopt: readonly Adopted[];
  readonly kubernetes: { readonly context: string | undefined; readonly namespace: string; readonly server: string };
}

export interface Stack {
  readonly values: Values;
  readonly facts: StackFacts;
}

export async function stackValues(cwd: string, name: string): Promise<Stack> {
  if (!clusterName.safeParse(name).success)
    throw wrongUsage(`--stack ${name} is not a valid stack name; give one like cluster-a`);
  const project = shapeOf(projectSchema, await values(cwd, 'Pulumi.yaml'), 'Pulumi.yaml');
  const stack = shapeOf(stackSchema, await values(cwd, `Pulumi.${name}.yaml`), `Pulumi.${name}.yaml`);
  const all: Values = {};
  for (const [key, declared] of Object.entries(project.config))
    if (declared.default !== undefined) all[key] = declared.default;
  for (const [key, value] of Object.entries(stack.config))
    if (key.startsWith(`${project.name}:`)) all[key.slice(project.name.length + 1)] = value;
  const { path, branch } = statusProject.parse(all['statusProject']);
  const { ownTags, preferred, adopt, kubernetes } = shapeOf(own, all, `Pulumi.${name}.yaml`);
  return {
    values: {
      ...Object.fromEntries(SHARED.flatMap((key) => (all[key] === undefined ? [] : [[key, all[key]]]))),
      statusProject: { path, ...(branch !== undefined && { branch }) },
    },
    facts: { name, ownTags, preferred, adopt, kubernetes: { ...kubernetes, context: kubernetes.context } },
  };
}

function shapeOf<T>(schema: z.ZodType<T>, found: Values, file: string): T {
  const shape = schema.safeParse(found);
  if (shape.success) return shape.data;
  throw wrongUsage(`${file} cannot be used (${problemsOf(shape.error).join('; ')}): correct it, or omit --stack`);
}

async function values(cwd: string, file: string): Promise<Values> {
  const text = await textOf(cwd, file);
  if (text === undefined)
    throw wrongUsage(`there is no ${file} in ${cwd}: run hadr in the folder of your stacks, or omit --stack`);
  return yamlValues(text, file);
}
