/**
 * `hadr` at a person's terminal beside a simulated fleet: its calls go over HTTP to the fleet's GitLab, and virtual time
 * passes only while the command sleeps.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { GitLabModel } from '../../lab/gitlab/model/gitlab.ts';
import { serveGitLab } from '../../lab/gitlab/server.ts';
import { executeIn, type Execute } from '../../runtime/cli/machine.ts';
import { run as runHadr } from '../../runtime/cli/run.ts';
import type { Clock } from '../../runtime/ports.ts';
import { MAIN_TAG } from '../../simulation/world/fleet.ts';
import { BRANCH, PROJECT } from '../../simulation/world/gitlab.ts';
import { settledFleet, type SimulatedFleet } from './simulated-fleet.ts';

/** The group of the runner records. */
export const GROUP = 1;
/** A call of the command whose answer is lost costs a test this much. */
const REQUEST_SECONDS = 2;

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Person {
  readonly token?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** The answer to a question; without it the terminal asks nobody. */
  readonly answer?: boolean;
  /** What was asked is added to it. */
  readonly asked?: string[];
  readonly interrupted?: AbortSignal;
  readonly execute?: Execute;
  readonly colours?: boolean;
}

export class Terminal {
  readonly fleet: SimulatedFleet;
  readonly url: string;
  /** A folder with the hadr.yaml of this fleet. */
  readonly folder: string;
  /** Of `root`, who may do all that hadr does. */
  readonly token: string;
  private readonly stop: () => Promise<void>;

  constructor(
    fleet: SimulatedFleet,
    server: { readonly url: string; readonly close: () => Promise<void> },
    folder: string,
  ) {
    this.fleet = fleet;
    this.url = server.url;
    this.stop = server.close;
    this.folder = folder;
    this.token = addRoot(this.model);
  }

  get model(): GitLabModel {
    return this.fleet.world.gitlab.model;
  }

  /** What people and claims have committed, the newest first; reports and the page come and go by themselves. */
  acts(): string[] {
    const messages = this.model
      .repository(PROJECT)
      .log(BRANCH)
      .map(({ message }) => message);
    return messages.filter((message) => !/^(cluster-[ab]: Online|Page: )/.test(message));
  }

  /** The clock of a command: its sleeps are virtual time, and end when the person interrupts them. */
  clock(interrupted: AbortSignal = new AbortController().signal): Clock {
    const { clock } = this.fleet.operator();
    const aborted = new Promise<void>((resolve) => {
      if (interrupted.aborted) resolve();
      else interrupted.addEventListener('abort', () => resolve(), { once: true });
    });
    return { now: clock.now, sleep: (ms) => this.fleet.during(Promise.race([clock.sleep(ms), aborted])) };
  }

  /** `hadr ARGS` */
  async hadr(args: string, person: Person = {}): Promise<Ended> {
    const out: string[] = [];
    const err: string[] = [];
    const interrupted = person.interrupted ?? new AbortController().signal;
    const words = args.split(' ').filter((word) => word !== '');
    const surroundings = {
      env: { HADR_TOKEN: person.token ?? this.token, HOME: this.folder, ...person.env },
      cwd: person.cwd ?? this.folder,
    };
    const code = await runHadr(words, {
      ...surroundings,
      clock: this.clock(interrupted),
      wallClock: () => this.fleet.ms,
      execute: person.execute ?? executeIn({ ...surroundings, env: { ...process.env, ...surroundings.env } }),
      interrupted,
      terminal: {
        out: (text) => void out.push(text),
        err: (text) => void err.push(text),
        ask: async (question) => {
          person.asked?.push(question);
          return person.answer;
        },
        clear: () => undefined,
        colours: person.colours ?? false,
      },
    });
    return { code, out: out.join(''), err: err.join('') };
  }

  /** `hadr ARGS -o json`, which must write nothing to stderr. */
  async json(args: string, person: Person = {}): Promise<{ readonly code: number; readonly data: unknown }> {
    const { code, out, err } = await this.hadr(`${args} -o json`, person);
    if (err !== '') throw new Error(`hadr ${args} wrote to stderr: ${err}`);
    return { code, data: JSON.parse(out) };
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The status project and its group as people and stacks have set them up, and an administrator's token. */
function addRoot({ access }: GitLabModel): string {
  access.groups.set(GROUP, { id: GROUP, path: 'platform', name: 'Platform' });
  access.projects.set(PROJECT, {
    id: PROJECT,
    path: 'platform/status',
    groupId: GROUP,
    name: 'status',
    settings: {},
    protectedBranches: new Map([[BRANCH, { allowForcePush: false, pushLevel: 30, mergeLevel: 30 }]]),
  });
  const root = access.addUser('root', { admin: true });
  return access.addToken({ kind: 'user' }, 'root', ['api', 'manage_runner'], 50, '2999-01-01', root.id).value;
}

/** A terminal beside a settled fleet of two clusters, whose person has used --trust before. */
export async function openTerminal(): Promise<Terminal> {
  const fleet = await settledFleet();
  const folder = await mkdtemp(join(tmpdir(), 'hadr-terminal-'));
  const server = await serveGitLab(fleet.world.gitlab.model, { longPollMs: 0 });
  const terminal = new Terminal(fleet, server, folder);
  try {
    const config = {
      gitlab: { url: terminal.url, allowHttp: true, group: 'platform' },
      statusProject: { path: 'platform/status' },
      fleet: fleet.names,
      mainTags: [MAIN_TAG],
      timing: { requestSeconds: REQUEST_SECONDS },
    };
    await writeFile(join(folder, 'hadr.yaml'), stringify(config));
    await mkdir(join(folder, '.config/hadr'), { recursive: true });
    await writeFile(join(folder, '.config/hadr/trusted-gitlabs'), `${terminal.url}\n`);
    return terminal;
  } catch (error) {
    await terminal.close();
    throw error;
  }
}
