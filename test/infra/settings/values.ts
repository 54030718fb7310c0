/** A config that the stack accepts, and the problems that it finds in a changed one. */
import assert from 'node:assert/strict';
import { ConfigError, readSettings } from '../../../infra/settings/settings.ts';

export const TOKEN = 'glpat-not-to-be-shown';

export type Values = Record<string, unknown>;

export const valid = (): Values => ({
  fleet: ['cluster-a', 'cluster-b'],
  mainTags: ['rnd-runner'],
  ownTags: ['runner-a'],
  gitlab: { url: 'https://gitlab.example.com', group: 'rnd' },
  gitlabToken: TOKEN,
  statusProject: { path: 'rnd/runner-status' },
  kubernetes: { context: 'cluster-a' },
});

/** As Pulumi hands config over: texts, of which lists and maps are JSON. */
export const rawOf = (values: Values): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );

export function problemsOf(change: Values, stack = 'cluster-a'): readonly string[] {
  try {
    readSettings(rawOf({ ...valid(), ...change }), stack);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
  return [];
}

export const DIGEST = `docker.io/gitlab/gitlab-runner:alpine-v18.4.0@sha256:${'0123456789abcdef'.repeat(4)}`;

export const manyTags = (count: number) => Array.from({ length: count }, (_, index) => `tag-${index}`);

export const ADOPTED = { namespace: 'gitlab', deployment: 'gitlab-runner', record: 12 };

export interface Refusal {
  readonly name: string;
  readonly change: Values;
  readonly stack?: string;
  readonly problems: readonly string[];
}

/** One test for each change: the problems word by word. */
export function refusalTests(refusals: readonly Refusal[]): void {
  for (const { name, change, stack, problems } of refusals)
    it(`refuses ${name}`, () => assert.deepEqual(problemsOf(change, stack), problems));
}
