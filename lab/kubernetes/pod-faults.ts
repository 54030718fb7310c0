/** Fault injection for the processes of a pod, through the kubelet. */
import type { Kubelet } from './kubelet/kubelet.ts';

export interface PodFault {
  /** Only this container; absent: all containers of the pod. */
  readonly container?: string;
  /** Killed and not restarted until `releasePod`. */
  readonly stayDown?: boolean;
}

export interface PodFaults {
  /**
   * Sends SIGKILL to the pod's processes. The kubelet restarts them, but with `stayDown`. Throws if the pod does not run here.
   */
  killPod(pod: string, fault?: PodFault): void;
  /** Ends `stayDown`. */
  releasePod(pod: string): void;
  /** Sends SIGSTOP: the processes exist and do nothing. A container that is restarted is not frozen any more. */
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
