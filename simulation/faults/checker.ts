/** Faults of the checker: its CronJob, its process, and the calls that only it makes. */
import { both, type FaultType, fill, gitlabFault, linkFault, withoutChecker } from './fault.ts';

export const CHECKER_FAULTS = {
  'cluster full, checker pending': {
    seconds: [120, 1800],
    scope: 'checker',
    begin: (context) => {
      fill(context);
      return withoutChecker(context.cluster);
    },
  },
  'full cluster unheard, checker pending': {
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
    seconds: [60, 1800],
    scope: 'checker',
    begin: ({ cluster }) => withoutChecker(cluster),
  },
  'cron late': {
    seconds: [60, 600],
    scope: 'checker',
    begin: ({ cluster, amount }) => {
      cluster.cron.lateMs = amount * 45_000;
      return () => (cluster.cron.lateMs = 0);
    },
  },
  'cron doubled': {
    seconds: [60, 900],
    scope: 'none',
    begin: ({ cluster }) => {
      cluster.cron.doubled = true;
      return () => (cluster.cron.doubled = false);
    },
  },
  'checker hangs on a dead node': {
    seconds: [60, 300],
    scope: 'checker',
    begin: ({ cluster, seconds, amount }) => {
      cluster.cron.keepsOld = true;
      for (const checker of cluster.checkers) checker.freeze(seconds * 1000 * amount);
      return () => (cluster.cron.keepsOld = false);
    },
  },
  'checker crashes': {
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
  'checker cut off': {
    seconds: [20, 1200],
    scope: 'checker',
    slow: 150,
    begin: linkFault({ kind: 'timeout-before', pathPrefix: '/projects' }, { kind: 'down', pathPrefix: '/runners' }),
  },
  'writes land late': {
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
    seconds: [60, 300],
    scope: 'checker',
    begin: ({ cluster, fleet, amount }) => {
      const hindrance = fleet.gitlab.hindrance(cluster.name);
      hindrance.conflicts = Math.ceil(amount * 4);
      return () => (hindrance.conflicts = 0);
    },
  },
} satisfies Record<string, FaultType>;
