/** A pod's volumes as folders: written before the first container starts, and again when their source changes. */
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { isRecord, type StoredObject } from '../objects.ts';
import type { Container, DownwardItem, Projection, Volume } from '../pods.ts';
import { ConfigError, fieldValue } from './env.ts';
import type { NodeApi, NodePod, ProjectedToken } from './node-api.ts';
import type { Mount } from './paths.ts';

/** File name to content. */
type Files = Map<string, Buffer>;

export class Volumes {
  readonly #root: string;
  readonly #api: NodeApi;
  readonly #now: () => number;
  readonly #tokens = new Map<string, ProjectedToken & { readonly issuedAt: number }>();
  readonly #written = new Map<string, ReadonlySet<string>>();

  constructor(root: string, api: NodeApi, now: () => number) {
    this.#root = root;
    this.#api = api;
    this.#now = now;
  }

  /**
   * Writes what is missing or has changed. A ConfigMap that does not exist is a ConfigError, as long as it is not
   * optional.
   */
  async write(pod: NodePod): Promise<void> {
    for (const volume of pod.spec.volumes) {
      const folder = this.#folder(volume.name);
      await mkdir(folder, { recursive: true });
      if (volume.emptyDir !== undefined) continue;
      await this.#replace(folder, await this.#files(pod, volume));
    }
  }

  mounts(container: Container): readonly Mount[] {
    return container.volumeMounts.map((mount) => ({
      containerPath: mount.mountPath,
      hostPath: mount.subPath === '' ? this.#folder(mount.name) : join(this.#folder(mount.name), safe(mount.subPath)),
    }));
  }

  #folder(volume: string): string {
    return join(this.#root, volume);
  }

  async #files(pod: NodePod, volume: Volume): Promise<Files> {
    if (volume.configMap) return this.#project(pod, [{ configMap: volume.configMap }]);
    if (volume.secret) return this.#project(pod, [{ secret: { ...volume.secret, name: volume.secret.secretName } }]);
    if (volume.downwardAPI) return this.#project(pod, [{ downwardAPI: volume.downwardAPI }]);
    if (volume.projected) return this.#project(pod, volume.projected.sources);
    const kinds = Object.keys(volume).filter((key) => key !== 'name');
    throw new ConfigError(`volume ${volume.name}: ${kinds.join(', ')} is not supported`);
  }

  async #project(pod: NodePod, sources: readonly Projection[]): Promise<Files> {
    const namespace = pod.metadata.namespace ?? '';
    const files: Files = new Map();
    for (const source of sources) {
      if (source.configMap) {
        const found = await this.#api.configMap(namespace, source.configMap.name);
        select(files, 'configmap', source.configMap, found && configMapFiles(found));
      }
      if (source.secret) {
        const found = await this.#api.secret(namespace, source.secret.name);
        select(files, 'secret', source.secret, found && encodedFiles(found['data']));
      }
      for (const item of source.downwardAPI?.items ?? []) files.set(safe(item.path), downward(pod, item));
      if (source.serviceAccountToken) {
        const { path, expirationSeconds } = source.serviceAccountToken;
        files.set(safe(path), Buffer.from(await this.#token(pod, expirationSeconds)));
      }
    }
    return files;
  }

  /** Renewed after 80 % of its lifetime, as a kubelet does. */
  async #token(pod: NodePod, expirationSeconds: number): Promise<string> {
    const key = String(expirationSeconds);
    const known = this.#tokens.get(key);
    const now = this.#now();
    if (known && now < known.issuedAt + (known.expiresAt - known.issuedAt) * 0.8) return known.token;
    const { name, namespace = '', uid } = pod.metadata;
    const issued = await this.#api.token({ namespace, name, uid }, pod.spec.serviceAccountName, expirationSeconds);
    this.#tokens.set(key, { ...issued, issuedAt: now });
    return issued.token;
  }

  /** Each file is replaced atomically: a reader never sees a part of it. */
  async #replace(folder: string, files: Files): Promise<void> {
    for (const [name, content] of files) {
      const path = join(folder, name);
      const before = await readFile(path).catch(() => undefined);
      if (before?.equals(content)) continue;
      await mkdir(dirname(path), { recursive: true });
      await writeFile(`${path}.new`, content);
      await chmod(`${path}.new`, 0o600);
      await rename(`${path}.new`, path);
    }
    for (const name of this.#written.get(folder) ?? [])
      if (!files.has(name)) await rm(join(folder, name), { force: true });
    this.#written.set(folder, new Set(files.keys()));
  }
}

/** A path in the volume. A path that leads out of it is refused, as by the API server. */
function safe(path: string): string {
  const clean = normalize(path);
  if (clean.startsWith('/') || clean.split('/').includes('..'))
    throw new ConfigError(`path ${path} leads out of its volume`);
  return clean;
}

interface Selection {
  readonly name: string;
  readonly optional: boolean;
  readonly items?: readonly { readonly key: string; readonly path: string }[] | undefined;
}

function select(files: Files, kind: string, source: Selection, found: Files | undefined): void {
  if (!found) {
    if (!source.optional) throw new ConfigError(`${kind} "${source.name}" not found`);
    return;
  }
  for (const { key, path } of source.items ?? [...found.keys()].map((key) => ({ key, path: key }))) {
    const content = found.get(key);
    if (content) files.set(safe(path), content);
    else if (!source.optional) throw new ConfigError(`${kind} "${source.name}" references non-existent key: ${key}`);
  }
}

function configMapFiles(object: StoredObject): Files {
  const data = isRecord(object['data']) ? Object.entries(object['data']) : [];
  const texts = data.map(([key, value]): [string, Buffer] => [key, Buffer.from(String(value))]);
  return new Map([...texts, ...encodedFiles(object['binaryData'])]);
}

const encodedFiles = (data: unknown): Files =>
  new Map(
    Object.entries(isRecord(data) ? data : {}).map(([key, value]) => [key, Buffer.from(String(value), 'base64')]),
  );

function downward(pod: NodePod, item: DownwardItem): Buffer {
  if (!item.fieldRef) throw new ConfigError(`downwardAPI item ${item.path}: only fieldRef is supported`);
  return Buffer.from(fieldValue(pod, item.fieldRef.fieldPath));
}
