/** The status of a pod, from the states of its containers. Pure. */
import { timestamp } from '../objects.ts';
import type { ContainerStatus, PodCondition, PodSpec, PodStatus } from '../pods.ts';

export interface StatusFacts {
  readonly spec: PodSpec;
  readonly previous: PodStatus;
  /** In the order of the spec; one that has not started is waiting. */
  readonly init: readonly ContainerStatus[];
  readonly containers: readonly ContainerStatus[];
  readonly initialized: boolean;
  /** The whole pod was ended, e.g. after its deadline. */
  readonly failure?: { readonly reason: string; readonly message: string };
  readonly now: number;
}

export function podStatus(facts: StatusFacts): PodStatus {
  const { previous, containers, init, failure, now } = facts;
  const phase = failure ? 'Failed' : phaseOf(facts);
  const finished = phase === 'Failed' || phase === 'Succeeded';
  const sidecars = init.filter((_, index) => facts.spec.initContainers[index]?.restartPolicy === 'Always');
  const unready = [...sidecars, ...containers].filter((each) => !each.ready).map((each) => each.name);
  const ready = phase === 'Running' && unready.length === 0;
  const condition = (type: string, value: boolean, reason?: string, message?: string): PodCondition => {
    const status = value ? 'True' : 'False';
    const before = previous.conditions.find((each) => each.type === type);
    const since = before?.status === status ? before.lastTransitionTime : undefined;
    return {
      type,
      status,
      lastTransitionTime: since ?? timestamp(now),
      ...(value || reason === undefined ? {} : { reason }),
      ...(value || message === undefined ? {} : { message }),
    };
  };
  const why = finished ? 'PodCompleted' : 'ContainersNotReady';
  const text = finished ? undefined : `containers with unready status: [${unready.join(' ')}]`;
  return {
    phase,
    ...(failure ?? {}),
    conditions: [
      condition('PodScheduled', true),
      condition('Initialized', facts.initialized, 'ContainersNotInitialized', 'containers with incomplete status'),
      condition('ContainersReady', ready, why, text),
      condition('Ready', ready, why, text),
    ],
    hostIP: '127.0.0.1',
    podIP: '127.0.0.1',
    podIPs: [{ ip: '127.0.0.1' }],
    startTime: previous.startTime ?? timestamp(now),
    initContainerStatuses: [...init],
    containerStatuses: [...containers],
  };
}

function phaseOf({ spec, init, containers, initialized }: StatusFacts): PodStatus['phase'] {
  const ended = (status: ContainerStatus) => status.state.terminated;
  const initFailed = init.some((status) => (ended(status)?.exitCode ?? 0) !== 0);
  if (!initialized) return initFailed && spec.restartPolicy === 'Never' ? 'Failed' : 'Pending';
  if (spec.restartPolicy !== 'Always' && containers.every((status) => ended(status) !== undefined)) {
    const allGood = containers.every((status) => ended(status)?.exitCode === 0);
    if (allGood) return 'Succeeded';
    if (spec.restartPolicy === 'Never') return 'Failed';
  }
  const begun = containers.every((each) => each.state.running ?? each.state.terminated ?? each.lastState.terminated);
  return begun ? 'Running' : 'Pending';
}
