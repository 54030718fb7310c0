/** Reads earlier terms by number, the newest first. */
import { parseTerm, termPath, type Term } from '../core/model/term.ts';
import type { Known } from '../core/model/read.ts';
import type { NumberedTerm } from '../core/page/text.ts';
import type { StatusProject } from '../ports.ts';

/** So many reads at a time. */
const AT_ONCE = 8;

export async function readTerm(project: StatusProject, number: number): Promise<Known<Term>> {
  const file = await project.file(termPath(number));
  if (file.kind === 'unknown') return file;
  if (file.kind === 'absent') return { kind: 'unknown', why: `${termPath(number)} does not exist` };
  const parsed = parseTerm(number, file.value);
  return parsed.ok ? { kind: 'known', value: parsed.value } : { kind: 'unknown', why: parsed.why };
}

/** From `newest` downwards, at most `limit` of them. */
export async function readTerms(project: StatusProject, newest: number, limit: number): Promise<NumberedTerm[]> {
  const read: NumberedTerm[] = [];
  while (read.length < limit && newest - read.length > 0) {
    const from = newest - read.length;
    const numbers = Array.from({ length: Math.min(AT_ONCE, limit - read.length, from) }, (_, index) => from - index);
    read.push(
      ...(await Promise.all(numbers.map(async (number) => ({ number, term: await readTerm(project, number) })))),
    );
  }
  return read;
}
