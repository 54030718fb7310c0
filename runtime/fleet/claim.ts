/** Claims the next term: creates its file, which exactly one of all claimants can. */
import { isoOf } from '../core/model/time.ts';
import { fileText, MAX_SENTENCE } from '../core/model/stored-file.ts';
import { parseTerm, termPath, type Term } from '../core/model/term.ts';
import { knownRecords, type Facts } from '../core/model/facts.ts';
import { NOBODY, type Ground } from '../core/model/lease.ts';
import { decisionRecord, type FORCED } from '../core/decision/decision-record.ts';
import type { CheckerConfig } from '../config.ts';
import type { Clock, StatusProject } from '../ports.ts';
import type { Budget } from './budget.ts';

export type Claimed =
  /** The term's file exists. `isOwn`: this process wrote it, else another claimant was first. */
  | { readonly kind: 'term'; readonly term: Term; readonly isOwn: boolean }
  | { readonly kind: 'failed'; readonly why: string };

const TRIES = 3;
const JITTER_MS = 400;

/** The claim of a decision, or of a person. */
export interface Claim {
  readonly ground: Ground | typeof FORCED;
  readonly number: number;
  readonly reason: string;
}

/** What a claim is made with. */
export interface Claimant {
  readonly project: StatusProject;
  readonly clock: Clock;
  /** From 0 up to 1; only for jitter. */
  readonly random: () => number;
  readonly config: Pick<CheckerConfig, 'cluster' | 'policy' | 'timing'>;
}

export async function claim(claimant: Claimant, facts: Facts, decision: Claim, budget: Budget): Promise<Claimed> {
  const { config, project, clock } = claimant;
  const term = termOf(config, facts, decision);
  const path = termPath(term.number);
  const latest = config.timing.leaseSeconds / 2;
  let why = 'it was not tried';
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    // A claim must not be made on old facts: at most half a lease may have passed since the round began.
    if (budget.spentSeconds() > latest) return failed(`more than ${latest} s have passed since the round began`);
    const spent = budget.exhausted();
    if (spent !== undefined) return failed(spent);
    const message = `Term ${term.number}: ${term.holder} takes the main tags from ${term.previous} (${term.ground}: ${term.reason})`;
    const created = await project.create(path, fileText(term), message);
    if (created.kind === 'created') return { kind: 'term', term, isOwn: true };
    why = created.kind === 'exists' ? 'it exists already' : created.why;
    // The file shows what happened: an earlier try of ours may have been applied, or another claimant was first.
    const read = await project.file(path);
    if (read.kind === 'found') return standing(term.number, read.value, fileText(term));
    if (read.kind === 'unknown') why = read.why;
    await clock.sleep(claimant.random() * JITTER_MS * attempt);
  }
  return failed(why);

  function failed(reason: string): Claimed {
    return { kind: 'failed', why: `term ${term.number} was not claimed: ${reason}` };
  }
}

function standing(number: number, text: string, own: string): Claimed {
  const parsed = parseTerm(number, text);
  return parsed.ok ? { kind: 'term', term: parsed.value, isOwn: text === own } : { kind: 'failed', why: parsed.why };
}

/** The last renewal of a silent holder's lease. */
function lastHeard({ holder }: Facts, { ground }: Claim): Pick<Term, 'downSince'> {
  const read = holder?.rival?.lease;
  return ground === 'silent' && read?.kind === 'lease' ? { downSince: isoOf(read.lease.at) } : {};
}

function termOf(config: Claimant['config'], facts: Facts, decision: Claim): Term {
  const idsOf = (records: Facts['self']['records']): number[] => records.map((record) => record.id);
  return {
    version: 1,
    number: decision.number,
    holder: config.cluster,
    previous: facts.holder?.name ?? NOBODY,
    at: isoOf(facts.now),
    ground: decision.ground,
    reason: decision.reason.slice(0, MAX_SENTENCE),
    ...lastHeard(facts, decision),
    records: Object.fromEntries([
      [config.cluster, idsOf(facts.self.records)],
      ...facts.rivals.map((rival): [string, number[]] => [rival.name, idsOf(knownRecords(rival))]),
    ]),
    evidence: decisionRecord(facts, config),
  };
}
