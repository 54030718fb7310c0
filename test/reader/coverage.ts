/** Finds commands of the docs that no test runs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandsIn, mentionsOf, PAGES, ROOT, shellLinesOf } from '../docs/pages.ts';

/** Commands that no test runs, with the reason. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'docker buildx imagetools inspect': 'needs an image registry, and tests have none',
  'crane digest': 'needs an image registry, and tests have none',
  'helm uninstall': 'helm is not part of this project; the test deletes the Deployment instead',
  'npm run test:guards -- --record': 'takes minutes; CI replays what it recorded',
  'bash .ci/run': 'runs this test itself',
  'npm run release': 'commits and tags; test/tools/release.test.ts runs it in a repository of its own',
  'npm install': 'changes package.json, which a checkout of the docs must not',
  'npm run test:mutants': 'takes more than a quarter of an hour',
  'npm run test:guards -- --only': 'needs the name of a guard that the reader wrote',
};

/** Placeholders of the docs: `kubectl scale deployment …`, `--replace URN`, `--limit N`. */
const PLACEHOLDER = /^(…|.*\/…|URN|N)$/;

const unwrapped = (words: readonly string[]): string[] =>
  words.filter((word, index) => !PLACEHOLDER.test(word) && !(index === 0 && word === 'npx') && word !== '--silent');

/** True if a mention such as `pulumi up` matches an entered command such as `pulumi up --stack cluster-a`. */
function isPartOf(part: readonly string[], whole: readonly string[]): boolean {
  let next = 0;
  for (const word of whole) if (word === part[next]) next += 1;
  return part[0] === whole[0] && next === part.length;
}

/** The npm commands of `.ci/run`. */
const commandsOfCi = (): string[][] =>
  [...readFileSync(join(ROOT, '.ci/run'), 'utf8').matchAll(/npm (ci|test|run --silent [^;|\n]+)/g)].flatMap(([line]) =>
    commandsIn(line.trim()),
  );

/** The commands of all pages that were not run, each once, given the entered commands. */
export function notRun(entered: readonly string[]): string[] {
  const ran = [...entered.flatMap(commandsIn), ...commandsOfCi()].map(unwrapped);
  const named = PAGES.flatMap((page) => [...shellLinesOf(page), ...mentionsOf(page)]).flatMap(commandsIn);
  const missing = named.filter((words) => !ran.some((whole) => isPartOf(unwrapped(words), whole)));
  return [...new Set(missing.map((words) => words.join(' ')))].filter((command) => !isExcepted(command));
}

const isExcepted = (command: string): boolean => Object.keys(NOT_RUN).some((known) => command.startsWith(known));
