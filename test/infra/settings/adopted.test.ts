import { ADOPTED, refusalTests } from './values.ts';

describe('settings: adopted runners', () =>
  refusalTests([
    {
      name: 'adopted runners that are no Deployment, no record and have an unknown key',
      change: { adopt: [{ namespace: 'gitlab', deployment: 'Runner', record: '#12', replicas: 2 }] },
      problems: [
        'adopt.0.deployment: "Runner" must be the name of a Deployment: lower-case letters, digits, dashes and dots',
        'adopt.0.record: "#12" must be the numeric id of a runner record, as GitLab shows it: #123 is 123',
        'adopt.0.replicas: is not a key of this project; use one of namespace, deployment, record, or remove it',
      ],
    },
    {
      name: 'a record and a Deployment that are adopted twice',
      change: { adopt: [ADOPTED, { ...ADOPTED, deployment: 'other' }, { ...ADOPTED, record: 13 }] },
      problems: [
        'adopt.1.record: 12 is in the list twice; give each Deployment a runner record of its own',
        'adopt.2.deployment: "gitlab-runner" is in the list twice; remove one of them',
      ],
    },
    {
      name: 'adopted runners beside the tokens',
      change: { adopt: [{ ...ADOPTED, namespace: 'gitlab-runner' }] },
      problems: [
        'adopt.0.namespace: "gitlab-runner" is also kubernetes.namespace, which has the tokens of this stack, and runners can often read all Secrets of their namespace; set kubernetes.namespace to another one',
      ],
    },
    {
      name: 'adopted runners together with what is only of the stack’s own, whose secrets it does not show',
      change: {
        adopt: [ADOPTED],
        runner: { replicas: 3, cacheToml: 'Type = "s3"' },
        kubernetes: { context: 'cluster-a', jobNamespace: 'jobs', egressPorts: [9000] },
        tokens: { sidecar: 'glpat-hidden', sidecarExpiresOn: 'never' },
      },
      problems: [
        'runner.replicas: 3 applies only to runners that the stack creates, but with adopt it creates none; remove it',
        'runner.cacheToml: applies only to runners that the stack creates, but with adopt it creates none; remove it',
        'kubernetes.jobNamespace: "jobs" applies only to runners that the stack creates, but with adopt it creates none; remove it',
        'kubernetes.egressPorts: [9000] applies only to runners that the stack creates, but with adopt it creates none; remove it',
        'tokens.sidecar: applies only to runners that the stack creates, but with adopt it creates none; remove it',
      ],
    },
    {
      name: 'a lease that is too short for a call of adopted runners',
      change: { adopt: [ADOPTED], timing: { leaseSeconds: 50 } },
      problems: [
        'timing.leaseSeconds: 50 is too short: a healthy checker renews its lease every endMarginSeconds + roundSeconds + startLagSeconds + rollCallSeconds (for adopted runners) + 2 × requestSeconds = 55 at worst; give at least 55',
      ],
    },
  ]));
