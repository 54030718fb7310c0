/** Faults of runner pods and their sidecars, and the load that jobs put on them. None of them disturbs a checker. */
import { type FaultType, fill, linkFault, repeat, some, standing } from './fault.ts';

export const RUNNER_FAULTS = {
  'pod dies': {
    seconds: [1, 1],
    scope: 'none',
    begin: ({ cluster, amount }) => {
      for (const pod of some(standing(cluster), amount / 2)) pod.endRunner();
      return undefined;
    },
  },
  'pods crash-loop': {
    seconds: [60, 900],
    scope: 'none',
    begin: ({ cluster, amount }) => {
      const hit = some(standing(cluster), amount);
      for (const pod of hit) {
        pod.crashLoops = true;
        pod.endRunner();
      }
      return () => hit.forEach((pod) => (pod.crashLoops = false));
    },
  },
  'pods hang': {
    seconds: [1, 1],
    scope: 'none',
    slow: 88,
    begin: ({ cluster, amount }) => {
      for (const pod of some(standing(cluster), amount)) pod.manager.hang();
      return undefined;
    },
  },
  'pods flap': {
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
    seconds: [1, 1],
    scope: 'none',
    begin: ({ cluster, fleet }) => {
      for (const pod of standing(cluster)) pod.restartSidecar(fleet.nextId());
      return undefined;
    },
  },
  'some jobs': {
    seconds: [60, 1200],
    scope: 'none',
    begin: ({ cluster, seconds, amount }) => {
      for (const pod of some(standing(cluster), amount)) pod.manager.run(seconds * 1000);
      return undefined;
    },
  },
  'cluster full': {
    seconds: [120, 1500],
    scope: 'none',
    begin: (context) => {
      fill(context);
      return undefined;
    },
  },
  'runners cut off': {
    seconds: [20, 900],
    scope: 'none',
    slow: 67,
    begin: linkFault({ kind: 'down', pathPrefix: '/jobs' }),
  },
  'runner token refused': {
    seconds: [60, 600],
    scope: 'none',
    slow: 150,
    begin: ({ cluster }) => {
      const hit = standing(cluster);
      for (const pod of hit) pod.manager.tokenRefused = true;
      return () => hit.forEach((pod) => (pod.manager.tokenRefused = false));
    },
  },
  'runner token reset': {
    seconds: [60, 900],
    scope: 'none',
    slow: 300,
    begin: ({ cluster, fleet }) => {
      const { runners, access } = fleet.gitlab.model;
      const runner = fleet.gitlab.runner(cluster.record);
      if (!runner) return undefined;
      runners.resetToken(runner, access.secret('glrt-t2_'));
      // The next `pulumi up` gives the pods the new one.
      return () => cluster.rollOut();
    },
  },
  scaled: {
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
    seconds: [60, 60],
    scope: 'none',
    begin: ({ cluster }) => {
      cluster.rollOut();
      return undefined;
    },
  },
  'nodes drained, no room': {
    seconds: [60, 900],
    scope: 'none',
    begin: ({ cluster, amount }) => {
      cluster.hasRoom = false;
      for (const pod of some(standing(cluster), amount)) cluster.terminate(pod);
      return () => {
        cluster.hasRoom = true;
        cluster.reconcile();
      };
    },
  },
  'scaled up, no room': {
    seconds: [120, 1200],
    scope: 'none',
    begin: ({ cluster, random }) => {
      const before = cluster.desired;
      cluster.hasRoom = false;
      cluster.desired = before + random.whole(1, 4);
      return () => {
        cluster.hasRoom = true;
        cluster.desired = before;
        cluster.reconcile();
      };
    },
  },
} satisfies Record<string, FaultType>;
