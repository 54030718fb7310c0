/** The schemas of the Kubernetes version that tools/kubernetes pins, made once into the cache. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as z from 'zod';
import { goVersion, ToolError } from '../build.ts';
import { pinOf, toolNamed } from '../catalogue.ts';
import { schemasOf } from './openapi.ts';

const run = promisify(execFile);

const MODULE = 'k8s.io/kubernetes';

export interface Schemas {
  readonly folder: string;
  /** Of Kubernetes. */
  readonly version: string;
}

export async function kubernetesSchemas(): Promise<Schemas> {
  // The module has the description beside the commands; its pin is theirs.
  const { version, folder: pins, binary } = await pinOf(toolNamed('kube-apiserver'));
  const built = dirname(binary);
  const maker = await readFile(fileURLToPath(new URL('openapi.ts', import.meta.url)));
  const digest = createHash('sha256').update(basename(built)).update(maker).digest('hex').slice(0, 12);
  const folder = join(dirname(built), `kubernetes-schemas-${version}-${digest}`);
  if (!(await exists(folder))) await make(folder, pins, version);
  return { folder, version };
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function make(folder: string, pins: string, version: string): Promise<void> {
  const source = await moduleFolder(pins, version);
  const description: unknown = JSON.parse(await readFile(`${source}/api/openapi-spec/swagger.json`, 'utf8'));
  const draft = `${folder}.${process.pid}.tmp`;
  await mkdir(draft, { recursive: true });
  try {
    for (const [name, schema] of schemasOf(description)) await writeFile(`${draft}/${name}`, JSON.stringify(schema));
    await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Where Go keeps the module's files; go.sum in `pins` vouches for them. */
async function moduleFolder(pins: string, version: string): Promise<string> {
  if ((await goVersion()) === undefined)
    throw new ToolError(
      `the schemas of Kubernetes ${version} come from its Go module and there is no Go here: install Go (https://go.dev/dl).`,
    );
  try {
    const { stdout } = await run('go', ['mod', 'download', '-json', MODULE], { cwd: pins });
    return z.object({ Dir: z.string() }).parse(JSON.parse(stdout)).Dir;
  } catch (error) {
    throw new ToolError(
      `go could not download ${MODULE} ${version}: ${error instanceof Error ? error.message : 'failed'}`,
    );
  }
}
