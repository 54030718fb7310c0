/** What the kubelet needs of an API server: the lab's store (store-node-api.ts), or a real one (../real/node-api.ts). */
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
  /** Writes are for exactly this pod, never for a later one of the same name. */
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
  /** Gives a hint when pods may have changed, until the result is called; the kubelet also lists them regularly. */
  onChange(listener: () => void): () => void;
  /** It is not an error if the pod is gone. */
  writeStatus(pod: PodKey, status: PodStatus): Promise<void>;
  /** The containers have stopped: deletes the pod. It is not an error if it is gone. */
  forget(pod: PodKey): Promise<void>;
  /** Undefined when it does not exist. */
  configMap(namespace: string, name: string): Promise<StoredObject | undefined>;
  secret(namespace: string, name: string): Promise<StoredObject | undefined>;
  token(pod: PodKey, serviceAccount: string, expirationSeconds: number): Promise<ProjectedToken>;
}

export type { PodSpec, PodStatus };
