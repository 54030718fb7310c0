/** The switches that hurt the processes of a pod, and mend them: the kubelet's, whichever API it serves. */
import type { Kubelet } from './kubelet/kubelet.ts';

export interface PodFault {
  /** Only this container; all of the pod's when left out. */
  readonly container?: string;
  /** Killed and not restarted until `releasePod`. */
  readonly stayDown?: boolean;
}

export interface PodFaults {
  /**
   * SIGKILL to the pod's processes; the kubelet restarts them unless they are to stay down. Throws if no such pod runs.
   */
  killPod(pod: string, fault?: PodFault): void;
  /** Ends `stayDown`. */
  releasePod(pod: string): void;
  /** SIGSTOP: the processes are there and do nothing. A container that is restarted meanwhile is not frozen. */
  freezePod(pod: string, fault?: Pick<PodFault, 'container'>): void;
  unfreezePod(pod: string): void;
}

export function podFaults(kubelet: Pick<Kubelet, 'containers'>): PodFaults {
  const containers = (pod: string, container?: string) => {
    const found = kubelet.containers(pod, container);
    if (found.length === 0)
      throw new Error(`no pod ${pod}${container === undefined ? '' : ` with container ${container}`} runs here`);
    return found;
  };
  return {
    killPod: (pod, { container, stayDown = false } = {}) => {
      for (const run of containers(pod, container)) {
        if (stayDown) run.hold(true);
        run.signal('SIGKILL');
      }
    },
    releasePod: (pod) => containers(pod).forEach((run) => run.hold(false)),
    freezePod: (pod, { container } = {}) => containers(pod, container).forEach((run) => run.signal('SIGSTOP')),
    unfreezePod: (pod) => containers(pod).forEach((run) => run.signal('SIGCONT')),
  };
}
