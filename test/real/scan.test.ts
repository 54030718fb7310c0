/** The scanners find errors in a manifest; otherwise a clean scan (`npm run scan`) would prove nothing. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from '../../infra/program.ts';
import { render } from '../../infra/render/render.ts';
import { pythonVersion } from '../../tools/python.ts';
import { scanners, type Scanner, type Verdict } from '../../tools/scan/scanners.ts';
import { A, ROOT } from '../support/stacks.ts';

describe('the scanners', function () {
  let manifests: string;
  let folder: string;
  let all: readonly Scanner[];

  before(async function () {
    if ((await pythonVersion()) === undefined) this.skip();
    all = await scanners();
    folder = await mkdtemp(join(tmpdir(), 'hadr-scan-test-'));
    const fast = () => program(() => Promise.resolve({ checker: '//', sidecar: '//' }));
    manifests = await render(ROOT, A, fast, { monitoring: { enabled: true } });
  });

  after(async () => {
    if (folder) await rm(folder, { recursive: true });
  });

  /** The verdict of the scanner `name` on the stack with `right` replaced by `wrong`. */
  const verdictOn = async (name: string, right: RegExp, wrong: string): Promise<Verdict> => {
    assert.match(manifests, right);
    const file = join(folder, `${name}.yaml`);
    await writeFile(file, manifests.replace(right, wrong));
    const scanner = all.find((one) => one.name.startsWith(name));
    assert.ok(scanner);
    return scanner.scan(file);
  };

  for (const [what, name, right, wrong, finding] of [
    ['a field that there is not', 'kubeconform', /imagePullPolicy:/, 'imagePulPolicy:', /Deployment .*imagePulPolicy/],
    [
      'a field that the operator does not know',
      'kubeconform',
      /podMetricsEndpoints:/,
      'endpoints:',
      /PodMonitor .*endpoints/,
    ],
    ['a number that is text', 'kubeconform', /replicas: 2/, 'replicas: two', /Deployment .*replicas/],
    ['an object without its kind’s version', 'kubeconform', /policy\/v1/, 'policy/v1beta1', /PodDisruptionBudget/],
    ['a container without limits', 'kube-score', / limits:\n( +\S+: \S+\n){3}/, ' limits: {}\n', /container-resources/],
    [
      'pods that no policy covers',
      'kube-score',
      /(podSelector:\n +matchLabels:\n +app.kubernetes.io\/component:) checker/,
      '$1 nobody',
      /pod-networkpolicy/,
    ],
    ['a container with all capabilities', 'checkov', /drop:\n +- ALL/, 'drop: []', /CKV_K8S_37/],
  ] as const)
    it(`find ${what}: ${name}`, async () => {
      const { findings } = await verdictOn(name, right, wrong);
      assert.match(findings.join('\n'), finding);
    });

  it('list the exceptions of a manifest with their reasons', async () => {
    const { findings, exceptions } = await verdictOn('checkov', /^/, '');
    assert.deepEqual(findings, []);
    assert.deepEqual(exceptions.map((line) => /CKV_K8S_\d+/.exec(line)?.[0]).sort(), [
      'CKV_K8S_15',
      'CKV_K8S_15',
      'CKV_K8S_43',
      'CKV_K8S_43',
      'CKV_K8S_9',
    ]);
    assert.match(exceptions.join('\n'), /CKV_K8S_9 .*dead sidecar/);
  });
});
