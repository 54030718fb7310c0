import { TOKEN, refusalTests } from './values.ts';

describe('settings: runners, policy and times', () =>
  refusalTests([
    {
      name: 'broken TOML, which is not quoted',
      change: { runner: { cacheToml: `Type = "s3"\nSecretKey = ${TOKEN}` } },
      problems: ['runner.cacheToml: is not TOML (line 2, column 13); give only the content of [runners.cache]'],
    },
    {
      name: 'TOML of other tables',
      change: { runner: { kubernetesToml: 'concurrent = 3\n[[runners]]\n[runners.kubernetes]\nimage = "x"' } },
      problems: [
        'runner.kubernetesToml: has more than the table runners.kubernetes; give only the content of [runners.kubernetes]',
      ],
    },
    {
      name: 'a namespace in the TOML',
      change: { runner: { kubernetesToml: 'namespace = "jobs"' } },
      problems: ['runner.kubernetesToml: sets a namespace; use kubernetes.jobNamespace instead'],
    },
    {
      name: 'an image without a version',
      change: { runner: { image: 'gitlab/gitlab-runner' }, images: { node: 'node:latest' } },
      problems: [
        'runner.image: "gitlab/gitlab-runner" must name a version: without one, the image may change at any time',
        'images.node: "node:latest" must name a version: without one, the image may change at any time',
      ],
    },
    {
      name: 'no replicas',
      change: { runner: { replicas: 0 } },
      problems: ['runner.replicas: 0 must be at least 1'],
    },
    {
      name: 'text where a number belongs',
      change: { runner: { concurrent: 'ten' } },
      problems: ['runner.concurrent: "ten" must be a number'],
    },
    {
      name: 'two servers on one port of a pod',
      change: { runner: { metricsPort: 9253 } },
      problems: ['runner.sidecarPort: 9253 is also runner.metricsPort, and both are in one pod; give another port'],
    },
    {
      name: 'more runners wanted online than there are',
      change: { policy: { minOnline: 3 } },
      problems: [
        'policy.minOnline: 3 is more than runner.replicas (2): this cluster could never hold the tags; give at most 2',
      ],
    },
    {
      name: 'an advantage as a share of all runners, as earlier releases had it',
      change: { policy: { minAdvantage: 0.3 } },
      problems: [
        'policy.minAdvantage: 0.3 must be a whole number of runners (it was a share of Online / Total before); give 1 to move for one runner more than the holder has',
      ],
    },
    {
      name: 'a choice that there is not',
      change: { policy: { failback: 'sometimes' } },
      problems: ['policy.failback: "sometimes" must be valid: invalid option: expected one of "manual"|"automatic"'],
    },
    {
      name: 'a lease that is shorter than the silence of a living checker',
      change: { timing: { leaseSeconds: 44 } },
      problems: [
        'timing.leaseSeconds: 44 is too short: a healthy checker renews its lease every endMarginSeconds + roundSeconds + startLagSeconds + 2 × requestSeconds = 45 at worst; give at least 45',
      ],
    },
    {
      name: 'short rounds outside a lab',
      change: { timing: { roundSeconds: 5 } },
      problems: ['timing.roundSeconds: 5 is too short for a real GitLab; give at least 10'],
    },
    {
      name: 'too many pods for the rounds',
      change: { runner: { replicas: 90 } },
      problems: [
        'timing.roundSeconds: 15 is too short: after each renewal of the lease all 90 runner pods ask GitLab, more than 5 times a second; give at least 18, or fewer runner.replicas',
      ],
    },
    {
      name: 'a period over a minute, in a lab as well',
      change: { lab: true, timing: { periodSeconds: 120 } },
      problems: ['timing.periodSeconds: 120 is too long: a run must end within 90; give at most 60'],
    },
    {
      name: 'a cluster without a context',
      change: { kubernetes: {} },
      problems: [
        'kubernetes.context: is missing; name the kubeconfig context of this cluster, so that no stack is applied to another cluster',
      ],
    },
    {
      name: 'an API server without TLS',
      change: { kubernetes: { context: 'cluster-a', server: 'http://10.0.0.1:8080' } },
      problems: [
        'kubernetes.server: "http://10.0.0.1:8080" is not https; give https://10.0.0.1:8080 (lab allows http in a lab)',
      ],
    },
    {
      name: 'jobs beside our Secrets',
      change: { kubernetes: { context: 'cluster-a', jobNamespace: 'gitlab-runner' } },
      problems: [
        'kubernetes.jobNamespace: "gitlab-runner" is also kubernetes.namespace: the runner may read all Secrets in the namespace of its jobs; give another one',
      ],
    },
  ]));
