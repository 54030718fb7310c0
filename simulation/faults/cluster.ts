/** Faults of a whole cluster: its nodes, its Kubernetes API, its link to GitLab, its tokens and its clocks. */
import type { Fleet } from '../world/fleet.ts';
import { NO_CACHE, type ProxyCache } from '../world/gitlab.ts';
import { type FaultType, IN_TOUCH_AGAIN, linkFault, repeat, withoutChecker } from './fault.ts';

/** A proxy between a cluster and GitLab keeps answers. The result removes it. */
function proxyBefore(fleet: Fleet, cluster: string, cache: ProxyCache): () => void {
  const hindrance = fleet.gitlab.hindrance(cluster);
  hindrance.cache = cache;
  return () => void (hindrance.cache = NO_CACHE);
}

export const CLUSTER_FAULTS = {
  'cluster dies': {
    seconds: [30, 2400],
    scope: 'checker',
    grace: 30,
    begin: ({ cluster }) => {
      cluster.die();
      return () => cluster.comeBack();
    },
  },
  'Kubernetes API down': {
    seconds: [30, 900],
    scope: 'checker',
    begin: ({ cluster }) => {
      cluster.apiDown = true;
      return () => (cluster.apiDown = false);
    },
  },
  'link cut': {
    seconds: [20, 1200],
    scope: 'checker',
    slow: 150,
    grace: 10,
    begin: linkFault({ kind: 'down' }),
  },
  'replies lost': {
    seconds: [20, 600],
    scope: 'checker',
    slow: 150,
    grace: 10,
    begin: linkFault({ kind: 'timeout-after' }, { kind: 'timeout-before' }),
  },
  'tokens refused': {
    seconds: [30, 900],
    scope: 'checker',
    slow: 150,
    begin: ({ cluster, fleet }) => {
      const hindrance = fleet.gitlab.hindrance(cluster.name);
      hindrance.credentialsRefused = true;
      return () => (hindrance.credentialsRefused = false);
    },
  },
  'clock drifts': {
    seconds: [120, 1800],
    scope: 'none',
    begin: ({ cluster, amount, random }) => {
      cluster.clockFault = { rate: 0.98 + 0.04 * amount, origin: random.between(-1e9, 1e9) };
      return () => (cluster.clockFault = { rate: 1, origin: 0 });
    },
  },
  'clock leaps': {
    seconds: [30, 300],
    scope: 'checker',
    begin: (context) =>
      repeat(
        context,
        () => context.random.between(5, 30),
        () => context.cluster.checkers.forEach((checker) => checker.leap(context.random.spread(100, 60_000))),
      ),
  },
  'slow link': {
    seconds: [30, 600],
    scope: 'checker',
    slow: 150,
    grace: 30,
    begin: ({ cluster, fleet, random }) => {
      const hindrance = fleet.gitlab.hindrance(cluster.name);
      hindrance.slowMs = random.spread(150, 3000);
      return () => (hindrance.slowMs = 0);
    },
  },
  'proxy caches reads': {
    seconds: [60, 600],
    scope: 'checker',
    slow: 150,
    grace: IN_TOUCH_AGAIN,
    begin: ({ cluster, fleet, random }) =>
      proxyBefore(fleet, cluster.name, { ...NO_CACHE, seconds: random.whole(15, 180) }),
  },
  'proxy caches reads without Age': {
    seconds: [60, 600],
    scope: 'checker',
    slow: 150,
    grace: IN_TOUCH_AGAIN,
    begin: ({ cluster, fleet, amount, random }) => {
      const seconds = random.whole(15, 180);
      // Its rules may be for some paths only: then what it keeps is older than the rest of a round.
      const some = ['status/', 'terms/', '/runners/', ...fleet.clusters.map(({ record }) => `/runners/${record}`)];
      return proxyBefore(fleet, cluster.name, {
        seconds,
        sendsAge: false,
        prefix: amount < 0.4 ? '' : random.pick(some),
      });
    },
  },
  'record kept by proxies, checker pending': {
    seconds: [180, 900],
    scope: 'gitlab',
    slow: 150,
    grace: IN_TOUCH_AGAIN,
    begin: ({ cluster, fleet, random }) => {
      // The others have to call its roll, and see the managers as they were before the call.
      const prefix = `/runners/${cluster.record}`;
      const others = fleet.clusters.filter((other) => other !== cluster);
      const ends = others.map(({ name }) =>
        proxyBefore(fleet, name, { seconds: random.whole(15, 60), sendsAge: false, prefix }),
      );
      ends.push(withoutChecker(cluster));
      return () => ends.forEach((end) => end());
    },
  },
  'proxy answers commits': {
    seconds: [60, 600],
    scope: 'checker',
    grace: 20,
    begin: ({ cluster, fleet, amount }) => {
      const hindrance = fleet.gitlab.hindrance(cluster.name);
      hindrance.swallows = amount < 0.5 ? 200 : 204;
      return () => (hindrance.swallows = undefined);
    },
  },
} satisfies Record<string, FaultType>;
