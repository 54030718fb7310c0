/**
 * Finds the newest term by number, not by listing (a listing comes in pages, and `10` before `2`): from the highest number
 * that any lease or report knows, forward until a 404.
 */
import { parseTerm, termPath } from '../core/model/term.ts';
import type { TermFacts } from '../core/model/facts.ts';
import type { StatusProject } from '../ports.ts';

/** The highest number that somebody asserts, and whom he names as its holder. */
export interface KnownTerm {
  readonly number: number;
  readonly holder: string | undefined;
}

/** The newer of two pieces of knowledge; at the same number the one that names a holder. */
export const newerOf = (a: KnownTerm, b: KnownTerm): KnownTerm => {
  if (a.number !== b.number) return a.number > b.number ? a : b;
  return a.holder === undefined ? b : a;
};

export async function newestTerm(project: StatusProject, known: KnownTerm): Promise<TermFacts> {
  for (let number = known.number; ; number += 1) {
    const [next, present] = await Promise.all([
      project.file(termPath(number + 1)),
      number === 0 ? project.readable() : project.file(termPath(number)),
    ]);
    if (next.kind === 'unknown') return { kind: 'unknown', why: next.why };
    if (next.kind === 'found') continue;
    switch (present.kind) {
      case 'unknown':
        return { kind: 'unknown', why: present.why };
      case 'absent':
        return number === 0
          ? { kind: 'unknown', why: 'the status project does not exist or may not be seen' }
          : lost(project, known, number);
      case 'found': {
        if (present.value === true) return { kind: 'none' };
        const term = parseTerm(number, present.value);
        if (term.ok) return { kind: 'term', term: term.value, at: present.at };
        return { kind: 'damaged', number, named: number === known.number ? known.holder : undefined, why: term.why };
      }
    }
  }
}

/** A number that is asserted and has no file: its files were lost, if only the project itself can be read. */
async function lost(project: StatusProject, known: KnownTerm, number: number): Promise<TermFacts> {
  const readable = await project.readable();
  if (readable.kind === 'unknown') return { kind: 'unknown', why: readable.why };
  if (readable.kind === 'absent')
    return { kind: 'unknown', why: 'the status project does not exist or may not be seen' };
  const named = number === known.number ? known.holder : undefined;
  return { kind: 'damaged', number, named, why: `term ${number} is known but ${termPath(number)} is lost` };
}
