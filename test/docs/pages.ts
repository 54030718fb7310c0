/** The pages of the documentation, and the commands in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

export const PAGES: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
];

export const read = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

/** The code blocks of one language, in their order. */
export const blocksOf = (page: string, language: string): string[] =>
  [...read(page).matchAll(new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\``, 'gm'))].map(
    ([, indent = '', block = '']) => block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );

/** The lines of a shell block as a person enters them, without comments. */
export const linesOf = (block: string): string[] =>
  block
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');

/** The lines of all shell blocks of a page. */
export const shellLinesOf = (page: string): string[] => blocksOf(page, 'sh').flatMap(linesOf);

/** Words as a shell splits them. */
const wordsOf = (command: string): string[] =>
  [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([all, single, double]) => single ?? double ?? all);

/** A line's commands, each as words. */
export const commandsIn = (line: string): string[][] =>
  line
    .split(/ && | \| |; /)
    .map((command) => wordsOf(command.trim()))
    .filter((words) => words.length > 0);

/** The commands of a page's shell blocks. */
export const commandsOf = (page: string): string[][] => shellLinesOf(page).flatMap(commandsIn);

/** The programs of commands in the docs. Other text in `code` is a file, a key or a word. */
const PROGRAMS = /^(bash|crane|curl|docker|export|git|hadr|helm|kubectl|node|npm|npx|pulumi) /;

/** Commands that are `code` in the text of a page. */
export const mentionsOf = (page: string): string[] =>
  [
    ...read(page)
      .replaceAll(/^ *```[\s\S]*?^ *```/gm, '')
      .matchAll(/`([^`\n]+)`/g),
  ]
    // Optional parts in brackets are included; a table escapes a bar.
    .map(([, code = '']) => code.replaceAll('\\|', '|').replaceAll(/ \[([^\]]+)\]/g, ' $1'))
    .filter((code) => PROGRAMS.test(code));
