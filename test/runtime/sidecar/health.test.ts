import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { healthFileAt } from '../../../runtime/sidecar/health-file.ts';
import {
  formatHealth,
  parseHealth,
  readinessCommand,
  runnerLivenessCommand,
  sidecarLivenessCommand,
  type Health,
} from '../../../runtime/sidecar/health.ts';

const HEALTH: Health = { ready: true, live: true, evidence: 'online', reason: 'GitLab answered its poll 2 s ago' };

describe('the health file', () => {
  let folder = '';
  let path = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hadr health '));
    path = join(folder, "it's the health");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const passes = (command: readonly string[]): boolean => {
    const [program = '', ...args] = command;
    const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    assert.equal(stderr, '');
    return status === 0;
  };
  const age = (seconds: number) => utimes(path, Date.now() / 1000 - seconds, Date.now() / 1000 - seconds);

  it('has one line for each value, and the reason stays on one line', () => {
    const text = formatHealth({ ...HEALTH, reason: 'two\nready=no\nlines' });
    assert.equal(text, 'ready=yes\nlive=yes\nevidence=online\nreason=two ready=no lines\n');
    assert.deepEqual(parseHealth(formatHealth(HEALTH)), HEALTH);
  });

  it('is not parsed when it is damaged', () => {
    for (const text of [
      '',
      'ready=yes\n',
      formatHealth(HEALTH).slice(0, -5),
      'ready=maybe\nlive=yes\nevidence=online\nreason=\n',
    ])
      assert.equal(parseHealth(text), undefined, JSON.stringify(text));
  });

  it('is read back by the next sidecar, is missing in a new pod, and leaves no temporary file', async () => {
    const file = healthFileAt(path);
    assert.equal(await file.read(), undefined);
    await file.write(HEALTH);
    await file.write({ ...HEALTH, ready: false });
    assert.deepEqual(await file.read(), { ...HEALTH, ready: false });
    assert.equal((await readdir(folder)).length, 1);
  });

  describe('read by the probes', () => {
    const table: [
      string,
      Partial<Health> | undefined,
      number,
      { ready: boolean; runner: boolean; sidecar: boolean },
    ][] = [
      ['online', {}, 0, { ready: true, runner: true, sidecar: true }],
      ['not ready', { ready: false }, 0, { ready: false, runner: true, sidecar: true }],
      ['stuck', { ready: false, live: false }, 0, { ready: false, runner: false, sidecar: true }],
      ['stuck, 50 s old', { ready: false, live: false }, 50, { ready: false, runner: false, sidecar: true }],
      [
        'stuck, but the sidecar is dead',
        { ready: false, live: false },
        130,
        { ready: false, runner: true, sidecar: false },
      ],
      ['online, but the sidecar is dead', {}, 130, { ready: true, runner: true, sidecar: false }],
      [
        'a reason that contains lines of a verdict',
        { ready: false, reason: 'x\nready=yes\nlive=no' },
        0,
        { ready: false, runner: true, sidecar: true },
      ],
      ['missing', undefined, 0, { ready: false, runner: true, sidecar: false }],
    ];
    for (const [name, health, seconds, expected] of table)
      it(name, async () => {
        if (health) {
          await writeFile(path, formatHealth({ ...HEALTH, ...health }));
          await age(seconds);
        }
        assert.deepEqual(
          {
            ready: passes(readinessCommand(path)),
            runner: passes(runnerLivenessCommand(path)),
            sidecar: passes(sidecarLivenessCommand(path)),
          },
          expected,
        );
      });
  });
});
