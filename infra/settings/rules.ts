/**
 * The rules between keys. Each rule checks only sections that are valid by themselves, so that the first message shows every
 * problem once.
 */
import { MAX_TAGS } from '../../runtime/values.ts';
import { timingProblems } from '../../runtime/timing.ts';
import { hasDigest } from '../kubernetes/images.ts';
import { adoptRule } from './adopt-rule.ts';
import type { Rule, Sections } from './rule.ts';
import { runnerToml } from './runner-toml.ts';
import { given, problem } from './text.ts';
import { addressProblems } from './web-address.ts';

export function ruleProblems(sections: Sections, stack: string): string[] {
  return RULES.flatMap((rule) => rule(sections, stack));
}

const fleetRule: Rule = ({ fleet }, stack) =>
  !fleet || fleet.includes(stack)
    ? []
    : [problem('fleet', fleet, `does not name this stack, ${given(stack)}; add it, or select another stack`)];

const tagRule: Rule = ({ mainTags, ownTags }) => {
  if (!mainTags || !ownTags) return [];
  const shared = ownTags.filter((tag) => mainTags.includes(tag));
  const problems = shared.map(
    (tag) =>
      `ownTags: ${given(tag)} is also one of mainTags; a tag either moves or stays, so remove it from one of them`,
  );
  const count = mainTags.length + ownTags.length;
  if (count > MAX_TAGS)
    problems.push(
      `ownTags: has ${count} tags together with mainTags, but GitLab allows ${MAX_TAGS} for a runner; remove some`,
    );
  return problems;
};

const gitlabRule: Rule = ({ gitlab, lab }) => {
  if (!gitlab) return [];
  const problems: string[] = [];
  if (gitlab.allowHttp && lab === false)
    problems.push(
      'gitlab.allowHttp: true is only for a lab; remove it, or set lab to true if the tokens give access to nothing of value',
    );
  problems.push(...addressProblems('gitlab.url', gitlab.url, gitlab.allowHttp, 'gitlab.allowHttp'));
  if (gitlab.group === undefined && gitlab.project === undefined)
    problems.push(
      'gitlab.group: is missing; name the group (or with gitlab.project the project) that owns the runners',
    );
  if (gitlab.group !== undefined && gitlab.project !== undefined)
    problems.push(
      `gitlab.project: ${given(gitlab.project)} and gitlab.group ${given(gitlab.group)} are both set, but a runner record has one owner; remove one of them`,
    );
  return problems;
};

const statusRule: Rule = ({ statusProject }) => {
  if (!statusProject) return [];
  const { manage, path } = statusProject;
  if (typeof path === 'number')
    return manage
      ? [
          problem(
            'statusProject.path',
            path,
            'is an id, but the stack that creates the project needs its path, group/name',
          ),
        ]
      : [];
  return path.includes('/')
    ? []
    : [problem('statusProject.path', path, 'has no group; give the full path, such as platform/runner-status')];
};

const tomlRule: Rule = ({ runner }) => {
  if (!runner) return [];
  const problems: string[] = [];
  for (const [key, section] of [
    ['kubernetesToml', 'kubernetes'],
    ['cacheToml', 'cache'],
  ] as const) {
    const result = runnerToml(runner[key], section);
    if (result.kind === 'broken')
      problems.push(
        problem(`runner.${key}`, undefined, `${result.why}; give only the content of [runners.${section}]`),
      );
    else if (section === 'kubernetes' && 'namespace' in result.table)
      problems.push(
        problem('runner.kubernetesToml', undefined, 'sets a namespace; use kubernetes.jobNamespace instead'),
      );
  }
  if (runner.metricsPort === runner.sidecarPort)
    problems.push(
      problem(
        'runner.sidecarPort',
        runner.sidecarPort,
        'is also runner.metricsPort, and both are in one pod; give another port',
      ),
    );
  return problems;
};

const timingRule: Rule = ({ timing, runner, adopt, lab }) => {
  if (!timing || !runner || !adopt || lab === undefined) return [];
  const adopted = adopt.length > 0;
  // How many pods adopted Deployments have is not known here, and changes without pulumi up.
  const managers = adopted ? 0 : runner.replicas;
  const problems = timingProblems(timing, { lab, managers, adopted }).map(
    ({ key, message }) => `timing.${key}: ${message}`,
  );
  if (lab && timing.periodSeconds > 60)
    problems.push(
      problem('timing.periodSeconds', timing.periodSeconds, 'is too long: a run must end within 90; give at most 60'),
    );
  return problems;
};

const policyRule: Rule = ({ policy, runner, adopt }) =>
  policy && runner && adopt?.length === 0 && policy.minOnline > runner.replicas
    ? [
        problem(
          'policy.minOnline',
          policy.minOnline,
          `is more than runner.replicas (${runner.replicas}): this cluster could never hold the tags; give at most ${runner.replicas}`,
        ),
      ]
    : [];

const kubernetesRule: Rule = ({ kubernetes, lab }) => {
  if (!kubernetes) return [];
  const problems = addressProblems('kubernetes.server', kubernetes.server, lab !== false, 'lab');
  if (kubernetes.context === undefined && kubernetes.kubeconfig === undefined)
    problems.push(
      'kubernetes.context: is missing; name the kubeconfig context of this cluster, so that no stack is applied to another cluster',
    );
  if (kubernetes.jobNamespace === kubernetes.namespace)
    problems.push(
      problem(
        'kubernetes.jobNamespace',
        kubernetes.jobNamespace,
        'is also kubernetes.namespace: the runner may read all Secrets in the namespace of its jobs; give another one',
      ),
    );
  return problems;
};

const imagesRule: Rule = ({ runner, adopt, images }) => {
  if (!runner || !adopt || !images?.requireDigests) return [];
  const ours = adopt.length > 0 ? {} : { 'runner.image': runner.image };
  return Object.entries({ ...ours, 'images.node': images.node })
    .filter(([, image]) => !hasDigest(image))
    .map(([key, image]) =>
      problem(key, image, 'has no digest, but images.requireDigests is true; see docs/hardening.md'),
    );
};

const notifyRule: Rule = ({ notify, lab }) => {
  if (notify?.webhook === undefined) return [];
  const { protocol, username, password } = new URL(notify.webhook);
  if (username !== '' || password !== '') return ['notify.webhook: contains a user or a password; remove them'];
  return protocol === 'https:' || (protocol === 'http:' && lab !== false)
    ? []
    : ['notify.webhook: is not https; give the address that your chat shows for the webhook (lab allows http)'];
};

const monitoringRule: Rule = ({ monitoring, kubernetes }) =>
  monitoring?.enabled && monitoring.namespace === kubernetes?.namespace
    ? [
        problem(
          'monitoring.namespace',
          monitoring.namespace,
          'is also kubernetes.namespace, which has the tokens; give the namespace in which Prometheus runs',
        ),
      ]
    : [];

const tokensRule: Rule = ({ tokens }) => {
  if (!tokens) return [];
  const problems = (['fleet', 'sidecar', 'status'] as const).flatMap((part) => {
    const [token, day] = [tokens[part], tokens[`${part}ExpiresOn`]];
    if (token !== undefined && day === undefined)
      return [
        `tokens.${part}ExpiresOn: is missing; give the day on which tokens.${part} expires, as GitLab shows it, or never: the checkers warn before it`,
      ];
    return token === undefined && day !== undefined
      ? [`tokens.${part}ExpiresOn: is set without tokens.${part}; set that too, or remove this`]
      : [];
  });
  const { lifetimeDays, rotateBeforeDays } = tokens;
  if (rotateBeforeDays >= lifetimeDays)
    problems.push(
      problem(
        'tokens.rotateBeforeDays',
        rotateBeforeDays,
        `must be less than tokens.lifetimeDays (${lifetimeDays}), or the token would be replaced every day`,
      ),
    );
  return problems;
};

const RULES: readonly Rule[] = [
  fleetRule,
  tagRule,
  gitlabRule,
  statusRule,
  tomlRule,
  policyRule,
  timingRule,
  kubernetesRule,
  imagesRule,
  notifyRule,
  monitoringRule,
  tokensRule,
  adoptRule,
];
