/** Where images come from, and what a stack says of the names that have no digest. */
import assert from 'node:assert/strict';
import { parse } from 'smol-toml';
import * as z from 'zod';
import { hasDigest, mirrored } from '../../../infra/kubernetes/images.ts';
import { containersOf, cronJobOf, deploymentOf, podsOf, secretOf } from '../read.ts';
import { runStack, type Stack } from '../stack.ts';

const DIGEST = `@sha256:${'0123456789abcdef'.repeat(4)}`;
const RUNNER = `docker.io/gitlab/gitlab-runner:alpine-v18.4.0${DIGEST}`;
const NODE = `docker.io/library/node:22.20.0-alpine3.22${DIGEST}`;

describe('images', () => {
  const mirrors = { 'docker.io': 'mirror.example.com:5000/hub', 'registry.gitlab.com': 'mirror.example.com/gitlab' };

  for (const [image, from] of [
    [`docker.io/library/node:22${DIGEST}`, `mirror.example.com:5000/hub/library/node:22${DIGEST}`],
    ['node:22', 'mirror.example.com:5000/hub/library/node:22'],
    ['gitlab/gitlab-runner:v18', 'mirror.example.com:5000/hub/gitlab/gitlab-runner:v18'],
    ['registry.gitlab.com/gitlab-org/gitlab-runner:v18', 'mirror.example.com/gitlab/gitlab-org/gitlab-runner:v18'],
    ['registry.example.com:5000/node:22', 'registry.example.com:5000/node:22'],
    ['localhost/node:22', 'localhost/node:22'],
  ] as const)
    it(`takes ${image.replace(DIGEST, '@…')} from ${from.replace(DIGEST, '@…')}`, () =>
      assert.equal(mirrored(image, mirrors), from));

  it('count as pinned by digest only with 64 hexadecimal digits at their end', () => {
    assert.ok(hasDigest(NODE));
    for (const image of ['node:22', `node${DIGEST}0`, NODE.slice(0, -1)]) assert.ok(!hasDigest(image), image);
  });
});

describe('the images of a stack', () => {
  const annotationsOf = (object: unknown): Record<string, string> =>
    z.looseObject({ metadata: z.looseObject({ annotations: z.record(z.string(), z.string()) }) }).parse(object).metadata
      .annotations;
  const skips = (stack: Stack): string[] =>
    [deploymentOf(stack), cronJobOf(stack)]
      .flatMap((object) => Object.entries(annotationsOf(object)))
      .filter(([key]) => key.startsWith('checkov.io/skip'))
      .map(([, text]) => text);

  it('all come from the mirror, also the default image of jobs', async () => {
    const stack = await runStack('cluster-a', {
      config: { images: { mirrors: { 'docker.io': 'mirror.example.com' } } },
    });
    for (const { image } of containersOf(stack)) assert.match(image, /^mirror\.example\.com\/(gitlab|library)\//);
    const toml = z
      .object({ runners: z.tuple([z.object({ kubernetes: z.looseObject({ image: z.string() }) })]) })
      .parse(parse(secretOf(stack, 'runners-config-toml')['config.toml'] ?? ''));
    assert.equal(toml.runners[0].kubernetes.image, 'mirror.example.com/library/alpine:3.22');
  });

  it('are pulled with the credentials that the stack names', async () => {
    const stack = await runStack('cluster-a', { config: { images: { pullSecrets: ['mirror'] } } });
    for (const pod of podsOf(stack)) assert.deepEqual(pod['imagePullSecrets'], [{ name: 'mirror' }]);
  });

  it('are excepted from the rule of digests only when one has none', async () => {
    const byVersion = await runStack('cluster-a');
    assert.equal(skips(byVersion).filter((text) => text.startsWith('CKV_K8S_43=')).length, 2);
    const runnerAlone = await runStack('cluster-a', { config: { images: { node: NODE } } });
    assert.equal(skips(runnerAlone).filter((text) => text.startsWith('CKV_K8S_43=')).length, 1);
    const byDigest = await runStack('cluster-a', {
      config: { runner: { image: RUNNER }, images: { node: NODE, requireDigests: true } },
    });
    assert.deepEqual(
      skips(byDigest).filter((text) => text.startsWith('CKV_K8S_43=')),
      [],
    );
  });

  it('have no exception without a reason', async () => {
    const texts = skips(await runStack('cluster-a'));
    assert.equal(texts.length, 5);
    for (const text of texts) assert.match(text, /^CKV_K8S_\d+=[A-Z].{40,}/);
  });
});
