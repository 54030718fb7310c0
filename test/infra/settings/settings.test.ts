/** What the stack refuses, and in which words. */
import assert from 'node:assert/strict';
import { clearTextWarnings } from '../../../infra/settings/clear-text.ts';
import { ConfigError, readSettings } from '../../../infra/settings/settings.ts';

const TOKEN = 'glpat-not-to-be-shown';

type Values = Record<string, unknown>;

const valid = (): Values => ({
  fleet: ['cluster-a', 'cluster-b'],
  mainTags: ['rnd-runner'],
  ownTags: ['runner-a'],
  gitlab: { url: 'https://gitlab.example.com', group: 'rnd' },
  gitlabToken: TOKEN,
  statusProject: { path: 'rnd/runner-status' },
  kubernetes: { context: 'cluster-a' },
});

/** As Pulumi hands config over: texts, of which lists and maps are JSON. */
const rawOf = (values: Values): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );

function problemsOf(change: Values, stack = 'cluster-a'): readonly string[] {
  try {
    readSettings(rawOf({ ...valid(), ...change }), stack);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
  return [];
}

const DIGEST = `docker.io/gitlab/gitlab-runner:alpine-v18.4.0@sha256:${'0123456789abcdef'.repeat(4)}`;

const manyTags = (count: number) => Array.from({ length: count }, (_, index) => `tag-${index}`);

const ADOPTED = { namespace: 'gitlab', deployment: 'gitlab-runner', record: 12 };

interface Refusal {
  readonly name: string;
  readonly change: Values;
  readonly stack?: string;
  readonly problems: readonly string[];
}

const REFUSALS: readonly Refusal[] = [
  {
    name: 'a stack outside its fleet',
    change: {},
    stack: 'cluster-c',
    problems: [
      'fleet: ["cluster-a","cluster-b"] does not name this stack, "cluster-c"; add it, or select another stack',
    ],
  },
  {
    name: 'a stack whose name is no cluster name',
    change: { fleet: ['cluster-a', 'cluster-b'] },
    stack: 'Cluster_A',
    problems: [
      'stack: "Cluster_A" is not a valid name of a cluster; use lower-case letters, digits and dashes, at most 40 characters',
      'fleet: ["cluster-a","cluster-b"] does not name this stack, "Cluster_A"; add it, or select another stack',
    ],
  },
  {
    name: 'a fleet of one',
    change: { fleet: ['cluster-a'] },
    problems: ['fleet: ["cluster-a"] must name at least two clusters'],
  },
  {
    name: 'a cluster that is named twice',
    change: { fleet: ['cluster-a', 'cluster-a'] },
    problems: ['fleet: ["cluster-a","cluster-a"] must not name a cluster twice'],
  },
  {
    name: 'a fleet that is no list',
    change: { fleet: 'cluster-a' },
    problems: ['fleet: "cluster-a" must be a list'],
  },
  {
    name: 'no fleet',
    change: { fleet: undefined },
    problems: ['fleet: is missing; list the names of all clusters, for example ["cluster-a", "cluster-b"]'],
  },
  {
    name: 'an empty list of own tags',
    change: { ownTags: [] },
    problems: ['ownTags: [] must name at least one tag'],
  },
  { name: 'an empty tag', change: { mainTags: [''] }, problems: ['mainTags.0: "" must not be empty'] },
  {
    name: 'a tag with a comma',
    change: { mainTags: ['a,b'] },
    problems: ['mainTags.0: "a,b" must not contain commas or line breaks, or begin or end with blanks'],
  },
  {
    name: 'a tag twice',
    change: { ownTags: ['runner-a', 'runner-a'] },
    problems: ['ownTags: ["runner-a","runner-a"] must not name a tag twice'],
  },
  {
    name: 'an own tag that is a main tag',
    change: { ownTags: ['runner-a', 'rnd-runner'] },
    problems: [
      'ownTags: "rnd-runner" is also one of mainTags; a tag either moves or stays, so remove it from one of them',
    ],
  },
  {
    name: 'more tags than GitLab takes',
    change: { ownTags: manyTags(50) },
    problems: ['ownTags: has 51 tags together with mainTags, but GitLab allows 50 for a runner; remove some'],
  },
  {
    name: 'a URL without TLS',
    change: { gitlab: { url: 'http://gitlab.example.com', group: 'rnd' } },
    problems: [
      'gitlab.url: "http://gitlab.example.com" is not https; give https://gitlab.example.com (gitlab.allowHttp allows http in a lab)',
    ],
  },
  {
    name: 'http allowed without the lab flag',
    change: { gitlab: { url: 'http://gitlab.example.com', group: 'rnd', allowHttp: true } },
    problems: [
      'gitlab.allowHttp: true is only for a lab; remove it, or set lab to true if the tokens give access to nothing of value',
    ],
  },
  {
    name: 'a URL with a path',
    change: { gitlab: { url: 'https://gitlab.example.com/api/v4', group: 'rnd' } },
    problems: [
      'gitlab.url: "https://gitlab.example.com/api/v4" has a path after the host; give https://gitlab.example.com',
    ],
  },
  {
    name: 'a URL that is none',
    change: { gitlab: { url: 'gitlab', group: 'rnd' } },
    problems: ['gitlab.url: "gitlab" is not a web address; give one such as https://gitlab.example.com'],
  },
  {
    name: 'a URL with a password, which is not quoted',
    change: { gitlab: { url: `https://root:${TOKEN}@gitlab.example.com`, group: 'rnd' } },
    problems: ['gitlab.url: contains a user or a password; remove them'],
  },
  {
    name: 'no owner of the runners',
    change: { gitlab: { url: 'https://gitlab.example.com' } },
    problems: ['gitlab.group: is missing; name the group (or with gitlab.project the project) that owns the runners'],
  },
  {
    name: 'two owners of the runners',
    change: { gitlab: { url: 'https://gitlab.example.com', group: 'rnd', project: 7 } },
    problems: [
      'gitlab.project: 7 and gitlab.group "rnd" are both set, but a runner record has one owner; remove one of them',
    ],
  },
  {
    name: 'a group that is no path',
    change: { gitlab: { url: 'https://gitlab.example.com', group: '/rnd/' } },
    problems: ['gitlab.group: "/rnd/" must be a path such as platform/runners, or a numeric id'],
  },
  {
    name: 'no provisioning token',
    change: { gitlabToken: undefined },
    problems: ['gitlabToken: is missing; set it with: pulumi config set --secret gitlabToken'],
  },
  {
    name: 'a provisioning token with a line break, which is not quoted',
    change: { gitlabToken: `${TOKEN}\n` },
    problems: ['gitlabToken: must be a token without spaces or line breaks'],
  },
  {
    name: 'a runtime token with a blank, which is not quoted',
    change: { tokens: { fleet: `${TOKEN} ` } },
    problems: ['tokens.fleet: must be a token without spaces or line breaks'],
  },
  {
    name: 'a status project without its group',
    change: { statusProject: { path: 'runner-status' } },
    problems: ['statusProject.path: "runner-status" has no group; give the full path, such as platform/runner-status'],
  },
  {
    name: 'a managed status project that is given by id',
    change: { statusProject: { path: 12, manage: true } },
    problems: ['statusProject.path: 12 is an id, but the stack that creates the project needs its path, group/name'],
  },
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
  {
    name: 'a token without the day of its end, and a day without a token',
    change: { tokens: { fleet: TOKEN, statusExpiresOn: '2027-01-31' } },
    problems: [
      'tokens.fleetExpiresOn: is missing; give the day on which tokens.fleet expires, as GitLab shows it, or never: the checkers warn before it',
      'tokens.statusExpiresOn: is set without tokens.status; set that too, or remove this',
    ],
  },
  {
    name: 'a day that there is not, and a token where a day belongs',
    change: {
      tokens: { fleet: TOKEN, fleetExpiresOn: '2027-02-29', status: '2027-01-31', statusExpiresOn: TOKEN },
    },
    problems: ['fleet', 'status'].map(
      (part) =>
        `tokens.${part}ExpiresOn: must be the day that GitLab shows for the token, such as 2027-01-31, or never`,
    ),
  },
  {
    name: 'a token that would be renewed every day',
    change: { tokens: { lifetimeDays: 90 } },
    problems: [
      'tokens.rotateBeforeDays: 90 must be less than tokens.lifetimeDays (90), or the token would be replaced every day',
    ],
  },
  {
    name: 'tokens that checkers would warn of all the time, and more than GitLab allows',
    change: { tokens: { rotateBeforeDays: 14, lifetimeDays: 401 } },
    problems: [
      'tokens.lifetimeDays: 401 must be at most 400',
      'tokens.rotateBeforeDays: 14 must be at least 15: checkers warn 14 days before a token expires',
    ],
  },
  {
    name: 'unknown keys, at the top and inside',
    change: { fleets: ['cluster-a'], images: { nodejs: 'node:22' } },
    problems: [
      'fleets: is not a key of this project; use one of fleet, mainTags, ownTags, preferred, lab, gitlab, gitlabToken, statusProject, runner, adopt, policy, timing, kubernetes, images, notify, monitoring, log, tokens, or remove it',
      'images.nodejs: is not a key of this project; use one of node, mirrors, pullSecrets, requireDigests, or remove it',
    ],
  },
  {
    name: 'keys that were set without --path, and what is secret without its value',
    change: { 'gitlab.url': 'https://gitlab.example.com', 'ownTags[0]': 'runner-a', 'notify.webhook': TOKEN },
    problems: [
      "gitlab.url: was set without --path; run pulumi config rm 'gitlab.url', then pulumi config set --path 'gitlab.url'",
      "ownTags[0]: was set without --path; run pulumi config rm 'ownTags[0]', then pulumi config set --path 'ownTags[0]'",
      "notify.webhook: was set without --path; run pulumi config rm 'notify.webhook', then pulumi config set --secret --path 'notify.webhook'",
    ],
  },
  {
    name: 'half a digest, and one in capitals',
    change: {
      runner: { image: 'gitlab/gitlab-runner:v18@sha256:abc' },
      images: { node: `node@sha256:${'A'.repeat(64)}` },
    },
    problems: [
      'runner.image: "gitlab/gitlab-runner:v18@sha256:abc" must end, if by digest, in @sha256: and 64 lower-case hexadecimal digits',
      `images.node: "node@sha256:${'A'.repeat(64)}" must end, if by digest, in @sha256: and 64 lower-case hexadecimal digits`,
    ],
  },
  {
    name: 'images by version where digests are required',
    change: { runner: { image: DIGEST }, images: { requireDigests: true } },
    problems: [
      'images.node: "docker.io/library/node:22.20.0-alpine3.22" has no digest, but images.requireDigests is true; see docs/hardening.md',
    ],
  },
  {
    name: 'a mirror that is a web address, and one of no registry',
    change: { images: { mirrors: { 'docker.io': 'https://mirror.example.com/', library: 'mirror.example.com' } } },
    problems: [
      'images.mirrors.docker.io: "https://mirror.example.com/" must be a registry with or without a path, without https:// and without a final slash, such as mirror.example.com/dockerhub',
      'images.mirrors.library: must be the host of a registry, such as docker.io',
    ],
  },
  {
    name: 'an address where a block of them belongs',
    change: { kubernetes: { context: 'cluster-a', egressTo: { gitlab: ['203.0.113.7'], api: [] } } },
    problems: [
      'kubernetes.egressTo.gitlab.0: "203.0.113.7" must be a block of addresses such as 203.0.113.7/32',
      'kubernetes.egressTo.api: is not a key of this project; use one of gitlab, apiServer, dns, webhook, or remove it',
    ],
  },
  {
    name: 'a webhook without TLS, and says it without the address',
    change: { notify: { webhook: 'http://hooks.example.com/T0/webhook-secret' } },
    problems: ['notify.webhook: is not https; give the address that your chat shows for the webhook (lab allows http)'],
  },
  {
    name: 'a webhook that is no address, and says it without what was given',
    change: { notify: { webhook: 'webhook-secret', slack: true } },
    problems: [
      'notify.webhook: must be a web address',
      'notify.slack: is not a key of this project; use one of webhook, or remove it',
    ],
  },
  {
    name: 'a webhook with a password in it',
    change: { notify: { webhook: 'https://me:webhook-secret@hooks.example.com/' } },
    problems: ['notify.webhook: contains a user or a password; remove them'],
  },
  {
    name: 'a format of the log that there is not',
    change: { log: { format: 'xml' } },
    problems: ['log.format: "xml" must be valid: invalid option: expected one of "text"|"json"'],
  },
  {
    name: 'Prometheus in the namespace of the tokens',
    change: { monitoring: { enabled: true, namespace: 'gitlab-runner' } },
    problems: [
      'monitoring.namespace: "gitlab-runner" is also kubernetes.namespace, which has the tokens; give the namespace in which Prometheus runs',
    ],
  },
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
];

describe('settings', () => {
  it('take the id of a record as text too, and check no replicas that they do not know', () => {
    const settings = readSettings(
      rawOf({ ...valid(), adopt: [{ ...ADOPTED, record: '12' }], policy: { minOnline: 5 } }),
      'cluster-a',
    );
    assert.deepEqual(settings.adopt, [ADOPTED]);
  });

  for (const { name, change, stack, problems } of REFUSALS)
    it(`refuses ${name}`, () => assert.deepEqual(problemsOf(change, stack), problems));

  it('names all problems in one message, each once, and creates no settings', () => {
    assert.throws(
      () => readSettings(rawOf({ ...valid(), ownTags: [], mainTags: ['a', 'a'], gitlabToken: ' ' }), 'cluster-x'),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(
          error.message,
          [
            'The config of stack "cluster-x" has 4 problems; nothing was changed:',
            '  - mainTags: ["a","a"] must not name a tag twice',
            '  - ownTags: [] must name at least one tag',
            '  - gitlabToken: must be a token without spaces or line breaks',
            '  - fleet: ["cluster-a","cluster-b"] does not name this stack, "cluster-x"; add it, or select another stack',
          ].join('\n'),
        );
        return true;
      },
    );
  });

  it('quotes no secret that is not valid', () => {
    const secrets: Values = {
      gitlabToken: `${TOKEN} `,
      tokens: { fleet: [TOKEN], status: `${TOKEN}\t`, sidecar: 5 },
      runner: { cacheToml: `x = ${TOKEN}`, kubernetesToml: [TOKEN] },
      kubernetes: { context: 'cluster-a', kubeconfig: [TOKEN] },
    };
    const text = problemsOf(secrets).join('\n');
    assert.match(text, /gitlabToken.*\n(.*\n)*.*tokens\.fleet/);
    assert.doesNotMatch(text, new RegExp(TOKEN));
  });

  it('gives defaults that run to a config of the required keys alone', () => {
    const settings = readSettings(rawOf(valid()), 'cluster-a');
    assert.equal(settings.cluster, 'cluster-a');
    assert.equal(settings.preferred, false);
    assert.deepEqual(settings.gitlab, {
      url: 'https://gitlab.example.com',
      allowHttp: false,
      owner: { kind: 'group', ref: 'rnd' },
    });
    assert.equal(settings.runner.replicas, 2);
    assert.equal(settings.kubernetes.namespace, 'gitlab-runner');
    assert.equal(settings.kubernetes.jobNamespace, 'gitlab-runner-jobs');
    assert.equal(settings.kubernetes.server, 'https://kubernetes.default.svc');
    assert.equal(settings.timing.leaseSeconds, 60);
    assert.deepEqual(settings.statusProject, {
      manage: false,
      path: 'rnd/runner-status',
      branch: 'main',
      pushRole: 'developer',
    });
    assert.deepEqual(settings.log, { format: 'text' });
  });

  it('takes ids as text, as the CLI stores them, a final slash, and http and short times in a lab', () => {
    const settings = readSettings(
      rawOf({
        ...valid(),
        lab: true,
        gitlab: { url: 'http://127.0.0.1:8080/', allowHttp: true, project: '12' },
        timing: {
          roundSeconds: 1,
          startLagSeconds: 1,
          endMarginSeconds: 0.5,
          requestSeconds: 0.5,
          rollCallSeconds: 2.5,
          budgetSeconds: 4,
          leaseSeconds: 7,
          periodSeconds: 6,
          checkIntervalSeconds: 1,
          unhealthyIntervalSeconds: 1.5,
        },
      }),
      'cluster-a',
    );
    assert.deepEqual(settings.gitlab, {
      url: 'http://127.0.0.1:8080',
      allowHttp: true,
      owner: { kind: 'project', ref: 12 },
    });
  });

  it('keeps exactly 50 tags', () => assert.deepEqual(problemsOf({ ownTags: manyTags(49) }), []));

  it('is an error without a stack trace, which Pulumi would inspect for seconds', () => {
    assert.throws(
      () => readSettings(rawOf({ ...valid(), fleet: [] }), 'cluster-a'),
      (error) => error instanceof ConfigError && error.stack === error.message,
    );
  });

  it('warns of secrets in clear text, but not in a lab', () => {
    const webhook = 'https://hooks.example.com/T0/webhook-secret';
    const warnings = (change: Values, encrypted: readonly string[]) =>
      clearTextWarnings(readSettings(rawOf({ ...valid(), ...change }), 'cluster-a'), (key) => encrypted.includes(key));
    const secrets = { notify: { webhook }, tokens: { fleet: TOKEN, fleetExpiresOn: 'never' } };
    assert.deepEqual(warnings(secrets, []), [
      'notify.webhook: is in clear text in Pulumi.cluster-a.yaml; encrypt it with: pulumi config set --secret --path notify.webhook',
      'tokens.fleet: is in clear text in Pulumi.cluster-a.yaml; encrypt it with: pulumi config set --secret --path tokens.fleet',
    ]);
    assert.deepEqual(warnings(secrets, ['notify', 'tokens']), []);
    assert.deepEqual(warnings({ ...secrets, lab: true }, []), []);
    assert.deepEqual(warnings({}, []), []);
  });
});
