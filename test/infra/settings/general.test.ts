import { DIGEST, TOKEN, refusalTests } from './values.ts';

describe('settings: keys, images, addresses and the log', () =>
  refusalTests([
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
      problems: [
        'notify.webhook: is not https; give the address that your chat shows for the webhook (lab allows http)',
      ],
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
  ]));
