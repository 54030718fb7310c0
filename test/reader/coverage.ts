/** Which commands of the docs are run, and where. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandsIn, mentionsOf, PAGES, ROOT, shellLinesOf } from '../docs/pages.ts';

/** Commands that are not run by any test, and why. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'docker buildx imagetools inspect': 'asks a registry of images, and tests have none',
  'crane digest': 'asks a registry of images, and tests have none',
  'helm uninstall': 'helm is not of this project; the Deployment is deleted as it would',
  'npm run test:guards -- --record': 'searches for minutes; what it wrote is what CI plays',
  'bash .ci/run': 'is what runs this test',
  'npm run release': 'commits and tags; test/tools/release.test.ts runs it in a repository of its own',
  'npm install-scripts': 'changes package.json, and only when a dependency is new',
};

/** Stands in the docs for what a reader puts there: `kubectl scale deployment …`, `--replace URN`, `--limit N`. */
const PLACEHOLDER = /^(…|.*\/…|URN|N)$/;

const unwrapped = (words: readonly string[]): string[] =>
  words.filter((word, index) => !PLACEHOLDER.test(word) && !(index === 0 && word === 'npx') && word !== '--silent');

/** Whether a mention such as `pulumi up` is of a command that was entered, such as `pulumi up --stack cluster-a`. */
function isPartOf(part: readonly string[], whole: readonly string[]): boolean {
  let next = 0;
  for (const word of whole) if (word === part[next]) next += 1;
  return part[0] === whole[0] && next === part.length;
}

/** What `.ci/run` runs. */
const commandsOfCi = (): string[][] =>
  [...readFileSync(join(ROOT, '.ci/run'), 'utf8').matchAll(/npm (ci|test|run --silent [^;|\n]+)/g)].flatMap(([line]) =>
    commandsIn(line.trim()),
  );

/** The commands of all pages that nobody ran, given the lines that were entered; none of them twice. */
export function notRun(entered: readonly string[]): string[] {
  const ran = [...entered.flatMap(commandsIn), ...commandsOfCi()].map(unwrapped);
  const named = PAGES.flatMap((page) => [...shellLinesOf(page), ...mentionsOf(page)]).flatMap(commandsIn);
  const missing = named.filter((words) => !ran.some((whole) => isPartOf(unwrapped(words), whole)));
  return [...new Set(missing.map((words) => words.join(' ')))].filter((command) => !isExcepted(command));
}

const isExcepted = (command: string): boolean => Object.keys(NOT_RUN).some((known) => command.startsWith(known));
