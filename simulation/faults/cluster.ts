/** Faults of a whole cluster: its nodes, its Kubernetes API, its link to GitLab, its tokens and its clocks. */
import { type FaultType, linkFault, repeat } from './fault.ts';

export const CLUSTER_FAULTS = {
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
} satisfies Record<string, FaultType>;
