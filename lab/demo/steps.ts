/** The steps of the demo. Each injects a fault or ends one, and checks the result by what GitLab shows. */
import { counter, mayClaim, writesOf, type DemoContext } from './context.ts';
import { parseLogLine } from '../log-line.ts';
import { CONCURRENT, killChecker, killRunner, MAIN_TAG, REPLICAS, restartChecker, type Member } from './fleet.ts';
import { LAB_POLICY } from './times.ts';

export interface Verdict {
  readonly seen: string;
  readonly ok: boolean;
}

export interface Step {
  readonly name: string;
  readonly expected: string;
  /** The time limit of the step, in seconds. */
  readonly bound: (demo: DemoContext) => number;
  readonly run: (demo: DemoContext) => Promise<Verdict>;
}

const A = 'cluster-a';
const B = 'cluster-b';
const C = 'cluster-c';

const holds = (demo: DemoContext): string => demo.fleet.holders().join(' and ') || 'no cluster';

async function movesTo(demo: DemoContext, name: string, seconds: number): Promise<Verdict> {
  const ok = await demo.until(`until ${name} holds ${MAIN_TAG}`, seconds, () => holds(demo) === name);
  return { seen: `${holds(demo)} holds it`, ok };
}

/** Waits for `until`. The holder must stay `name`, in the same term; if `until` never comes true, the step fails too. */
async function staysWith(
  demo: DemoContext,
  name: string,
  what: string,
  seconds: number,
  until: () => boolean,
): Promise<Verdict> {
  const term = demo.fleet.newestTerm();
  let other = '';
  const watched = await demo.until(what, seconds, () => {
    const now = holds(demo);
    if (now !== name) other = now;
    return other !== '' || until();
  });
  if (other !== '') return { seen: `${other} holds it`, ok: false };
  if (!watched) return { seen: `did not happen: ${what.replace('until ', '')}`, ok: false };
  const newest = demo.fleet.newestTerm();
  return { seen: `${name} holds it, term ${newest}`, ok: newest === term };
}

const first: Step = {
  name: 'the fleet starts',
  expected: `${A} is preferred and takes the tag`,
  bound: () => 25,
  run: async (demo) => {
    const { fleet } = demo;
    const renewals = counter(fleet, writesOf(B, fleet.member(B).record.id));
    // A cluster may claim after it was in touch for the length of a lease. The rival renews its lease now, so it may claim
    // when the holder's lease lapses in the next step.
    const ready = (): boolean => holds(demo) === A && renewals.count() > 0 && fleet.report(B)?.online === REPLICAS;
    const ok = await demo.until(`until ${A} holds ${MAIN_TAG} and ${B} renews its lease`, 25, ready);
    renewals.stop();
    return { seen: `${holds(demo)} holds it`, ok };
  },
};

const dies: Step = {
  name: `${A} dies`,
  expected: `${B} holds it`,
  bound: (demo) => demo.deadSeconds,
  run: (demo) => {
    demo.fleet.member(A).cluster.crash();
    return movesTo(demo, B, demo.deadSeconds);
  },
};

const returns: Step = {
  name: `${A} returns`,
  expected: `${B} keeps the tag`,
  bound: () => 40,
  run: async (demo) => {
    const { fleet, timing } = demo;
    const renewals = counter(fleet, writesOf(A, fleet.member(A).record.id));
    await fleet.member(A).cluster.recover();
    // After renewals for the length of a lease it may claim again; it would do so in the next round.
    const needed = Math.ceil(timing.leaseSeconds / timing.roundSeconds) + 2;
    const back = (): boolean => fleet.report(A)?.online === REPLICAS && renewals.count() >= needed;
    const verdict = await staysWith(
      demo,
      B,
      `until ${A} has all its runners and renewed its lease ${needed} times`,
      40,
      back,
    );
    renewals.stop();
    return verdict;
  },
};

/** The holder's checker dies. Its rival calls the roll, gets an answer, and leaves the tag where it is when its round ends. */
async function checkerDies(demo: DemoContext, holder: Member, rival: Member): Promise<Verdict> {
  let answered = false;
  let decided = false;
  const stop = rival.cluster.onLog(({ container, line }) => {
    const logged = container === 'checker' ? parseLogLine(line) : undefined;
    if (logged?.event === 'roll-call-ended' && logged.fields['answered'] !== '0') answered = true;
    decided ||= answered && logged?.event === 'round-finished';
  });
  await killChecker(holder);
  const what = `until ${rival.name} has called the roll of ${holder.name} and decided`;
  const verdict = await staysWith(demo, holder.name, what, 40, () => decided);
  stop();
  await restartChecker(holder);
  return verdict;
}

const checker: Step = {
  name: `only the checker of ${B} dies`,
  expected: 'no move',
  bound: () => 40,
  run: (demo) => checkerDies(demo, demo.fleet.member(B), demo.fleet.member(A)),
};

const outage: Step = {
  name: 'GitLab is down for longer than the lease',
  expected: 'no move',
  bound: () => 40,
  run: async (demo) => {
    const { fleet, timing } = demo;
    const holder = holds(demo);
    const { faults } = fleet.gitlab.model;
    faults.add({ kind: 'down' });
    const up = performance.now() + 1.1 * timing.leaseSeconds * 1000;
    const during = await staysWith(demo, holder, 'while GitLab is down', 30, () => performance.now() > up);
    faults.clear();
    const renewals = [A, B].map((name) => counter(fleet, writesOf(name, fleet.member(name).record.id)));
    const others = fleet.names.filter((name) => name !== holder);
    const may = (name: string): boolean => mayClaim(fleet.member(name).record, name, timing);
    // The second renewal of each comes after a whole decision on the state after the outage. Of two clusters that could take over
    // the one that may claim first would win, so the next step begins when both may.
    const again = (): boolean =>
      renewals.every((seen) => seen.count() >= 2) && (fleet.names.length === 2 || others.every(may));
    const after = await staysWith(demo, holder, 'until all checkers renew their leases again', 30, again);
    for (const seen of renewals) seen.stop();
    return during.ok ? after : during;
  },
};

const degraded: Step = {
  name: `one runner of ${B} dies, a person edits tags`,
  expected: `${A} has more runners and takes it; the edits stay`,
  // Its settled total must be known again after the outage before, and the weakness must last.
  bound: (demo) => demo.unhealthySeconds + LAB_POLICY.settleSeconds + LAB_POLICY.confirmSeconds,
  run: async (demo) => {
    const { fleet } = demo;
    // The edit comes at the worst moment: after the commit of the term and before its tags are written.
    const stop = fleet.onEvent((event) => {
      if (event.kind !== 'commit' || !event.paths.some((path) => path.startsWith('terms/'))) return;
      fleet.member(A).record.tags.push('gpu');
      fleet.member(B).record.tags.push('arm64');
    });
    const release = await killRunner(fleet.member(B));
    const verdict = await movesTo(demo, A, demo.unhealthySeconds);
    stop();
    release();
    const kept = fleet.member(A).record.tags.includes('gpu') && fleet.member(B).record.tags.includes('arm64');
    return { seen: `${verdict.seen}, edits ${kept ? 'kept' : 'lost'}`, ok: verdict.ok && kept };
  },
};

const full: Step = {
  name: `${A} is full and its checker dies`,
  expected: 'no move',
  bound: () => 60,
  run: async (demo) => {
    const { fleet } = demo;
    const { model, projectId } = fleet.gitlab;
    const { record } = fleet.member(A);
    for (let job = 0; job < REPLICAS * CONCURRENT; job += 1) model.newJob(projectId, ['runner-a'], 45);
    const running = (): number =>
      [...model.jobs.all.values()].filter(
        (job) => job.status === 'running' && job.runnerId === record.id && job.seconds === 45,
      ).length;
    const filled = await demo.until(`until ${A} is full`, 20, () => running() === REPLICAS * CONCURRENT);
    if (!filled) return { seen: `only ${running()} jobs run`, ok: false };
    return checkerDies(demo, fleet.member(A), fleet.member(B));
  },
};

/** The second in rank dies with the first: the third does not wait for it. */
const bothDie: Step = {
  name: `${A} and ${B} die`,
  expected: `${C} holds it`,
  bound: (demo) => demo.deadSeconds + demo.gapSeconds,
  run: (demo) => {
    for (const name of [A, B]) demo.fleet.member(name).cluster.crash();
    return movesTo(demo, C, demo.deadSeconds + demo.gapSeconds);
  },
};

const ALWAYS: readonly Step[] = [first, dies, returns, checker, outage, degraded, full];

export const stepsOf = (clusters: number): readonly Step[] => (clusters > 2 ? [...ALWAYS, bothDie] : ALWAYS);
