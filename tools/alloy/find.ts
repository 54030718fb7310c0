/** Provides Alloy: a jar in the cache, which Maven copies at the version in pom.xml. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ToolError } from '../build.ts';

const run = promisify(execFile);

const POM = join(import.meta.dirname, 'pom.xml');
const CACHE = join(import.meta.dirname, '../../.cache/tools');
/** The content that belongs to the version in pom.xml: Maven has no file of sums, as Go has. */
const SHA256 = '6037cbeee0e8423c1c468447ed10f5fcf2f2743a2ffc39cb1c81f2905c0fdb9d';
const JAVA_AT_LEAST = 17;

/** The version at which the pom has an artifact. */
export function versionInPom(pom: string, artifact: string): string {
  const version = new RegExp(`<artifactId>${artifact}</artifactId>\\s*<version>([^<]+)</version>`).exec(pom)?.[1];
  if (version === undefined) throw new Error(`pom.xml does not pin ${artifact}`);
  return version;
}

/** The major version in what `java -version` says: `17.0.15` is 17, `1.8.0` is 8. */
export function javaMajor(said: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(said);
  return match ? Number(match[1]) : undefined;
}

async function needJava(): Promise<void> {
  const fix = `the model is checked with Alloy on Java: put java ${JAVA_AT_LEAST} or later on PATH`;
  const said = await run('java', ['-version']).then(
    ({ stderr }) => stderr,
    () => undefined,
  );
  if (said === undefined) throw new ToolError(`There is no java on PATH; ${fix}.`);
  const major = javaMajor(said);
  if (major === undefined || major < JAVA_AT_LEAST)
    throw new ToolError(
      `The java on PATH has ${major === undefined ? 'an unknown version' : `version ${major}`}; ${fix}.`,
    );
}

const sumOf = async (path: string): Promise<string | undefined> => {
  const content = await readFile(path).catch(() => undefined);
  return content && createHash('sha256').update(content).digest('hex');
};

/** The path of the jar; it is fetched the first time. */
export async function alloyJar(say: (line: string) => void): Promise<string> {
  await needJava();
  const artifact = 'org.alloytools.alloy.dist';
  const version = versionInPom(await readFile(POM, 'utf8'), artifact);
  const folder = join(CACHE, `alloy-${version}`);
  const jar = join(folder, `${artifact}-${version}.jar`);
  if ((await sumOf(jar)) === SHA256) return jar;
  say(`alloy ${version}: fetches it with mvn`);
  const draft = `${folder}.${process.pid}.tmp`;
  try {
    await copyWithMaven(version, draft);
    const sum = await sumOf(join(draft, `${artifact}-${version}.jar`));
    if (sum !== SHA256)
      throw new ToolError(`mvn brought another ${artifact}-${version}.jar than the known one: its SHA-256 is ${sum}.`);
    await mkdir(CACHE, { recursive: true });
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return jar;
}

async function copyWithMaven(version: string, folder: string): Promise<void> {
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${folder}`, '-DexcludeTransitive=true'];
  try {
    await run('mvn', ['-q', '-B', '-f', POM, ...goal], { maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      throw new ToolError(`Alloy ${version} is fetched with Maven and there is no mvn here: put mvn on PATH.`);
    const said = error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
    const lines = said.split('\n').filter((line) => line.startsWith('[ERROR]'));
    throw new ToolError(`mvn could not fetch Alloy ${version}:\n${lines.slice(0, 3).join('\n')}`);
  }
}
