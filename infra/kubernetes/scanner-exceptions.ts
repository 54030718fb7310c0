/**
 * The rules of kube-score and checkov that do not fit here, as annotations that these scanners read on the object itself: a
 * rendered stack has the reason at the object. test/real/ counts them.
 */
import { hasDigest } from './images.ts';
import type { Settings } from '../settings/settings.ts';

type Annotations = Record<string, string>;

const PULL_POLICY =
  'CKV_K8S_15=A checker starts every minute: with Always, an outage of the registry would stop every checker. Images have a version or a digest, so a cached image is the right one';
const SIDECAR_READINESS =
  "CKV_K8S_9=The runner's own container has a readiness probe; the sidecar has none, because a dead sidecar shows nothing about the runner and must not make the pod unready";
const NO_DIGEST =
  'CKV_K8S_43=This stack names images by version; images.requireDigests refuses that, see docs/hardening.md';

export const runnerExceptions = ({ runner, images }: Settings): Annotations =>
  annotations([PULL_POLICY, SIDECAR_READINESS, ...digestException([runner.image, images.node])]);

export const checkerExceptions = ({ images }: Settings): Annotations =>
  annotations([PULL_POLICY, ...digestException([images.node])]);

const digestException = (images: readonly string[]): string[] => (images.every(hasDigest) ? [] : [NO_DIGEST]);

function annotations(skipped: readonly string[]): Annotations {
  return {
    ...Object.fromEntries(skipped.map((skip, index) => [`checkov.io/skip${index + 1}`, skip])),
    // kube-score takes no reason; it is that of CKV_K8S_15.
    'kube-score/ignore': 'container-image-pull-policy',
  };
}
