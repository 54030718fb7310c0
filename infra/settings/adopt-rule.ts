/** Adopted runners: a stack creates its runners or adopts them. If it adopts them, keys for created runners are refused. */
import type { Adopted } from '../../runtime/config.ts';
import type { Rule } from './rule.ts';
import { RUNNER_DEFAULTS } from './schema.ts';
import { given, problem } from './text.ts';

const OF_OURS = 'applies only to runners that the stack creates, but with adopt it creates none; remove it';

export const adoptRule: Rule = ({ adopt, runner, kubernetes, tokens }) => {
  if (!adopt || adopt.length === 0) return [];
  const problems = [
    ...twice(adopt, 'record', ({ record }) => String(record), 'give each Deployment a runner record of its own'),
    ...twice(adopt, 'deployment', ({ namespace, deployment }) => `${namespace}/${deployment}`, 'remove one of them'),
  ];
  for (const [index, { namespace }] of adopt.entries())
    if (namespace === kubernetes?.namespace)
      problems.push(
        problem(
          `adopt.${index}.namespace`,
          namespace,
          'is also kubernetes.namespace, which has the tokens of this stack, and runners can often read all Secrets of their namespace; set kubernetes.namespace to another one',
        ),
      );
  for (const [key, value] of Object.entries(runner ?? {}))
    if (!Object.entries(RUNNER_DEFAULTS).some(([name, usual]) => name === key && usual === value))
      problems.push(problem(`runner.${key}`, value, OF_OURS));
  if (kubernetes?.jobNamespace !== undefined)
    problems.push(problem('kubernetes.jobNamespace', kubernetes.jobNamespace, OF_OURS));
  if (kubernetes && kubernetes.egressPorts.length > 0)
    problems.push(problem('kubernetes.egressPorts', kubernetes.egressPorts, OF_OURS));
  if (tokens?.sidecar !== undefined)
    problems.push(
      'tokens.sidecar: applies only to runners that the stack creates, but with adopt it creates none; remove it',
    );
  return problems;
};

function twice(
  adopt: readonly Adopted[],
  key: 'record' | 'deployment',
  nameOf: (adopted: Adopted) => string,
  fix: string,
): string[] {
  const seen = new Set<string>();
  return adopt.flatMap((adopted, index) => {
    const name = nameOf(adopted);
    if (!seen.has(name)) return seen.add(name) && [];
    return [`adopt.${index}.${key}: ${given(adopted[key])} is in the list twice; ${fix}`];
  });
}
