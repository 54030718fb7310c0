/** The schemas of the Kubernetes version and of the Prometheus operator's kinds that tools/ pins, made once into the cache. */
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { goVersion, ToolError } from '../build.ts';
import { pinOf, toolNamed, versionIn } from '../catalogue.ts';
import { moduleFolder } from '../go-module.ts';
import { customSchemasOf } from './custom.ts';
import { schemasOf } from './openapi.ts';

const MODULE = 'k8s.io/kubernetes';

/** The operator's module has the definitions of its kinds beside its code. */
const OPERATOR = 'github.com/prometheus-operator/prometheus-operator';
const OPERATOR_PINS = fileURLToPath(new URL('../prometheus-operator', import.meta.url));
const OPERATOR_KINDS = ['podmonitors', 'prometheusrules'];

export interface Schemas {
  readonly folder: string;
  /** Of Kubernetes. */
  readonly version: string;
}

export async function kubernetesSchemas(): Promise<Schemas> {
  // The module has the description beside the commands; its pin is theirs.
  const { version, folder: pins, binary } = await pinOf(toolNamed('kube-apiserver'));
  const built = dirname(binary);
  const digest = createHash('sha256').update(basename(built));
  for (const file of ['openapi.ts', 'custom.ts', '../prometheus-operator/go.sum'])
    digest.update(await readFile(fileURLToPath(new URL(file, import.meta.url))));
  const folder = join(dirname(built), `kubernetes-schemas-${version}-${digest.digest('hex').slice(0, 12)}`);
  if (!(await exists(folder))) await make(folder, pins, version);
  return { folder, version };
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function make(folder: string, pins: string, version: string): Promise<void> {
  const source = await sourceOf(pins, MODULE, version);
  const description: unknown = JSON.parse(await readFile(`${source}/api/openapi-spec/swagger.json`, 'utf8'));
  const draft = `${folder}.${process.pid}.tmp`;
  await mkdir(draft, { recursive: true });
  try {
    const files = [...schemasOf(description), ...(await operatorSchemas())];
    for (const [name, schema] of files) await writeFile(`${draft}/${name}`, JSON.stringify(schema));
    await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function operatorSchemas(): Promise<(readonly [string, object])[]> {
  const version = versionIn(await readFile(`${OPERATOR_PINS}/go.mod`, 'utf8'), OPERATOR);
  const source = await sourceOf(OPERATOR_PINS, OPERATOR, version);
  const each = OPERATOR_KINDS.map(async (kind) => {
    const file = `${source}/example/prometheus-operator-crd/monitoring.coreos.com_${kind}.yaml`;
    return [...customSchemasOf(parse(await readFile(file, 'utf8')))];
  });
  return (await Promise.all(each)).flat();
}

/** A module's files. Throws a ToolError where they cannot be had. */
async function sourceOf(pins: string, module: string, version: string): Promise<string> {
  if ((await goVersion()) === undefined)
    throw new ToolError(
      `the schemas of ${module} ${version} come from its Go module and there is no Go here: install Go (https://go.dev/dl).`,
    );
  try {
    return await moduleFolder(pins, module);
  } catch (error) {
    throw new ToolError(
      `go could not download ${module} ${version}: ${error instanceof Error ? error.message : 'failed'}`,
    );
  }
}
