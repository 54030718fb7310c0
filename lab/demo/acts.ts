/** The acts: each does something to the fleet and judges from GitLab's side what came of it. */
import { counter, mayClaim, writesOf, type Stage } from './stage.ts';
import { parseLogLine } from '../log-line.ts';
import { CONCURRENT, faintPod, killChecker, MAIN_TAG, REPLICAS, reviveChecker, type Member } from './fleet.ts';

export interface Verdict {
  readonly seen: string;
  readonly ok: boolean;
}

export interface Act {
  readonly name: string;
  readonly expected: string;
  /** Within how many seconds it must be done. */
  readonly bound: (stage: Stage) => number;
  readonly play: (stage: Stage) => Promise<Verdict>;
}

const A = 'cluster-a';
const B = 'cluster-b';
const C = 'cluster-c';

const holds = (stage: Stage): string => stage.fleet.holders().join(' and ') || 'nobody';

async function movesTo(stage: Stage, name: string, seconds: number): Promise<Verdict> {
  const ok = await stage.until(`until ${name} holds ${MAIN_TAG}`, seconds, () => holds(stage) === name);
  return { seen: `${holds(stage)} holds it`, ok };
}

/** Stays with `name`, in the same term, while `until` is awaited; `until` failing is a failure too. */
async function staysWith(
  stage: Stage,
  name: string,
  what: string,
  seconds: number,
  until: () => boolean,
): Promise<Verdict> {
  const term = stage.fleet.newestTerm();
  let strayed = '';
  const watched = await stage.until(what, seconds, () => {
    const now = holds(stage);
    if (now !== name) strayed = now;
    return strayed !== '' || until();
  });
  if (strayed !== '') return { seen: `${strayed} holds it`, ok: false };
  if (!watched) return { seen: `not seen: ${what}`, ok: false };
  const newest = stage.fleet.newestTerm();
  return { seen: `${name} holds it, term ${newest}`, ok: newest === term };
}

const first: Act = {
  name: 'the fleet starts',
  expected: `${A}, preferred, takes the tag`,
  bound: () => 25,
  play: async (stage) => {
    const { fleet } = stage;
    const stamps = counter(fleet, writesOf(B, fleet.member(B).record.id));
    // A cluster claims when it has been in touch for a lease. The rival that stamps now is so far when the next act's holder has
    // been silent for a lease.
    const ready = (): boolean => holds(stage) === A && stamps.count() > 0 && fleet.report(B)?.online === REPLICAS;
    const ok = await stage.until(`until ${A} holds ${MAIN_TAG} and ${B} stamps`, 25, ready);
    stamps.stop();
    return { seen: `${holds(stage)} holds it`, ok };
  },
};

const dies: Act = {
  name: `${A} dies`,
  expected: `${B} holds it`,
  bound: (stage) => stage.deadSeconds,
  play: (stage) => {
    stage.fleet.member(A).cluster.faint();
    return movesTo(stage, B, stage.deadSeconds);
  },
};

const returns: Act = {
  name: `${A} returns`,
  expected: 'it stays without the tag',
  bound: () => 40,
  play: async (stage) => {
    const { fleet, timing } = stage;
    const stamps = counter(fleet, writesOf(A, fleet.member(A).record.id));
    await fleet.member(A).cluster.returns();
    // After a lease of stamps it may claim again; a round later it would have done so.
    const needed = Math.ceil(timing.leaseSeconds / timing.roundSeconds) + 2;
    const back = (): boolean => fleet.report(A)?.online === REPLICAS && stamps.count() >= needed;
    const verdict = await staysWith(stage, B, `${A} has all its runners and stamps ${needed} times`, 40, back);
    stamps.stop();
    return verdict;
  },
};

/** The holder's checker is gone; its rival must call the roll, hear an answer, and leave the tag: one whole decision of it. */
async function checkerDies(stage: Stage, holder: Member, rival: string): Promise<Verdict> {
  let heard = false;
  let decided = false;
  const stop = stage.fleet.member(rival).cluster.onLog(({ container, line }) => {
    const logged = container === 'checker' ? parseLogLine(line) : undefined;
    if (logged?.event === 'roll-call-ended' && logged.fields['answered'] !== '0') heard = true;
    decided ||= heard && logged?.event === 'round-finished';
  });
  await killChecker(holder);
  const what = `${rival} calls the roll of ${holder.name} and is answered`;
  const verdict = await staysWith(stage, holder.name, what, 40, () => decided);
  stop();
  await reviveChecker(holder);
  return verdict;
}

const checker: Act = {
  name: `the checker of ${B} dies alone`,
  expected: 'no move',
  bound: () => 40,
  play: (stage) => checkerDies(stage, stage.fleet.member(B), A),
};

const outage: Act = {
  name: 'GitLab is down for longer than the lease',
  expected: 'no move',
  bound: () => 40,
  play: async (stage) => {
    const { fleet, timing } = stage;
    const holder = holds(stage);
    const { faults } = fleet.gitlab.model;
    faults.add({ kind: 'down' });
    const up = performance.now() + 1.1 * timing.leaseSeconds * 1000;
    const during = await staysWith(stage, holder, 'GitLab is down', 30, () => performance.now() > up);
    faults.clear();
    const stamps = [A, B].map((name) => counter(fleet, writesOf(name, fleet.member(name).record.id)));
    const others = fleet.names.filter((name) => name !== holder);
    const may = (name: string): boolean => mayClaim(fleet.member(name).record, name);
    // The second stamp of each comes after a whole decision on what the outage left. Of two that could take over, whoever may
    // claim first once more would, so the next act begins when both may.
    const again = (): boolean =>
      stamps.every((seen) => seen.count() >= 2) && (fleet.names.length === 2 || others.every(may));
    const after = await staysWith(stage, holder, 'all stamp again', 30, again);
    for (const seen of stamps) seen.stop();
    return during.ok ? after : during;
  },
};

const faints: Act = {
  name: `one pod of ${B} faints, a person edits tags`,
  expected: `${A} is stronger and takes it; the edits stay`,
  bound: (stage) => stage.faintedSeconds,
  play: async (stage) => {
    const { fleet } = stage;
    // The person is as late as can be: when the term is committed and before its tags are written.
    const stop = fleet.onEvent((event) => {
      if (event.kind !== 'commit' || !event.paths.some((path) => path.startsWith('terms/'))) return;
      fleet.member(A).record.tags.push('gpu');
      fleet.member(B).record.tags.push('arm64');
    });
    const release = await faintPod(fleet.member(B));
    const verdict = await movesTo(stage, A, stage.faintedSeconds);
    stop();
    release();
    const kept = fleet.member(A).record.tags.includes('gpu') && fleet.member(B).record.tags.includes('arm64');
    return { seen: `${verdict.seen}, edits ${kept ? 'kept' : 'lost'}`, ok: verdict.ok && kept };
  },
};

const full: Act = {
  name: `${A} is full and its checker dies`,
  expected: 'no move',
  bound: () => 60,
  play: async (stage) => {
    const { fleet } = stage;
    const { model, projectId } = fleet.gitlab;
    const { record } = fleet.member(A);
    for (let job = 0; job < REPLICAS * CONCURRENT; job += 1) model.newJob(projectId, ['runner-a'], 45);
    const running = (): number =>
      [...model.jobs.all.values()].filter(
        (job) => job.status === 'running' && job.runnerId === record.id && job.seconds === 45,
      ).length;
    const filled = await stage.until(`until ${A} is full`, 20, () => running() === REPLICAS * CONCURRENT);
    if (!filled) return { seen: `${running()} jobs run`, ok: false };
    return checkerDies(stage, fleet.member(A), B);
  },
};

/** The second in rank dies with the first: nobody waits for it. */
const bothDie: Act = {
  name: `${A} and ${B} die`,
  expected: `${C} holds it`,
  bound: (stage) => stage.deadSeconds + stage.gapSeconds,
  play: (stage) => {
    for (const name of [A, B]) stage.fleet.member(name).cluster.faint();
    return movesTo(stage, C, stage.deadSeconds + stage.gapSeconds);
  },
};

const ALWAYS: readonly Act[] = [first, dies, returns, checker, outage, faints, full];

export const actsOf = (clusters: number): readonly Act[] => (clusters > 2 ? [...ALWAYS, bothDie] : ALWAYS);
