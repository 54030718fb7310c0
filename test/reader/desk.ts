/**
 * A reader at a shell: enters the lines of the docs as they stand, in a clone of the project, with the real command-line tools
 * and a home of his own. What he would replace (an address, an id) is replaced; nothing else is.
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

/** No line of the docs should keep a reader waiting for longer. */
const LINE_MS = 180_000;
const POLL_MS = 500;

export interface How {
  /** What he types when he is asked. */
  readonly types?: string;
  /** The line asks only where a person is: give it a terminal. */
  readonly terminal?: boolean;
  /** The exit code, where it is not 0 or says how the fleet is. */
  readonly code?: number | 'any';
  /** What he must see. */
  readonly shows?: RegExp;
  /** He leaves with Ctrl-C as soon as he sees it. */
  readonly until?: RegExp;
}

export interface Ended {
  readonly code: number | null;
  /** What was on the screen: output and errors as they came. */
  readonly text: string;
}

export class Desk {
  /** The clone. */
  readonly folder: string;
  /** Lines of the docs that were entered and did what they should, as they stand there. */
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
  ): Promise<Desk> {
    const folder = join(home, 'checkout');
    const bin = join(home, 'bin');
    for (const path of [bin, join(home, 'home'), join(home, 'state')]) await mkdir(path, { recursive: true });
    await cloneOf(origin, folder);
    const tools = await Promise.all([...TOOLS, CHECKOV].map(findTool));
    const folders = tools.flatMap((tool) => (tool ? [dirname(tool.path)] : []));
    const host = join(ROOT, 'lab/pulumi/language-host.ts');
    const start = `#!/bin/sh\nexec '${process.execPath}' --import '${pathToFileURL(createRequire(host).resolve('tsx')).href}' '${host}' "$@"\n`;
    await writeFile(join(bin, 'pulumi-language-nodejs'), start, { mode: 0o755 });
    // As `npm link` would; where the docs say hadr alone, they leave to the reader how he got it onto his PATH.
    await symlink(join(folder, 'runtime/cli/hadr.mjs'), join(bin, 'hadr'));
    return new Desk(folder, {
      ...process.env,
      PATH: [bin, ...folders, process.env['PATH']].join(delimiter),
      ...pulumiIn(home),
      PULUMI_CONFIG_PASSPHRASE: 'of the docs',
      // He says yes to each preview: the selection with arrow keys is Pulumi's own.
      PULUMI_SKIP_CONFIRMATIONS: 'true',
      NO_COLOR: '1',
      ...env,
    });
  }

  /** `npm ci` on a page that does not say it again. */
  async install(): Promise<void> {
    await run('cp', ['--archive', '--link', join(ROOT, 'node_modules'), this.folder]);
  }

  /** What stands in the docs for something of the reader's, and his own; what is said later goes first. */
  replace(from: RegExp | string, to: string): void {
    this.replaced.unshift([from, to]);
  }

  /** A variable of his shell. */
  set(name: string, value: string): void {
    this.env[name] = value;
  }

  /** Enters lines one after the other; what is not said of a line is that it ends with 0. */
  async follow(lines: readonly string[], hows: Readonly<Record<string, How>> = {}): Promise<void> {
    for (const line of Object.keys(hows)) assert.ok(lines.includes(line), `no such line: ${line}`);
    for (const line of lines) await this.enter(line, hows[line]);
  }

  /** Enters one line of the docs. Throws, with the screen, where it does not end as it should. */
  async enter(line: string, how: How = {}): Promise<string> {
    const { code, text } = await this.run(line, how);
    const screen = `$ ${this.own(line)}\n${text.slice(-4000)}\n(exit code ${code})`;
    if (how.until === undefined && how.code !== 'any') assert.equal(code, how.code ?? 0, screen);
    if (how.shows) assert.match(text, how.shows, screen);
    this.entered.push(line);
    return text;
  }

  /** Enters it again and again until it ends with 0 and shows what is hoped for, as one does who waits. */
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

  /** A file of the reader's. */
  async write(name: string, text: string): Promise<void> {
    await writeFile(join(this.folder, name), this.own(text));
  }

  /** Other values in a YAML file of his; the rest stays as it is. */
  async amend(name: string, values: readonly (readonly [path: readonly string[], value: unknown])[]): Promise<void> {
    const file = join(this.folder, name);
    const document = parseDocument(await readFile(file, 'utf8'));
    for (const [path, value] of values) document.setIn(path, value);
    await writeFile(file, document.toString());
  }

  /** The text with what is his own. */
  own(text: string): string {
    return this.replaced.reduce((now, [from, to]) => now.replaceAll(from, to), text);
  }

  run(line: string, { types, terminal = false, until }: How): Promise<Ended> {
    const shell = ['bash', '-euo', 'pipefail', '-c', this.own(line)];
    const quoted = shell.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    const [program = '', ...args] = terminal ? ['script', '-qefc', quoted, '/dev/null'] : shell;
    const { folder: cwd, env } = this;
    return new Promise((resolve, reject) => {
      // A group of its own, so that Ctrl-C reaches all of it and nothing outlives the line.
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
      // Whoever has read enough has closed the pipe.
      child.stdin.on('error', () => undefined).end(types ?? '');
    });
  }
}
