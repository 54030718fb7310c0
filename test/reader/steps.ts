/** Steps that are common to several pages. */
import assert from 'node:assert/strict';
import { A, B } from '../support/stacks.ts';
import type { Reader } from './reader.ts';

export const YES = { terminal: true, types: 'y\n' } as const;
/** The end of a drill's output. */
export const DRILLED = /and back in [\d.]+ s; published/;
export const DRILL = { ...YES, shows: DRILLED } as const;

/** The same command for the other cluster. */
export const ofB = (line: string): string => line.replaceAll(A, B).replaceAll('runner-a', 'runner-b');

/** The path of a setting in a stack's file. */
export const keyOf = (section: string, ...keys: readonly string[]): string[] => [
  'config',
  `gitlab-runner-hadr:${section}`,
  ...keys,
];

/** Waits until this cluster holds the tags and the fleet is ok. */
export const holds = (reader: Reader, name: string): Promise<string> =>
  reader.await('hadr status', new RegExp(`★ {2}${name}`));

/** Enters the commands that configure a stack; one asks for the token of `pulumi up`. */
export async function configure(reader: Reader, lines: readonly string[], token: string): Promise<void> {
  for (const line of lines) await reader.enter(line, line.endsWith('--secret gitlabToken') ? { types: token } : {});
}

/** Destroys the stacks: the last one, the holder, refuses and prints the commands to do it anyway. */
export async function takeOut(reader: Reader, first: string, last: string): Promise<void> {
  await reader.enter(first);
  const refusal = await reader.enter(last, { code: 'any' });
  const way = /pulumi state delete --stack [^]*? pulumi destroy --stack \S+( --exclude-protected)?/.exec(refusal)?.[0];
  assert.ok(way, refusal);
  await reader.follow(way.replaceAll(/\s+/g, ' ').split(' && '));
}
