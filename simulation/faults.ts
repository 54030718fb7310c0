/**
 * Every fault that the fleet can be hurt by, as plain data and as what it does. A fault that hinders checkers says whom it
 * disturbs and for how long after its end: bounds are promised for what is undisturbed.
 */
import { isoOf } from '../runtime/core/model/time.ts';
import { reportPath } from '../runtime/core/model/report.ts';
import { formatLease, leaseFrom, noteWithLease } from '../runtime/core/model/lease.ts';
import type { Fault, FaultKind as GitLabFaultKind } from '../lab/gitlab/model/faults.ts';
import type { Random } from './random.ts';
import type { Cluster } from './world/cluster.ts';
import { MAIN_TAG, type Fleet } from './world/fleet.ts';
import { START } from './world/gitlab.ts';
import type { Pod } from './world/pod.ts';

/** What can be done to a process at a moment that it cannot choose. */
export interface Blow {
  readonly kill: () => void;
  readonly freeze: (ms: number) => void;
}

/** The moments at which a fault between two calls is worth most. */
export interface Moments {
  /** At the first call of each round of that cluster, until the result is called. */
  onRound(cluster: string, act: (blow: Blow) => void): () => void;
  /** At the look before each write of tags. */
  onEdit(cluster: string, act: (blow: Blow) => void): () => void;
}

export interface FaultContext {
  readonly fleet: Fleet;
  readonly cluster: Cluster;
  readonly seconds: number;
  /** From 0 up to 1: how bad it is. */
  readonly amount: number;
  readonly random: Random;
  readonly moments: Moments;
  readonly after: (seconds: number, act: () => void) => void;
}

export type Scope =
  /** Everybody's calls to GitLab. */
  | 'gitlab'
  /** What people have asked for keeps everybody from moving. */
  | 'control'
  /** This cluster's checker. */
  | 'checker'
  /** Nobody's checker: only runners, or nothing that hinders. */
  | 'none';

interface FaultType {
  readonly weight: number;
  /** How long it lasts, in seconds: from, to. */
  readonly seconds: readonly [number, number];
  readonly scope: Scope;
  /** For how many seconds after its end it still disturbs. */
  readonly grace?: number;
  /** How long a fault of a runner may stay unseen beyond D, in seconds. */
  readonly slow?: number;
  /** Begins it; the result ends it. */
  readonly begin: (context: FaultContext) => (() => void) | undefined;
}

const some = (pods: readonly Pod[], amount: number): Pod[] =>
  pods.slice(0, Math.max(1, Math.ceil(pods.length * amount)));

const standing = (cluster: Cluster): Pod[] => cluster.pods.filter((pod) => !pod.terminating);

/** A switch of the lab's GitLab for as long as the fault lasts. */
function gitlabFault(kind: GitLabFaultKind, match: { token?: string; pathPrefix?: string; method?: string } = {}) {
  return ({ fleet }: FaultContext): (() => void) => {
    const { faults } = fleet.gitlab.model;
    const fault = { kind, ...match };
    faults.add(fault);
    return () => faults.remove(fault);
  };
}

function linkFault(...list: { kind: GitLabFaultKind; pathPrefix?: string; method?: string }[]) {
  return (context: FaultContext): (() => void) => {
    const ends = list.map(({ kind, ...match }) =>
      gitlabFault(kind, { ...match, token: context.cluster.name })(context),
    );
    return () => ends.forEach((end) => end());
  };
}

const both = (one: () => void, other: () => void) => (): void => {
  one();
  other();
};

/** Repeats an act while the fault lasts. */
function repeat(context: FaultContext, everySeconds: () => number, act: () => void): () => void {
  let over = false;
  const step = (): void => {
    if (over) return;
    act();
    context.after(everySeconds(), step);
  };
  step();
  return () => (over = true);
}

function editTags(
  { fleet, cluster }: FaultContext,
  who: string,
  change: (tags: readonly string[]) => string[],
): undefined {
  const runner = fleet.gitlab.runner(cluster.record);
  if (runner) fleet.gitlab.editByHand(who, runner.id, { tags: change(runner.tags) });
  return undefined;
}

function control(who: string, begin: (context: FaultContext) => void, end: (context: FaultContext) => void) {
  return (context: FaultContext): (() => void) => {
    begin(context);
    context.fleet.writeControl(who);
    return () => {
      end(context);
      context.fleet.writeControl(who);
    };
  };
}

/** A whole lease and a gap: after that long a cluster whose stamps were lost is in touch again. */
const IN_TOUCH_AGAIN = 60 + 35 + 20;

/** No checker runs there, until the result is called. */
function withoutChecker(cluster: Cluster): () => void {
  cluster.cron.missed = true;
  for (const checker of cluster.checkers) checker.kill();
  return () => (cluster.cron.missed = false);
}

function fill({ cluster, seconds, random }: FaultContext): void {
  for (const pod of standing(cluster))
    for (let slot = 0; slot < 8; slot += 1) pod.manager.run(seconds * 1000 * random.between(0.9, 1.1));
}

export const FAULTS = {
  'cluster dies': {
    weight: 6,
    seconds: [30, 2400],
    scope: 'checker',
    grace: 30,
    begin: ({ cluster }) => {
      cluster.die();
      return () => cluster.comeBack();
    },
  },
  'pod dies': {
    weight: 3,
    seconds: [1, 1],
    scope: 'none',
    begin: ({ cluster, amount }) => {
      for (const pod of some(standing(cluster), amount / 2)) pod.endRunner();
      return undefined;
    },
  },
  'pods crash-loop': {
    weight: 6,
    seconds: [60, 900],
    scope: 'none',
    begin: ({ cluster, amount }) => {
      const hurt = some(standing(cluster), amount);
      for (const pod of hurt) {
        pod.crashLoops = true;
        pod.endRunner();
      }
      return () => hurt.forEach((pod) => (pod.crashLoops = false));
    },
  },
  'pods hang': {
    weight: 4,
    seconds: [1, 1],
    scope: 'none',
    slow: 120,
    begin: ({ cluster, amount }) => {
      for (const pod of some(standing(cluster), amount)) pod.manager.hang();
      return undefined;
    },
  },
  'pods flap': {
    weight: 3,
    seconds: [60, 600],
    scope: 'none',
    begin: (context) =>
      repeat(
        context,
        () => context.random.between(5, 60),
        () => {
          for (const pod of some(standing(context.cluster), context.amount)) pod.endRunner();
        },
      ),
  },
  'sidecars restart': {
    weight: 1,
    seconds: [1, 1],
    scope: 'none',
    begin: ({ cluster, fleet }) => {
      for (const pod of standing(cluster)) pod.restartSidecar(fleet.nextId());
      return undefined;
    },
  },
  'some jobs': {
    weight: 3,
    seconds: [60, 1200],
    scope: 'none',
    begin: ({ cluster, seconds, amount }) => {
      for (const pod of some(standing(cluster), amount)) pod.manager.run(seconds * 1000);
      return undefined;
    },
  },
  'cluster full': {
    weight: 2,
    seconds: [120, 1500],
    scope: 'none',
    begin: (context) => {
      fill(context);
      return undefined;
    },
  },
  'cluster full, checker pending': {
    weight: 4,
    seconds: [120, 1800],
    scope: 'checker',
    begin: (context) => {
      fill(context);
      return withoutChecker(context.cluster);
    },
  },
  'full cluster unheard, checker pending': {
    weight: 2,
    seconds: [300, 900],
    scope: 'gitlab',
    grace: 30,
    begin: (context) => {
      const { cluster, seconds, amount, after } = context;
      fill(context);
      const checked = withoutChecker(cluster);
      const heard = gitlabFault('rate-limit', { pathPrefix: '/jobs' })(context);
      after(seconds * (0.2 + 0.5 * amount), heard);
      return () => {
        heard();
        checked();
      };
    },
  },
  'cron missed': {
    weight: 5,
    seconds: [60, 1800],
    scope: 'checker',
    begin: ({ cluster }) => withoutChecker(cluster),
  },
  'cron late': {
    weight: 2,
    seconds: [60, 600],
    scope: 'checker',
    begin: ({ cluster, amount }) => {
      cluster.cron.lateMs = amount * 45_000;
      return () => (cluster.cron.lateMs = 0);
    },
  },
  'cron doubled': {
    weight: 2,
    seconds: [60, 900],
    scope: 'none',
    begin: ({ cluster }) => {
      cluster.cron.doubled = true;
      return () => (cluster.cron.doubled = false);
    },
  },
  'checker hangs on a dead node': {
    weight: 3,
    seconds: [60, 300],
    scope: 'checker',
    begin: ({ cluster, seconds, amount }) => {
      cluster.cron.keepsOld = true;
      for (const checker of cluster.checkers) checker.freeze(seconds * 1000 * amount);
      return () => (cluster.cron.keepsOld = false);
    },
  },
  'checker crashes': {
    weight: 5,
    seconds: [30, 300],
    scope: 'checker',
    begin: ({ cluster, moments, random, after }) =>
      both(
        moments.onRound(cluster.name, ({ kill }) => {
          if (random.chance(0.5)) after(random.between(0, 1.6), kill);
        }),
        moments.onEdit(cluster.name, ({ kill }) => {
          if (random.chance(0.7)) after(random.between(0, 0.6), kill);
        }),
      ),
  },
  'checker freezes': {
    weight: 5,
    seconds: [30, 300],
    scope: 'checker',
    begin: ({ cluster, moments, random, after }) =>
      both(
        moments.onRound(cluster.name, ({ freeze }) => {
          if (random.chance(0.4)) after(random.between(0, 1.6), () => freeze(random.spread(1000, 90_000)));
        }),
        moments.onEdit(cluster.name, ({ freeze }) => {
          if (random.chance(0.7)) after(random.between(0, 0.4), () => freeze(random.spread(1000, 60_000)));
        }),
      ),
  },
  'clock drifts': {
    weight: 2,
    seconds: [120, 1800],
    scope: 'none',
    begin: ({ cluster, amount, random }) => {
      cluster.clockFault = { rate: 0.98 + 0.04 * amount, origin: random.between(-1e9, 1e9) };
      return () => (cluster.clockFault = { rate: 1, origin: 0 });
    },
  },
  'clock leaps': {
    weight: 2,
    seconds: [30, 300],
    scope: 'checker',
    begin: (context) =>
      repeat(
        context,
        () => context.random.between(5, 30),
        () => context.cluster.checkers.forEach((checker) => checker.leap(context.random.spread(100, 60_000))),
      ),
  },
  'Kubernetes API down': {
    weight: 2,
    seconds: [30, 900],
    scope: 'checker',
    begin: ({ cluster }) => {
      cluster.apiDown = true;
      return () => (cluster.apiDown = false);
    },
  },
  'link cut': {
    weight: 4,
    seconds: [20, 1200],
    scope: 'checker',
    slow: 150,
    grace: 10,
    begin: linkFault({ kind: 'down' }),
  },
  'replies lost': {
    weight: 3,
    seconds: [20, 600],
    scope: 'checker',
    slow: 150,
    grace: 10,
    begin: linkFault({ kind: 'timeout-after' }, { kind: 'timeout-before' }),
  },
  'runners cut off': {
    weight: 3,
    seconds: [20, 900],
    scope: 'none',
    slow: 150,
    begin: linkFault({ kind: 'down', pathPrefix: '/jobs' }),
  },
  'checker cut off': {
    weight: 4,
    seconds: [20, 1200],
    scope: 'checker',
    slow: 150,
    begin: linkFault({ kind: 'timeout-before', pathPrefix: '/projects' }, { kind: 'down', pathPrefix: '/runners' }),
  },
  'one record unreadable': {
    weight: 4,
    seconds: [60, 900],
    scope: 'gitlab',
    begin: (context) =>
      gitlabFault('error-500', { pathPrefix: `/runners/${context.cluster.record}`, method: 'GET' })(context),
  },
  'writes land late': {
    weight: 4,
    seconds: [20, 180],
    scope: 'checker',
    grace: 90,
    begin: ({ cluster, fleet, random }) => {
      const hindrance = fleet.gitlab.hindrance(cluster.name);
      hindrance.lateMs = random.spread(500, 90_000);
      return () => (hindrance.lateMs = 0);
    },
  },
  'commits collide': {
    weight: 2,
    seconds: [60, 300],
    scope: 'checker',
    begin: ({ cluster, fleet, amount }) => {
      const hindrance = fleet.gitlab.hindrance(cluster.name);
      hindrance.conflicts = Math.ceil(amount * 4);
      return () => (hindrance.conflicts = 0);
    },
  },
  'tokens refused': {
    weight: 2,
    seconds: [30, 900],
    scope: 'checker',
    slow: 150,
    begin: ({ cluster, fleet }) => {
      const hindrance = fleet.gitlab.hindrance(cluster.name);
      hindrance.credentialsRefused = true;
      return () => (hindrance.credentialsRefused = false);
    },
  },
  'runner token refused': {
    weight: 2,
    seconds: [60, 600],
    scope: 'none',
    slow: 150,
    begin: ({ cluster }) => {
      const hurt = standing(cluster);
      for (const pod of hurt) pod.manager.tokenRefused = true;
      return () => hurt.forEach((pod) => (pod.manager.tokenRefused = false));
    },
  },
  scaled: {
    weight: 2,
    seconds: [120, 900],
    scope: 'none',
    begin: ({ cluster, amount }) => {
      const before = cluster.desired;
      cluster.desired = Math.max(1, Math.round(amount * 4));
      cluster.reconcile();
      return () => {
        cluster.desired = before;
        cluster.reconcile();
      };
    },
  },
  rollout: {
    weight: 2,
    seconds: [60, 60],
    scope: 'none',
    begin: ({ cluster }) => {
      cluster.rollOut();
      return undefined;
    },
  },
  'record replaced': {
    weight: 3,
    seconds: [60, 240],
    scope: 'checker',
    grace: IN_TOUCH_AGAIN,
    begin: ({ cluster, fleet }) => {
      const old = cluster.record;
      cluster.record = fleet.newRecord(cluster.name);
      cluster.rollOut();
      // Pulumi deletes the old record once the rollout is done.
      return () => fleet.removeRecord(old);
    },
  },
  'pulumi up': {
    weight: 3,
    seconds: [1, 20],
    scope: 'none',
    begin: ({ cluster, fleet }) => {
      const runner = fleet.gitlab.runner(cluster.record);
      if (!runner) return undefined;
      const read = { tags: [...runner.tags], note: runner.note, paused: runner.paused };
      return () => fleet.gitlab.editByHand('pulumi', runner.id, read);
    },
  },
  'record deleted': {
    weight: 2,
    seconds: [60, 900],
    scope: 'checker',
    grace: IN_TOUCH_AGAIN + 60,
    slow: 60,
    begin: ({ cluster, fleet }) => {
      fleet.removeRecord(cluster.record);
      return () => {
        cluster.record = fleet.newRecord(cluster.name);
        cluster.rollOut();
      };
    },
  },
  'record paused': {
    weight: 2,
    seconds: [60, 900],
    scope: 'none',
    begin: ({ cluster, fleet }) => {
      const id = cluster.record;
      fleet.gitlab.editByHand('a person', id, { paused: true });
      return () => fleet.gitlab.editByHand('a person', id, { paused: false });
    },
  },
  'note emptied': {
    weight: 1,
    seconds: [1, 1],
    scope: 'checker',
    grace: IN_TOUCH_AGAIN,
    begin: ({ cluster, fleet }) => {
      fleet.gitlab.editByHand('a person', cluster.record, { note: null });
      return undefined;
    },
  },
  'lease dated ahead, then the cluster dies': {
    weight: 2,
    seconds: [300, 1200],
    scope: 'checker',
    grace: IN_TOUCH_AGAIN,
    begin: ({ cluster, fleet }) => {
      const runner = fleet.gitlab.runner(cluster.record);
      cluster.die();
      const now = Math.floor((START + fleet.time.now) / 1000);
      const read = leaseFrom(runner?.note ?? null, cluster.name, now);
      if (runner && read.kind === 'lease') {
        const ahead = { ...read.lease, at: now + 86_400 };
        fleet.gitlab.editByHand('a person', runner.id, {
          note: noteWithLease(runner.note, ahead) ?? formatLease(ahead),
        });
      }
      return () => cluster.comeBack();
    },
  },
  'a tag added by hand': {
    weight: 2,
    seconds: [1, 1],
    scope: 'none',
    begin: (context) => editTags(context, 'a person', (tags) => [...tags, `extra-${context.random.whole(1, 3)}`]),
  },
  'own tags removed by hand': {
    weight: 3,
    seconds: [1, 1],
    scope: 'none',
    begin: (context) =>
      editTags(context, 'a person', (tags) =>
        tags.filter((tag) => tag === MAIN_TAG || tag !== context.fleet.ownTag(context.cluster.name)),
      ),
  },
  'main tag removed by hand': {
    weight: 2,
    seconds: [1, 1],
    scope: 'none',
    begin: (context) => editTags(context, 'a person', (tags) => tags.filter((tag) => tag !== MAIN_TAG)),
  },
  'main tag added by hand': {
    weight: 3,
    seconds: [1, 1],
    scope: 'none',
    begin: (context) => editTags(context, 'a person', (tags) => [...tags, MAIN_TAG]),
  },
  'GitLab down': {
    weight: 5,
    seconds: [5, 1200],
    scope: 'gitlab',
    grace: 20,
    begin: gitlabFault('down'),
  },
  'GitLab down for hours': {
    weight: 0.3,
    seconds: [3600, 21_600],
    scope: 'gitlab',
    grace: 20,
    begin: gitlabFault('down'),
  },
  'maintenance mode': { weight: 3, seconds: [60, 1200], scope: 'gitlab', grace: 20, begin: gitlabFault('maintenance') },
  'read-only': { weight: 1, seconds: [30, 600], scope: 'gitlab', grace: 20, begin: gitlabFault('read-only') },
  'proxy errors': { weight: 2, seconds: [5, 300], scope: 'gitlab', grace: 10, begin: gitlabFault('html-502') },
  'scattered errors': {
    weight: 4,
    seconds: [30, 600],
    scope: 'gitlab',
    begin: (context) => {
      const { faults } = context.fleet.gitlab.model;
      const made: Fault[] = [];
      const stop = repeat(
        context,
        () => context.random.between(0.5, 8),
        () => {
          const times = context.random.whole(1, 3);
          const pathPrefix = context.random.pick(['/runners', '/projects']);
          const fault = { kind: context.random.pick(SCATTERED), times, pathPrefix };
          made.push(fault);
          faults.add(fault);
        },
      );
      return () => {
        stop();
        made.forEach((fault) => faults.remove(fault));
      };
    },
  },
  'runner endpoints down': {
    weight: 3,
    seconds: [60, 1200],
    scope: 'gitlab',
    grace: IN_TOUCH_AGAIN,
    begin: gitlabFault('rate-limit', { pathPrefix: '/jobs' }),
  },
  'Redis lost': {
    weight: 1,
    seconds: [1, 1],
    scope: 'none',
    begin: ({ fleet }) => {
      fleet.gitlab.model.runners.loseRedis();
      return undefined;
    },
  },
  paused: {
    weight: 3,
    seconds: [60, 900],
    scope: 'control',
    begin: control(
      'a person',
      ({ fleet }) => (fleet.control.paused = true),
      ({ fleet }) => (fleet.control.paused = false),
    ),
  },
  pinned: {
    weight: 3,
    seconds: [120, 900],
    scope: 'control',
    begin: control(
      'a person',
      ({ fleet, cluster, seconds, amount }) => {
        const until = isoOf(Math.floor((START + fleet.time.now) / 1000 + seconds));
        fleet.control.pin = amount < 0.5 ? { cluster: cluster.name, until } : { cluster: cluster.name };
      },
      ({ fleet }) => (fleet.control.pin = null),
    ),
  },
  retired: {
    weight: 3,
    seconds: [120, 1200],
    scope: 'checker',
    begin: control(
      'a person',
      ({ fleet, cluster }) => fleet.control.retired.push(cluster.name),
      ({ fleet, cluster }) => {
        fleet.control.retired = fleet.control.retired.filter((name) => name !== cluster.name);
      },
    ),
  },
  'control unreadable': {
    weight: 2,
    seconds: [30, 300],
    scope: 'control',
    begin: ({ fleet }) => {
      fleet.gitlab.commitByHand('a person', { 'control.json': '{"paused": maybe}' });
      return () => fleet.writeControl('a person');
    },
  },
  'report deleted': {
    weight: 1,
    seconds: [1, 1],
    scope: 'none',
    begin: ({ fleet, cluster }) => {
      fleet.gitlab.commitByHand('a person', { [reportPath(cluster.name)]: undefined });
      return undefined;
    },
  },
  'report unreadable': {
    weight: 1,
    seconds: [1, 1],
    scope: 'none',
    begin: ({ fleet, cluster }) => {
      fleet.gitlab.commitByHand('a person', { [reportPath(cluster.name)]: '{"online": "many"' });
      return undefined;
    },
  },
  'newest term unreadable': {
    weight: 1,
    seconds: [1, 1],
    scope: 'gitlab',
    grace: IN_TOUCH_AGAIN,
    begin: ({ fleet }) => {
      const newest = newestTermPath(fleet);
      if (newest) fleet.gitlab.commitByHand('a person', { [newest]: 'oops' });
      return undefined;
    },
  },
  'terms lost': {
    weight: 2,
    seconds: [1, 1],
    scope: 'gitlab',
    grace: IN_TOUCH_AGAIN,
    begin: ({ fleet }) => {
      const terms = [...fleet.gitlab.files.keys()].filter((path) => path.startsWith('terms/'));
      fleet.gitlab.commitByHand('a force push', Object.fromEntries(terms.map((path) => [path, undefined])));
      return undefined;
    },
  },
} satisfies Record<string, FaultType>;

const SCATTERED: readonly GitLabFaultKind[] = [
  'error-500',
  'html-502',
  'error-503',
  'rate-limit',
  'timeout-before',
  'timeout-after',
];

function newestTermPath(fleet: Fleet): string | undefined {
  const numbers = [...fleet.gitlab.files.keys()].flatMap((path) => {
    const match = /^terms\/(\d+)\.json$/.exec(path);
    return match ? [Number(match[1])] : [];
  });
  return numbers.length === 0 ? undefined : `terms/${Math.max(...numbers)}.json`;
}

export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES: readonly FaultName[] = Object.keys(FAULTS).filter(
  (name): name is FaultName => name in FAULTS,
);
export const faultType = (name: FaultName): FaultType => FAULTS[name];
