/** The common fields of Kubernetes objects. Fields of a kind are parsed where they are used. */
import * as z from 'zod';

const ownerReference = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  controller: z.boolean().optional(),
});

const labels = z.record(z.string(), z.string());

/** An object as a client sends it. */
export const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string().optional(),
    generateName: z.string().optional(),
    namespace: z.string().optional(),
    labels: labels.nullish(),
    annotations: labels.nullish(),
    resourceVersion: z.string().optional(),
    ownerReferences: z.array(ownerReference).nullish(),
  }),
});

export type OwnerReference = z.infer<typeof ownerReference>;
export type KubeObject = z.infer<typeof objectSchema>;

export interface Meta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly creationTimestamp: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly [field: string]: unknown;
}

/** An object as the API serves it. Stored objects are frozen; a change creates a new one. */
export interface StoredObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Meta;
  readonly [field: string]: unknown;
}

/** `metadata` as an API server sends it. */
export const metaSchema = z.looseObject({
  name: z.string(),
  namespace: z.string().exactOptional(),
  uid: z.string(),
  resourceVersion: z.string(),
  /** Kinds without a spec have none. */
  generation: z.number().default(1),
  creationTimestamp: z.string(),
  labels: labels.exactOptional(),
  annotations: labels.exactOptional(),
  ownerReferences: z.array(ownerReference).exactOptional(),
  deletionTimestamp: z.string().exactOptional(),
  deletionGracePeriodSeconds: z.number().exactOptional(),
});

export const storedSchema = z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: metaSchema });

/** Kubernetes writes times without fractions of a second. */
export const timestamp = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

export const isOwnedBy = (object: Pick<StoredObject, 'metadata'>, owner: StoredObject): boolean =>
  (object.metadata.ownerReferences ?? []).some((reference) => reference.uid === owner.metadata.uid);

export const ownerOf = (owner: StoredObject): OwnerReference => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
