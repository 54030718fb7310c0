/**
 * The real software that the tests run against, each built from the Go module beside this file that pins it: go.mod names
 * its version, go.sum the content of everything that goes into it. For one more tool, add a folder and a line. Python tools come from PyPI.
 */
import { readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';

export interface Command {
  /** The command's name, on PATH as in the cache. */
  readonly name: string;
  /** The folder with the files that pin it, beside this file. */
  readonly folder: string;
  /** What makes the command print its version. Left out, with `atLeast`, where it tells none: then none on PATH is used. */
  readonly versionArgs?: readonly string[];
  /** The oldest version on PATH that is used instead of a build. */
  readonly atLeast?: string;
}

/** From PyPI: its folder has requirements.txt, with the hash of every file that may be installed. */
export interface PythonTool extends Command {
  /** What of its environment is run; without it, the command of the tool's name. */
  readonly entry?: string;
}

/** Built from a Go module: its folder has go.mod and go.sum. */
export interface Tool extends Command {
  /** The Go package that is the command. */
  readonly package: string;
  /** Build tags, where the tool is more than is needed of it. */
  readonly tags?: string;
  /** The module whose version in go.mod is the tool's. */
  readonly module: string;
  /** Variables that the tool's own release build sets, given its version: without them it does not know which one it is. */
  readonly linked: (version: string) => Readonly<Record<string, string>>;
  /** What the tool's own release build writes before it compiles, and no module has. */
  readonly generated?: readonly GeneratedFile[];
}

export interface GeneratedFile {
  /** Both below the module's folder. */
  readonly path: string;
  readonly from: string;
  /** Its text, from the text of `from` and the module's version. */
  readonly make: (text: string, version: string) => string;
}

// The parts of a control plane and its command have one version, so one module pins them, and what they share is compiled once.
const kubernetes = (name: string, versionArgs: readonly string[] = ['--version']): Tool => ({
  name,
  folder: 'kubernetes',
  package: `k8s.io/kubernetes/cmd/${name}`,
  module: 'k8s.io/kubernetes',
  linked: (version) => ({ 'k8s.io/component-base/version.gitVersion': `v${version}` }),
  versionArgs,
  // The oldest release that Kubernetes still patches.
  atLeast: '1.34.0',
});

/** Prometheus 3.16.0 is 0.316.0 as a Go module, for its Go code promises nothing. */
const prometheusRelease = (version: string): string => version.replace(/^0\.(\d)0?(\d+)\./, '$1.$2.');

/**
 * The only version at Go's proxy is a commit, by its time, and that one is of the day before release 4.25.0. The SDK asks for a newer
 * plugin; the engine takes the one on PATH all the same, and a state that names this version tells what was at work.
 */
const pluginRelease = (version: string): string => version.replace(/^4\.0\.0-(\d+)-\w+$/, '4.25.0-alpha.$1');

const PLUGIN = 'cmd/pulumi-resource-kubernetes';

export const TOOLS: readonly Tool[] = [
  {
    name: 'kubeconform',
    folder: 'kubeconform',
    package: 'github.com/yannh/kubeconform/cmd/kubeconform',
    module: 'github.com/yannh/kubeconform',
    linked: (version) => ({ 'main.version': `v${version}` }),
    versionArgs: ['-v'],
    // The first whose schemas may be files that refer to each other.
    atLeast: '0.7.0',
  },
  {
    name: 'kube-score',
    folder: 'kube-score',
    package: 'github.com/zegl/kube-score/cmd/kube-score',
    module: 'github.com/zegl/kube-score',
    linked: (version) => ({ 'main.version': version }),
    versionArgs: ['version'],
    atLeast: '1.20.0',
  },
  {
    name: 'promtool',
    folder: 'prometheus',
    package: 'github.com/prometheus/prometheus/cmd/promtool',
    // Rules are tested without the clients of all the clouds in which Prometheus can look for targets.
    tags: 'remove_all_sd',
    module: 'github.com/prometheus/prometheus',
    linked: (version) => ({ 'github.com/prometheus/common/version.Version': prometheusRelease(version) }),
    versionArgs: ['--version'],
    atLeast: '3.0.0',
  },
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
    name: 'pulumi-resource-kubernetes',
    folder: 'pulumi-kubernetes',
    package: `github.com/pulumi/pulumi-kubernetes/provider/v4/${PLUGIN}`,
    module: 'github.com/pulumi/pulumi-kubernetes/provider/v4',
    linked: (version) => ({
      'github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version.Version': pluginRelease(version),
    }),
    generated: [
      {
        path: `${PLUGIN}/schema-embed.json`,
        from: `${PLUGIN}/schema.json`,
        make: (text, version) => JSON.stringify({ ...JSON.parse(text), version: pluginRelease(version) }),
      },
      {
        path: `${PLUGIN}/terraform-mapping-embed.json`,
        from: `${PLUGIN}/terraform-mapping.json`,
        make: (text) => text,
      },
    ],
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
  ...['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map((name) => kubernetes(name)),
  kubernetes('kubectl', ['version', '--client']),
];

export const CHECKOV: PythonTool = {
  name: 'checkov',
  folder: 'checkov',
  versionArgs: ['--version'],
  atLeast: '3.2.0',
};

/** A library: its command is the Python that can import it. */
export const PYTHON_GITLAB: PythonTool = { name: 'python-gitlab', folder: 'python-gitlab', entry: 'python' };

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

export async function pinOf(tool: Tool | Command): Promise<Pin> {
  const folder = `${HERE}${tool.folder}`;
  const read = (file: string): Promise<string> => readFile(`${folder}/${file}`, 'utf8');
  if (!('module' in tool)) {
    const requirements = await read('requirements.txt');
    return pin(tool, folder, requiredIn(requirements, tool.name), [requirements]);
  }
  const [mod, sum] = await Promise.all([read('go.mod'), read('go.sum')]);
  return pin(tool, folder, versionIn(mod, tool.module), [mod, sum]);
}

function pin({ name }: Command, folder: string, version: string, files: readonly string[]): Pin {
  const digest = createHash('sha256');
  for (const file of files) digest.update(file);
  return { version, folder, binary: `${CACHE}${name}-${version}-${digest.digest('hex').slice(0, 12)}/${name}` };
}

/** The version at which a requirements.txt pins a package. */
function requiredIn(requirements: string, name: string): string {
  const version = new RegExp(`^${name}==(\\S+)`, 'm').exec(requirements)?.[1];
  if (version === undefined) throw new Error(`requirements.txt does not pin ${name}`);
  return version;
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
