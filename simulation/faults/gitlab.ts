/** Faults of GitLab that every cluster sees. */
import type { Fault, FaultKind as GitLabFaultKind } from '../../lab/gitlab/model/faults.ts';
import { PROJECT } from '../world/gitlab.ts';
import { CONTACTS_LOST, type FaultContext, type FaultType, gitlabFault, IN_TOUCH_AGAIN, repeat } from './fault.ts';

const SCATTERED: readonly GitLabFaultKind[] = [
  'error-500',
  'html-502',
  'error-503',
  'rate-limit',
  'timeout-before',
  'timeout-after',
];

/** The endpoints that a checker needs: each can fail alone. */
function endpointsOf({ cluster }: FaultContext): { method: string; pathPrefix: string }[] {
  const repository = `/projects/${PROJECT}/repository`;
  return [
    { method: 'GET', pathPrefix: `${repository}/files/terms` },
    { method: 'GET', pathPrefix: `${repository}/files/status` },
    { method: 'GET', pathPrefix: `${repository}/files/status/${cluster.name}.json` },
    { method: 'GET', pathPrefix: `${repository}/files/control.json` },
    { method: 'POST', pathPrefix: `${repository}/commits` },
    { method: 'GET', pathPrefix: `/runners/${cluster.record}/managers` },
    { method: 'PUT', pathPrefix: `/runners/${cluster.record}` },
    { method: 'PUT', pathPrefix: '/runners' },
  ];
}

export const GITLAB_FAULTS = {
  'one record unreadable': {
    seconds: [60, 900],
    scope: 'gitlab',
    begin: (context) =>
      gitlabFault('error-500', { pathPrefix: `/runners/${context.cluster.record}`, method: 'GET' })(context),
  },
  'GitLab down': {
    seconds: [5, 1200],
    scope: 'gitlab',
    grace: 20,
    begin: gitlabFault('down'),
  },
  'GitLab down for hours': {
    seconds: [3600, 21_600],
    scope: 'gitlab',
    grace: 20,
    begin: gitlabFault('down'),
  },
  'maintenance mode': { seconds: [60, 1200], scope: 'gitlab', grace: 20, begin: gitlabFault('maintenance') },
  'read-only': { seconds: [30, 600], scope: 'gitlab', grace: 20, begin: gitlabFault('read-only') },
  'proxy errors': { seconds: [5, 300], scope: 'gitlab', grace: 10, begin: gitlabFault('html-502') },
  'scattered errors': {
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
    seconds: [60, 1200],
    scope: 'gitlab',
    grace: IN_TOUCH_AGAIN,
    slowBusy: CONTACTS_LOST,
    begin: gitlabFault('rate-limit', { pathPrefix: '/jobs' }),
  },
  'Redis lost': {
    seconds: [1, 1],
    scope: 'none',
    slowBusy: CONTACTS_LOST,
    begin: ({ fleet }) => {
      fleet.gitlab.model.runners.loseRedis();
      return undefined;
    },
  },
  'repository unreadable': {
    seconds: [20, 900],
    scope: 'gitlab',
    grace: 20,
    begin: gitlabFault('gitaly-down'),
  },
  'one endpoint fails': {
    seconds: [60, 600],
    scope: 'gitlab',
    grace: IN_TOUCH_AGAIN,
    begin: (context) => {
      const { method, pathPrefix } = context.random.pick(endpointsOf(context));
      return gitlabFault(context.random.pick(SCATTERED), { method, pathPrefix })(context);
    },
  },
  'runner API limited': {
    seconds: [60, 1200],
    scope: 'gitlab',
    grace: IN_TOUCH_AGAIN,
    slowBusy: CONTACTS_LOST,
    begin: gitlabFault('runner-limit'),
  },
  'GitLab slow': {
    seconds: [60, 600],
    scope: 'gitlab',
    grace: 30,
    begin: ({ fleet, random }) => {
      const slowMs = random.spread(150, 2000);
      const all = fleet.clusters.map(({ name }) => fleet.gitlab.hindrance(name));
      for (const hindrance of all) hindrance.slowMs = slowMs;
      return () => all.forEach((hindrance) => (hindrance.slowMs = 0));
    },
  },
} satisfies Record<string, FaultType>;
