/** Faults of GitLab that every cluster sees. */
import type { Fault, FaultKind as GitLabFaultKind } from '../../lab/gitlab/model/faults.ts';
import { type FaultType, gitlabFault, IN_TOUCH_AGAIN, repeat } from './fault.ts';

const SCATTERED: readonly GitLabFaultKind[] = [
  'error-500',
  'html-502',
  'error-503',
  'rate-limit',
  'timeout-before',
  'timeout-after',
];

export const GITLAB_FAULTS = {
  'one record unreadable': {
    weight: 4,
    seconds: [60, 900],
    scope: 'gitlab',
    begin: (context) =>
      gitlabFault('error-500', { pathPrefix: `/runners/${context.cluster.record}`, method: 'GET' })(context),
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
} satisfies Record<string, FaultType>;
