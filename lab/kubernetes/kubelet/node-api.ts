/**
 * All that the kubelet asks of an API server. The lab's own store answers (store-node-api.ts), or a real one
 * (../real/node-api.ts).
 */
import type { Meta, StoredObject } from '../objects.ts';
import type { PodSpec, PodStatus } from '../pods.ts';

export interface NodePod {
  readonly metadata: Meta;
  readonly spec: PodSpec;
  readonly status: PodStatus;
}

export interface PodKey {
  readonly namespace: string;
  readonly name: string;
  /** Writes concern this very pod, never a later one of the same name. */
  readonly uid: string;
}

export interface ProjectedToken {
  readonly token: string;
  /** Ms since 1970. */
  readonly expiresAt: number;
}

export interface NodeApi {
  /** The pods bound to this node. */
  pods(): Promise<readonly NodePod[]>;
  /** A hint that pods may have changed; the kubelet also looks by itself. The result ends it. */
  onChange(listener: () => void): () => void;
  /** A pod that is gone meanwhile is no error. */
  writeStatus(pod: PodKey, status: PodStatus): Promise<void>;
  /** The containers have stopped: the pod may go. A pod that is gone already is no error. */
  forget(pod: PodKey): Promise<void>;
  /** Undefined when it does not exist. */
  configMap(namespace: string, name: string): Promise<StoredObject | undefined>;
  secret(namespace: string, name: string): Promise<StoredObject | undefined>;
  token(pod: PodKey, serviceAccount: string, expirationSeconds: number): Promise<ProjectedToken>;
}

export type { PodSpec, PodStatus };
