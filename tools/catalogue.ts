/**
 * The real software that the tests run against, each built from the Go module beside this file that pins it: go.mod names
 * its version, go.sum the content of everything that goes into it. A tool more is a folder and a line more.
 */
import { readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';

export interface Tool {
  /** The command's name, on PATH as in the cache. */
  readonly name: string;
  /** The folder with go.mod and go.sum, beside this file. */
  readonly folder: string;
  /** The Go package that is the command. */
  readonly package: string;
  /** The module whose version in go.mod is the tool's. */
  readonly module: string;
  /** Variables that the tool's own release build sets, given its version: without them it does not know which one it is. */
  readonly linked: (version: string) => Readonly<Record<string, string>>;
  /** What makes the command print its version. */
  readonly versionArgs: readonly string[];
  /** The oldest version on PATH that is used instead of a build. */
  readonly atLeast: string;
}

// The parts of a control plane have one version, so one module pins them, and what they share is compiled once.
const kubernetes = (name: string): Tool => ({
  name,
  folder: 'kubernetes',
  package: `k8s.io/kubernetes/cmd/${name}`,
  module: 'k8s.io/kubernetes',
  linked: (version) => ({ 'k8s.io/component-base/version.gitVersion': `v${version}` }),
  versionArgs: ['--version'],
  // The oldest release that Kubernetes itself still mends.
  atLeast: '1.34.0',
});

export const TOOLS: readonly Tool[] = [
  {
    name: 'pulumi',
    folder: 'pulumi',
    package: 'github.com/pulumi/pulumi/pkg/v3/cmd/pulumi',
    module: 'github.com/pulumi/pulumi/pkg/v3',
    linked: (version) => ({ 'github.com/pulumi/pulumi/sdk/v3/go/common/version.Version': `v${version}` }),
    versionArgs: ['version'],
    // requiredPulumiVersion in Pulumi.yaml: what users may have.
    atLeast: '3.229.0',
  },
  {
    name: 'etcd',
    folder: 'etcd',
    package: 'go.etcd.io/etcd/server/v3',
    module: 'go.etcd.io/etcd/server/v3',
    linked: () => ({}),
    versionArgs: ['--version'],
    atLeast: '3.5.0',
  },
  ...['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map(kubernetes),
];

export function toolNamed(name: string): Tool {
  const found = TOOLS.find((tool) => tool.name === name);
  if (!found) throw new Error(`no tool ${name}; there are ${TOOLS.map((tool) => tool.name).join(', ')}`);
  return found;
}

const HERE = fileURLToPath(new URL('.', import.meta.url));
const CACHE = fileURLToPath(new URL('../.cache/tools/', import.meta.url));

export interface Pin {
  readonly version: string;
  readonly folder: string;
  /** Where the built command belongs. Its folder's name changes with every byte of the pins. */
  readonly binary: string;
}

export async function pinOf(tool: Tool): Promise<Pin> {
  const folder = `${HERE}${tool.folder}`;
  const [mod, sum] = await Promise.all([readFile(`${folder}/go.mod`, 'utf8'), readFile(`${folder}/go.sum`, 'utf8')]);
  const version = versionIn(mod, tool.module);
  const digest = createHash('sha256').update(mod).update(sum).digest('hex').slice(0, 12);
  return { version, folder, binary: `${CACHE}${tool.name}-${version}-${digest}/${tool.name}` };
}

/** The version, without its `v`, at which a go.mod requires a module. */
export function versionIn(goMod: string, module: string): string {
  for (const line of goMod.split('\n')) {
    const [name, version] = line
      .replace(/^\s*require\s/, '')
      .trim()
      .split(/\s+/);
    if (name === module && version?.startsWith('v')) return version.slice(1);
  }
  throw new Error(`go.mod does not require ${module}`);
}

/** True where `version` is `least` or newer; numbers alone count, so a pre-release is as new as its release. */
export function isAtLeast(version: string, least: string): boolean {
  const numbers = (text: string): number[] => text.split(/[.+-]/).slice(0, 3).map(Number);
  const [a, b] = [numbers(version), numbers(least)];
  for (const [index, wanted] of b.entries()) {
    const have = a[index] ?? 0;
    if (Number.isNaN(have)) return false;
    if (have !== wanted) return have > wanted;
  }
  return true;
}
