/**
 * The cluster's objects in memory, with the API server's rules for writes: names are unique in a kind and namespace, resource
 * versions increase, `spec` and `status` are written separately, a pod is deleted in two steps. Listeners are called at each
 * change.
 */
import { randomUUID } from 'node:crypto';
import { admitCreate, admitUpdate } from './admission.ts';
import { alreadyExists, badRequest, conflict, invalid, notFound } from './errors.ts';
import { apiVersionOf, kindOf, NAMESPACE, POD, type Kind } from './kinds.ts';
import { mergePatch, sameJson } from './merge.ts';
import { isRecord, objectSchema, timestamp, type KubeObject, type StoredObject } from './objects.ts';
import { podSpecOf } from './pods.ts';
import { randomSuffix } from './random.ts';

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly kind: Kind;
  readonly object: StoredObject;
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  /** Deletes only the object with this UID, not a later one of the same name. */
  readonly uid?: string;
}

export type Subresource = 'status';

const SERVER_FIELDS = ['uid', 'creationTimestamp', 'generation', 'deletionTimestamp', 'deletionGracePeriodSeconds'];

export class Store {
  readonly #objects = new Map<string, StoredObject>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #now: () => number;
  #version = 1;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  get resourceVersion(): string {
    return String(this.#version);
  }

  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  find(kind: Kind, namespace: string, name: string): StoredObject | undefined {
    return this.#objects.get(keyOf(kind, namespace, name));
  }

  get(kind: Kind, namespace: string, name: string): StoredObject {
    const found = this.find(kind, namespace, name);
    if (!found) throw notFound(kind, name);
    return found;
  }

  /** Ordered as etcd orders its keys: by namespace, then by name. */
  list(kind: Kind, namespace = ''): StoredObject[] {
    const prefix = namespace === '' ? `${kind.plural}.${kind.group}/` : `${kind.plural}.${kind.group}/${namespace}/`;
    return [...this.#objects]
      .filter(([key]) => key.startsWith(prefix))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object);
  }

  everything(): StoredObject[] {
    return [...this.#objects.values()];
  }

  create(kind: Kind, namespace: string, input: unknown): StoredObject {
    const body = this.#parse(kind, namespace, input);
    if (kind.namespaced && !this.find(NAMESPACE, '', namespace)) throw notFound(NAMESPACE, namespace);
    const prefix = body.metadata.generateName;
    const name = body.metadata.name ?? (prefix === undefined ? '' : `${prefix}${randomSuffix()}`);
    if (name === '') throw invalid(kind, '', 'metadata.name', 'Required value: name or generateName is required');
    if (this.find(kind, namespace, name)) throw alreadyExists(kind, name);
    const admitted = admitCreate(kind, name, namespace, body, this);
    const { generateName: _, ...metadata } = admitted.metadata;
    return this.#write('ADDED', kind, namespace, {
      ...admitted,
      metadata: {
        ...metadata,
        name,
        ...(kind.namespaced ? { namespace } : {}),
        uid: randomUUID(),
        generation: 1,
        creationTimestamp: timestamp(this.#now()),
      },
    });
  }

  /** Replaces everything but the status, or with `status` nothing but the status. */
  update(kind: Kind, namespace: string, name: string, input: unknown, subresource?: Subresource): StoredObject {
    const current = this.get(kind, namespace, name);
    const body = this.#parse(kind, namespace, input);
    const version = body.metadata.resourceVersion;
    if (version !== undefined && version !== current.metadata.resourceVersion) throw conflict(kind, name);
    if (subresource === 'status') return this.#settle(kind, current, { ...current, status: body['status'] });
    const admitted = admitUpdate(kind, name, current, body);
    return this.#settle(kind, current, { ...admitted, ...('status' in current ? { status: current['status'] } : {}) });
  }

  patch(kind: Kind, namespace: string, name: string, patch: unknown, subresource?: Subresource): StoredObject {
    const current = this.get(kind, namespace, name);
    const merged = mergePatch(current, patch);
    if (!isRecord(merged)) throw badRequest('the patch must be a JSON object');
    return this.update(kind, namespace, name, merged, subresource);
  }

  /**
   * A pod on a node is only marked: its kubelet stops the containers and then deletes it with a grace period of 0.
   * Any other object is removed at once.
   */
  delete(kind: Kind, namespace: string, name: string, options: DeleteOptions = {}): StoredObject {
    const current = this.get(kind, namespace, name);
    if (options.uid !== undefined && options.uid !== current.metadata.uid)
      throw conflict(
        kind,
        name,
        `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${current.metadata.uid}`,
      );
    const grace = kind === POD ? graceOf(current, options.gracePeriodSeconds) : 0;
    if (grace === 0) {
      this.#objects.delete(keyOf(kind, namespace, name));
      this.#version += 1;
      this.#tell({ type: 'DELETED', kind, object: current });
      return current;
    }
    const already = current.metadata.deletionGracePeriodSeconds;
    if (already !== undefined && already <= grace) return current;
    return this.#write('MODIFIED', kind, namespace, {
      ...current,
      metadata: {
        ...current.metadata,
        deletionTimestamp: timestamp(this.#now() + grace * 1000),
        deletionGracePeriodSeconds: grace,
      },
    });
  }

  #parse(kind: Kind, namespace: string, input: unknown): KubeObject {
    const parsed = objectSchema.safeParse(input);
    if (!parsed.success)
      throw badRequest(`the object is not a Kubernetes object: ${parsed.error.issues[0]?.message ?? ''}`);
    const body = parsed.data;
    if (kindOf(body) !== kind)
      throw badRequest(`the object is ${body.apiVersion} ${body.kind}, expected ${apiVersionOf(kind)} ${kind.kind}`);
    const given = body.metadata.namespace ?? namespace;
    if (kind.namespaced && given !== namespace)
      throw badRequest(
        `the namespace of the provided object does not match the namespace sent on the request: ${given} is not ${namespace}`,
      );
    return body;
  }

  /** Writes a change. A write that changes nothing causes no event, as in Kubernetes. */
  #settle(kind: Kind, current: StoredObject, next: Readonly<Record<string, unknown>>): StoredObject {
    const metadata: Record<string, unknown> = isRecord(next['metadata']) ? { ...next['metadata'] } : {};
    for (const field of SERVER_FIELDS) {
      if (current.metadata[field] === undefined) delete metadata[field];
      else metadata[field] = current.metadata[field];
    }
    metadata['resourceVersion'] = current.metadata.resourceVersion;
    const written = { ...next, metadata };
    if (sameJson(written, current)) return current;
    if (!sameJson(next['spec'], current['spec'])) metadata['generation'] = current.metadata.generation + 1;
    return this.#write('MODIFIED', kind, current.metadata.namespace ?? '', written);
  }

  #write(
    type: 'ADDED' | 'MODIFIED',
    kind: Kind,
    namespace: string,
    input: Readonly<Record<string, unknown>> & { readonly metadata: Readonly<Record<string, unknown>> },
  ): StoredObject {
    this.#version += 1;
    const object = stored({ ...input, metadata: { ...input.metadata, resourceVersion: String(this.#version) } });
    this.#objects.set(keyOf(kind, namespace, object.metadata.name), object);
    this.#tell({ type, kind, object });
    return object;
  }

  #tell(change: Change): void {
    for (const listener of [...this.#listeners]) listener(change);
  }
}

const keyOf = (kind: Kind, namespace: string, name: string): string =>
  `${kind.plural}.${kind.group}/${kind.namespaced ? namespace : ''}/${name}`;

function graceOf(pod: StoredObject, asked: number | undefined): number {
  const spec = podSpecOf(pod);
  const status = isRecord(pod['status']) ? pod['status'] : {};
  if (spec.nodeName === undefined || status['phase'] === 'Succeeded' || status['phase'] === 'Failed') return 0;
  return asked ?? spec.terminationGracePeriodSeconds;
}

/** A frozen copy of plain JSON: nothing that a caller holds can change what is stored. */
function stored(input: unknown): StoredObject {
  const copy: unknown = JSON.parse(JSON.stringify(input), (_key, value: unknown) =>
    typeof value === 'object' && value !== null ? Object.freeze(value) : value,
  );
  if (!isStored(copy)) throw new Error('the object to be stored has no name, uid or version');
  return copy;
}

const isStored = (value: unknown): value is StoredObject =>
  isRecord(value) &&
  isRecord(value['metadata']) &&
  ['name', 'uid', 'resourceVersion', 'creationTimestamp'].every(
    (field) => isRecord(value['metadata']) && typeof value['metadata'][field] === 'string',
  );
