/**
 * A reader of the docs at a shell. Enters commands of the docs unchanged, in a clone of the project, with the real command-line
 * tools and an own home folder. Only values that a reader would replace (an address, an id) are replaced.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { parseDocument } from 'yaml';
import { pulumiIn } from '../../lab/pulumi/real-engine.ts';
import { CHECKOV, TOOLS } from '../../tools/catalogue.ts';
import { findTool } from '../../tools/find.ts';
import { ROOT } from '../docs/pages.ts';
import { cloneOf } from './checkout.ts';

const run = promisify(execFile);

/** The time limit of a command. */
const LINE_MS = 180_000;
const POLL_MS = 500;

export interface Expectation {
  /** Input for a prompt. */
  readonly types?: string;
  /** Runs in a terminal: some commands only ask there. */
  readonly terminal?: boolean;
  /** The exit code, if it is not 0. */
  readonly code?: number | 'any';
  /** The output must match. */
  readonly shows?: RegExp;
  /** Sends Ctrl-C when the output matches. */
  readonly until?: RegExp;
}

export interface Ended {
  readonly code: number | null;
  /** Standard output and error, in their order. */
  readonly text: string;
}

export class Reader {
  /** The clone. */
  readonly folder: string;
  /** The commands that were entered with the expected result, as the docs have them. */
  readonly entered: string[] = [];
  private readonly env: NodeJS.ProcessEnv;
  private readonly replaced: (readonly [RegExp | string, string])[] = [];

  private constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.env = env;
  }

  static async open(
    { home, origin }: { readonly home: string; readonly origin: string },
    env: Readonly<Record<string, string>>,
  ): Promise<Reader> {
    const folder = join(home, 'checkout');
    const bin = join(home, 'bin');
    for (const path of [bin, join(home, 'home'), join(home, 'state')]) await mkdir(path, { recursive: true });
    await cloneOf(origin, folder);
    const tools = await Promise.all([...TOOLS, CHECKOV].map(findTool));
    const folders = tools.flatMap((tool) => (tool ? [dirname(tool.path)] : []));
    const host = join(ROOT, 'lab/pulumi/language-host.ts');
    const start = `#!/bin/sh\nexec '${process.execPath}' --import '${pathToFileURL(createRequire(host).resolve('tsx')).href}' '${host}' "$@"\n`;
    await writeFile(join(bin, 'pulumi-language-nodejs'), start, { mode: 0o755 });
    // As `npm link` does: the docs leave open how hadr gets onto PATH.
    await symlink(join(folder, 'runtime/cli/hadr.mjs'), join(bin, 'hadr'));
    return new Reader(folder, {
      ...process.env,
      PATH: [bin, ...folders, process.env['PATH']].join(delimiter),
      ...pulumiIn(home),
      PULUMI_CONFIG_PASSPHRASE: 'of the docs',
      // Confirms each preview: Pulumi's own prompt needs arrow keys.
      PULUMI_SKIP_CONFIRMATIONS: 'true',
      NO_COLOR: '1',
      ...env,
    });
  }

  /** `npm ci`, for a page that does not contain it. */
  async install(): Promise<void> {
    await run('cp', ['--archive', '--link', join(ROOT, 'node_modules'), this.folder]);
  }

  /** Replaces a value of the docs by the reader's own. Later replacements are applied first. */
  replace(from: RegExp | string, to: string): void {
    this.replaced.unshift([from, to]);
  }

  /** Sets an environment variable. */
  set(name: string, value: string): void {
    this.env[name] = value;
  }

  /** Enters commands in their order. Without an expectation, a command must exit with 0. */
  async follow(lines: readonly string[], expectations: Readonly<Record<string, Expectation>> = {}): Promise<void> {
    for (const line of Object.keys(expectations)) assert.ok(lines.includes(line), `the docs have no command ${line}`);
    for (const line of lines) await this.enter(line, expectations[line]);
  }

  /** Enters one command of the docs. Throws, with the output, if the result is not as expected. */
  async enter(line: string, expected: Expectation = {}): Promise<string> {
    const { code, text } = await this.run(line, expected);
    const screen = `$ ${this.own(line)}\n${text.slice(-4000)}\n(exit code ${code})`;
    if (expected.until === undefined && expected.code !== 'any') assert.equal(code, expected.code ?? 0, screen);
    if (expected.shows) assert.match(text, expected.shows, screen);
    this.entered.push(line);
    return text;
  }

  /** Enters a command again until it exits with 0 and its output matches. */
  async await(line: string, shows: RegExp, withinMs = 60_000): Promise<string> {
    const end = performance.now() + withinMs;
    for (;;) {
      const { code, text } = await this.run(line, {});
      if (code === 0 && shows.test(text)) {
        this.entered.push(line);
        return text;
      }
      assert.ok(
        performance.now() < end,
        `after ${withinMs / 1000} s still:\n$ ${this.own(line)}\n${text.slice(-4000)}`,
      );
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Writes a file of the reader. */
  async write(name: string, text: string): Promise<void> {
    await writeFile(join(this.folder, name), this.own(text));
  }

  /** Changes values in a YAML file. */
  async edit(name: string, values: readonly (readonly [path: readonly string[], value: unknown])[]): Promise<void> {
    const file = join(this.folder, name);
    const document = parseDocument(await readFile(file, 'utf8'));
    for (const [path, value] of values) document.setIn(path, value);
    await writeFile(file, document.toString());
  }

  /** The text with the reader's own values. */
  own(text: string): string {
    return this.replaced.reduce((now, [from, to]) => now.replaceAll(from, to), text);
  }

  run(line: string, { types, terminal = false, until }: Expectation): Promise<Ended> {
    const shell = ['bash', '-euo', 'pipefail', '-c', this.own(line)];
    const quoted = shell.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    const [program = '', ...args] = terminal ? ['script', '-qefc', quoted, '/dev/null'] : shell;
    const { folder: cwd, env } = this;
    return new Promise((resolve, reject) => {
      // A process group of its own: Ctrl-C reaches all its processes, and none outlives the command.
      const child = spawn(program, args, { cwd, env, detached: true, stdio: 'pipe' });
      const signal = (name: NodeJS.Signals): void => void (child.pid !== undefined && process.kill(-child.pid, name));
      const late = setTimeout(() => signal('SIGKILL'), LINE_MS);
      let text = '';
      let seen = false;
      const hear = (piece: string): void => {
        text += piece;
        if (seen || until?.test(text) !== true) return;
        seen = true;
        signal('SIGINT');
      };
      child.stdout.setEncoding('utf8').on('data', hear);
      child.stderr.setEncoding('utf8').on('data', hear);
      child.once('error', reject);
      child.once('close', (code) => {
        clearTimeout(late);
        if (until && !seen) return reject(new Error(`${line} never showed ${String(until)}:\n${text.slice(-4000)}`));
        resolve({ code, text });
      });
      // The command may close its input early.
      child.stdin.on('error', () => undefined).end(types ?? '');
    });
  }
}
