/** Images: mirrors, digests, and the rules of their names. */
import type { types } from '@pulumi/kubernetes';

/** Mirrors of registries, by the host of the original: `{ 'docker.io': 'mirror.example.com/dockerhub' }`. */
export type Mirrors = Readonly<Record<string, string>>;

/** For jobs that name no image. */
export const JOB_IMAGE = 'docker.io/library/alpine:3.22';

/**
 * A cached image is the right one, for every name has a version or a digest. With `Always` an outage of the registry would stop
 * every checker: Kubernetes starts a new one each minute, and would ask the registry each time.
 */
export const PULL_POLICY = 'IfNotPresent';

export const hasDigest = (image: string): boolean => /@sha256:[0-9a-f]{64}$/.test(image);

/** The same image from the mirror of its registry, if there is one. */
export function mirrored(image: string, mirrors: Mirrors): string {
  const { registry, path } = parts(image);
  const mirror = mirrors[registry];
  return mirror === undefined ? image : `${mirror}/${path}`;
}

/** As container runtimes read a name: without a registry it is Docker Hub's, and without a user there one of `library`. */
function parts(image: string): { readonly registry: string; readonly path: string } {
  const slash = image.indexOf('/');
  const first = image.slice(0, Math.max(slash, 0));
  if (/[.:]/.test(first) || first === 'localhost') return { registry: first, path: image.slice(slash + 1) };
  return { registry: 'docker.io', path: slash < 0 ? `library/${image}` : image };
}

export const pullSecrets = (names: readonly string[]): Pick<types.input.core.v1.PodSpec, 'imagePullSecrets'> =>
  names.length === 0 ? {} : { imagePullSecrets: names.map((name) => ({ name })) };
