/** Reads the stack's config, checks all of it, and refuses it before anything is created. */
import * as pulumi from '@pulumi/pulumi';
import type * as z from 'zod';
import { type GitLabConfig } from '../../runtime/config.ts';
import { clusterName } from '../../runtime/values.ts';
import { type TokenExpiry } from '../../runtime/expiries.ts';
import { mirrored } from '../kubernetes/images.ts';
import { PROJECT, type Names } from '../names.ts';
import { clearTextWarnings } from './clear-text.ts';
import { Refusal } from './refusal.ts';
import type { Sections } from './rule.ts';
import { ruleProblems } from './rules.ts';
import { SECTIONS, settingsSchema, type ParsedSettings, type PathOrId } from './schema.ts';
import { given, problem, problemsIn, unknownKey } from './text.ts';
import { portOf } from './web-address.ts';

/** Who owns the runner records: GitLab asks different roles for a group's and a project's runners. */
export type OwnerRef =
  { readonly kind: 'group'; readonly ref: PathOrId } | { readonly kind: 'project'; readonly ref: PathOrId };

type SecretKey = 'gitlabToken' | 'tokens' | 'notify';

/** What the program works with. Secrets are outputs that Pulumi encrypts; nothing else here is one. */
export interface Settings extends Omit<ParsedSettings, SecretKey | 'gitlab' | 'kubernetes' | 'runner'> {
  readonly cluster: string;
  readonly gitlab: GitLabConfig & { readonly owner: OwnerRef };
  readonly kubernetes: Omit<ParsedSettings['kubernetes'], 'kubeconfig' | 'jobNamespace'> & {
    readonly jobNamespace: string;
  };
  readonly runner: Omit<ParsedSettings['runner'], 'kubernetesToml' | 'cacheToml'>;
  readonly tokens: TokenSettings;
  /** The port of the webhook, for the network policy; undefined where there is none. */
  readonly webhookPort: number | undefined;
  readonly secrets: Secrets;
}

export interface TokenSettings extends Pick<ParsedSettings['tokens'], 'lifetimeDays' | 'rotateBeforeDays'> {
  /** Tokens that the user made; the stack makes those that are absent. */
  readonly given: { readonly [P in keyof Names['tokens']]?: GivenToken };
}

export interface GivenToken {
  readonly value: pulumi.Output<string>;
  readonly expiresOn: TokenExpiry['expiresOn'];
}

export interface Secrets {
  readonly gitlabToken: pulumi.Output<string>;
  readonly kubeconfig?: pulumi.Output<string>;
  /** The cache's table often has access keys, the executor's may have credentials of a registry. */
  readonly kubernetesToml: pulumi.Output<string>;
  readonly cacheToml: pulumi.Output<string>;
  readonly webhook?: pulumi.Output<string>;
}

/** A config that was refused: every problem in one message. */
export class ConfigError extends Refusal {
  readonly problems: readonly string[];

  constructor(stack: string, problems: readonly string[]) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    super(
      `The config of stack ${given(stack)} has ${count}; nothing was changed:\n${problems.map((line) => `  - ${line}`).join('\n')}`,
    );
    this.problems = problems;
  }
}

/** The settings of the stack that Pulumi runs. */
export function loadSettings(): Settings {
  const raw: Record<string, string> = {};
  for (const [key, value] of Object.entries(pulumi.runtime.allConfig()))
    if (key.startsWith(`${PROJECT}:`)) raw[key.slice(PROJECT.length + 1)] = value;
  const settings = readSettings(raw, pulumi.getStack());
  for (const warning of clearTextWarnings(settings, isEncrypted)) void pulumi.log.warn(warning);
  return settings;
}

/** Pulumi has this function, but no type for it. Without it there is no warning. */
function isEncrypted(key: string): boolean {
  const found: unknown = Reflect.get(pulumi.runtime, 'isConfigSecret');
  return typeof found !== 'function' || Reflect.apply(found, undefined, [`${PROJECT}:${key}`]) === true;
}

/** Settings from config values as Pulumi stores them: texts, with lists and maps as JSON. Throws ConfigError. */
export function readSettings(raw: Readonly<Record<string, string>>, stack: string): Settings {
  const problems: string[] = [];
  if (!clusterName.safeParse(stack).success)
    problems.push(
      `stack: ${given(stack)} is not a valid name of a cluster; use lower-case letters, digits and dashes, at most 40 characters`,
    );
  for (const key of Object.keys(raw)) if (!SECTIONS['']?.includes(key)) problems.push(unknownKey('', key));

  const values = decode(raw);
  const sections = parseSections(values, problems);
  problems.push(...ruleProblems(sections, stack));
  if (problems.length > 0) throw new ConfigError(stack, problems);
  return settingsOf(settingsSchema.parse(values), stack);
}

/** Tokens stay as they are; everything else is JSON. What is not JSON stays text, and its schema says what it must be. */
function decode(raw: Readonly<Record<string, string>>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [key, text] of Object.entries(raw)) {
    if (!SECTIONS['']?.includes(key)) continue;
    values[key] = key === 'gitlabToken' ? text : jsonOr(text);
  }
  return values;
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Parses each section alone, so that a problem in one does not hide a problem in another. */
function parseSections(values: Readonly<Record<string, unknown>>, problems: string[]): Sections {
  const take = <T>(key: keyof ParsedSettings, schema: z.ZodType<T>): T | undefined => {
    const parsed = schema.safeParse(values[key]);
    if (parsed.success) return parsed.data;
    if (values[key] === undefined) problems.push(`${key}: is missing; ${HINTS[key] ?? 'give it'}`);
    else problems.push(...problemsIn(key, values[key], parsed.error));
    return undefined;
  };
  const { shape } = settingsSchema;
  return {
    fleet: take('fleet', shape.fleet),
    mainTags: take('mainTags', shape.mainTags),
    ownTags: take('ownTags', shape.ownTags),
    preferred: take('preferred', shape.preferred),
    lab: take('lab', shape.lab),
    gitlab: take('gitlab', shape.gitlab),
    gitlabToken: take('gitlabToken', shape.gitlabToken),
    statusProject: take('statusProject', shape.statusProject),
    runner: take('runner', shape.runner),
    adopt: take('adopt', shape.adopt),
    policy: take('policy', shape.policy),
    timing: take('timing', shape.timing),
    kubernetes: take('kubernetes', shape.kubernetes),
    images: take('images', shape.images),
    notify: take('notify', shape.notify),
    monitoring: take('monitoring', shape.monitoring),
    log: take('log', shape.log),
    tokens: take('tokens', shape.tokens),
  };
}

const HINTS: Readonly<Record<string, string>> = {
  fleet: 'list the names of all clusters, for example ["cluster-a", "cluster-b"]',
  mainTags: 'list the tags that jobs use, for example ["rnd-runner"]',
  ownTags: 'list the tags that this cluster always has, for example ["runner-a"]',
  gitlab: 'give gitlab.url and gitlab.group (or gitlab.project)',
  gitlabToken: 'set it with: pulumi config set --secret gitlabToken',
  statusProject: 'give statusProject.path, and manage: true in one of the stacks',
};

function settingsOf(parsed: ParsedSettings, stack: string): Settings {
  const { gitlab, gitlabToken, tokens, notify, kubernetes, runner, images, ...rest } = parsed;
  const { group: _group, project: _project, ...where } = gitlab;
  const { kubeconfig, ...cluster } = kubernetes;
  const { kubernetesToml, cacheToml, ...pods } = runner;
  return {
    ...rest,
    cluster: stack,
    gitlab: { ...where, url: new URL(gitlab.url).origin, owner: ownerOf(gitlab) },
    kubernetes: { ...cluster, jobNamespace: kubernetes.jobNamespace ?? `${kubernetes.namespace}-jobs` },
    runner: { ...pods, image: mirrored(pods.image, images.mirrors) },
    images: { ...images, node: mirrored(images.node, images.mirrors) },
    tokens: {
      lifetimeDays: tokens.lifetimeDays,
      rotateBeforeDays: tokens.rotateBeforeDays,
      given: {
        ...givenToken('fleet', tokens),
        ...givenToken('sidecar', tokens),
        ...givenToken('status', tokens),
      },
    },
    webhookPort: notify.webhook === undefined ? undefined : portOf(notify.webhook),
    secrets: {
      gitlabToken: pulumi.secret(gitlabToken),
      kubernetesToml: pulumi.secret(kubernetesToml),
      cacheToml: pulumi.secret(cacheToml),
      ...(kubeconfig !== undefined && { kubeconfig: pulumi.secret(kubeconfig) }),
      ...(notify.webhook !== undefined && { webhook: pulumi.secret(notify.webhook) }),
    },
  };
}

function givenToken(part: keyof Names['tokens'], tokens: ParsedSettings['tokens']): TokenSettings['given'] {
  const [value, expiresOn] = [tokens[part], tokens[`${part}ExpiresOn`]];
  if (value === undefined || expiresOn === undefined) return {};
  return { [part]: { value: pulumi.secret(value), expiresOn } };
}

function ownerOf({ group, project }: ParsedSettings['gitlab']): OwnerRef {
  if (group !== undefined) return { kind: 'group', ref: group };
  if (project !== undefined) return { kind: 'project', ref: project };
  throw new Error(problem('gitlab.group', undefined, 'was not checked'));
}
