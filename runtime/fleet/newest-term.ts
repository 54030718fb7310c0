/**
 * Finds the newest term by number, not by listing (a listing comes in pages, and `10` before `2`): from the highest number that is
 * known, forward until a 404. A 404 proves that a file is missing only if GitLab gives another file in the same round.
 */
import { parseTerm, termPath } from '../core/model/term.ts';
import type { TermFacts } from '../core/model/facts.ts';
import type { Known, Read } from '../core/model/read.ts';
import { PAGE_PATH } from '../core/page/page.ts';
import type { StatusProject } from '../ports.ts';

/** A term's number and holder, as a lease or a report names them. */
export interface KnownTerm {
  readonly number: number;
  readonly holder: string | undefined;
}

/** The newer of two; at the same number the one that names a holder. */
const newerOf = (a: KnownTerm, b: KnownTerm): KnownTerm => {
  if (a.number !== b.number) return a.number > b.number ? a : b;
  return a.holder === undefined ? b : a;
};

/** Reports may be ahead of every lease by this much, for a lease may be lost. A report that is further ahead needs a file as proof. */
const MAX_JUMP = 10;

const NO_TERM: KnownTerm = { number: 0, holder: undefined };

/** What is known of the newest term before any file is read. */
export interface KnownTerms {
  readonly highest: KnownTerm;
  /** From reports whose number is too far ahead to be believed, the highest first. */
  readonly jumps: readonly KnownTerm[];
}

export function knownTerms(leases: readonly KnownTerm[], reports: readonly KnownTerm[]): KnownTerms {
  const asserted = leases.reduce(newerOf, NO_TERM);
  const isJump = ({ number }: KnownTerm): boolean => number > asserted.number + MAX_JUMP;
  return {
    highest: reports.filter((report) => !isJump(report)).reduce(newerOf, asserted),
    jumps: reports.filter(isJump).toSorted((a, b) => b.number - a.number),
  };
}

/** `hasFile`: another file of the project was found in this round. */
export async function newestTerm(project: StatusProject, known: KnownTerms, hasFile: boolean): Promise<TermFacts> {
  const start = await startOf(project, known);
  if (start.kind === 'unknown') return start;
  const { number } = start.value;
  const [next, present] = await Promise.all([
    project.file(termPath(number + 1)),
    number === 0 ? undefined : project.file(termPath(number)),
  ]);
  switch (next.kind) {
    case 'unknown':
      return { kind: 'unknown', why: next.why };
    case 'found':
      return gallop(project, { number: number + 1, text: next.value, at: next.at });
    case 'absent':
      break;
  }
  if (present?.kind === 'found') return termFacts({ number, text: present.value, at: present.at }, start.value.holder);
  if (present?.kind === 'unknown') return { kind: 'unknown', why: present.why };
  const doubt = await doubtOf(project, hasFile);
  if (doubt !== undefined) return { kind: 'unknown', why: doubt };
  if (number > 0) {
    const why = `term ${number} is known, but ${termPath(number)} does not exist`;
    return { kind: 'damaged', number, named: start.value.holder, why };
  }
  const [jump] = known.jumps;
  return jump
    ? { kind: 'unknown', why: `a report names term ${jump.number}, but no term file exists and no lease names one` }
    : { kind: 'none' };
}

/**
 * The newest term after records were read that only a term or a report names: a lease on them may name a higher term, whose file is
 * lost then.
 */
export async function newestAfter(
  project: StatusProject,
  found: TermFacts,
  known: KnownTerms,
  hasFile: boolean,
): Promise<TermFacts> {
  if (found.kind === 'unknown') return found;
  if (known.highest.number <= numberOf(found)) return found;
  return newestTerm(project, known, hasFile);
}

function numberOf(term: Exclude<TermFacts, { kind: 'unknown' }>): number {
  switch (term.kind) {
    case 'term':
      return term.term.number;
    case 'damaged':
      return term.number;
    case 'none':
      return 0;
  }
}

/** Where the search starts. A report that jumps is believed if the file of its term exists. */
async function startOf(project: StatusProject, { highest, jumps }: KnownTerms): Promise<Known<KnownTerm>> {
  for (const jump of jumps) {
    const read = await project.file(termPath(jump.number));
    if (read.kind === 'unknown') return { kind: 'unknown', why: read.why };
    if (read.kind === 'found' && parseTerm(jump.number, read.value).ok) return { kind: 'known', value: jump };
  }
  return { kind: 'known', value: highest };
}

interface TermFile {
  readonly number: number;
  readonly text: string;
  readonly at: number;
}

/** From a term that exists to the newest one, in about 2 · log2(n) reads, for no file names the newest number. */
async function gallop(project: StatusProject, from: TermFile): Promise<TermFacts> {
  let low = from;
  let high: number | undefined;
  for (let step = 1; high === undefined || high - low.number > 1; step *= 2) {
    const number: number = high === undefined ? low.number + step : Math.floor((low.number + high) / 2);
    const read: Read<string> = await project.file(termPath(number));
    if (read.kind === 'unknown') return { kind: 'unknown', why: read.why };
    if (read.kind === 'found') low = { number, text: read.value, at: read.at };
    else high = number;
  }
  return termFacts(low, undefined);
}

function termFacts({ number, text, at }: TermFile, named: string | undefined): TermFacts {
  const term = parseTerm(number, text);
  return term.ok ? { kind: 'term', term: term.value, at } : { kind: 'damaged', number, named, why: term.why };
}

/** Why the 404 of a term's file proves nothing, or undefined. Every project that has been used has the page. */
async function doubtOf(project: StatusProject, hasFile: boolean): Promise<string | undefined> {
  if (hasFile) return undefined;
  const page = await project.file(PAGE_PATH);
  switch (page.kind) {
    case 'found':
      return undefined;
    case 'unknown':
      return page.why;
    case 'absent':
      return 'GitLab shows no file of the status project, so it may not show the terms either';
  }
}
