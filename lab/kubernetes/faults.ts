/** Fault injection: switches that break a part of the cluster and repair it. */
import { jobTemplateOf, startJob } from './controllers/cronjobs.ts';
import { CRON_JOB, type Kind } from './kinds.ts';
import type { Kubelet } from './kubelet/kubelet.ts';
import type { StoredObject } from './objects.ts';
import { podFaults, type PodFaults } from './pod-faults.ts';
import type { Store } from './store.ts';

export interface Faults extends PodFaults {
  /** As `kubectl patch`: no new runs; an active run continues. */
  suspendCronJob(name: string, on?: boolean): void;
  /** The next starts of this CronJob are lost, as if the controller were down at their minute. */
  missRun(name: string, count?: number): void;
  /** Starts a run now, besides the schedule. */
  startRun(name: string): void;
  /** The cluster is full: new pods stay Pending. */
  unschedulable(on?: boolean): void;
}

/** The state of the switches, which the controllers read. */
export class FaultState {
  isFull = false;
  readonly missed = new Map<string, number>();

  /** True if this start is to be missed; counts it. */
  takeMiss(cronJob: StoredObject): boolean {
    const left = this.missed.get(cronJob.metadata.name) ?? 0;
    if (left > 0) this.missed.set(cronJob.metadata.name, left - 1);
    return left > 0;
  }
}

export function faults(store: Store, kubelet: Kubelet, state: FaultState, reschedule: () => void): Faults {
  const cronJob = (name: string): StoredObject => named(store, CRON_JOB, name);
  return {
    ...podFaults(kubelet),
    suspendCronJob: (name, on = true) => {
      const { namespace = '' } = cronJob(name).metadata;
      store.patch(CRON_JOB, namespace, name, { spec: { suspend: on } });
    },
    missRun: (name, count = 1) => void state.missed.set(cronJob(name).metadata.name, count),
    startRun: (name) =>
      startJob(store, cronJob(name), jobTemplateOf(cronJob(name)), `manual-${String(Date.now() % 1e6)}`),
    unschedulable: (on = true) => {
      state.isFull = on;
      reschedule();
    },
  };
}

/** The object of this name in any namespace: a lab has only one. */
function named(store: Store, kind: Kind, name: string): StoredObject {
  const found = store.list(kind).find((object) => object.metadata.name === name);
  if (!found) throw new Error(`there is no ${kind.kind} ${name} in this cluster`);
  return found;
}
