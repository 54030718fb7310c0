/** What a reader does on more than one page. */
import assert from 'node:assert/strict';
import { A, B } from '../support/stacks.ts';
import type { Desk } from './desk.ts';

export const YES = { terminal: true, types: 'y\n' } as const;
/** What a drill says at its end. */
export const DRILLED = /and back in [\d.]+ s; published/;
export const DRILL = { ...YES, shows: DRILLED } as const;

/** The same for the other cluster, as the docs say. */
export const ofB = (line: string): string => line.replaceAll(A, B).replaceAll('runner-a', 'runner-b');

/** Where a setting stands in a stack's file. */
export const keyOf = (section: string, ...keys: readonly string[]): string[] => [
  'config',
  `gitlab-runner-hadr:${section}`,
  ...keys,
];

/** Waits until this cluster holds the tags and nothing is wrong. */
export const holds = (desk: Desk, name: string): Promise<string> =>
  desk.await('hadr status', new RegExp(`★ {2}${name}`));

/** Enters lines of which one asks for the token that `pulumi up` uses. */
export async function configure(desk: Desk, lines: readonly string[], token: string): Promise<void> {
  for (const line of lines) await desk.enter(line, line.endsWith('--secret gitlabToken') ? { types: token } : {});
}

/** Takes clusters out: the holder goes last, is refused, and shows the way of who wants it so. */
export async function takeOut(desk: Desk, first: string, last: string): Promise<void> {
  await desk.enter(first);
  const refusal = await desk.enter(last, { code: 'any' });
  const way = /pulumi state delete --stack [^]*? pulumi destroy --stack \S+( --exclude-protected)?/.exec(refusal)?.[0];
  assert.ok(way, refusal);
  await desk.follow(way.replaceAll(/\s+/g, ' ').split(' && '));
}
