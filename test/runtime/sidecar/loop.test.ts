import assert from 'node:assert/strict';
import type { GitLabReading, MetricsRead } from '../../../runtime/core/evidence/history.ts';
import { NO_TRAFFIC } from '../../../runtime/core/evidence/history.ts';
import { parseLogLine, type LogLineParts } from '../../../lab/log-line.ts';
import { createLog } from '../../../runtime/adapters/process/log.ts';
import type { LogEvent } from '../../../runtime/log-events.ts';
import { gitlabView } from '../../../runtime/sidecar/gitlab-view.ts';
import type { Health } from '../../../runtime/sidecar/health.ts';
import { run, Sidecar, type SidecarParts } from '../../../runtime/sidecar/loop.ts';
import { DEFAULT_TIMING, sidecarIntervalSeconds, stuckAfterSeconds } from '../../../runtime/timing.ts';

const OK: GitLabReading = { record: { kind: 'found', paused: false }, manager: { kind: 'found', contactedAt: null } };
const INTERVAL = sidecarIntervalSeconds(DEFAULT_TIMING) * 1000;

/** A pod in virtual time. */
class Pod {
  ms = 0;
  answered = 0;
  polling = true;
  read: MetricsRead | undefined;
  view: () => Promise<GitLabReading> = () => Promise.resolve(OK);
  asked: number[] = [];
  file: Health | undefined;
  writes = 0;
  writeFails = false;
  lines: string[] = [];
  readonly parts: SidecarParts = {
    timing: DEFAULT_TIMING,
    clock: {
      now: () => this.ms,
      sleep: (ms) => {
        this.ms += ms;
        return Promise.resolve();
      },
    },
    metrics: {
      read: () => {
        if (this.polling) this.answered += 1;
        const polls = { answered: this.answered, unauthorized: 0, failed: 0 };
        return Promise.resolve(this.read ?? { kind: 'sample', sample: { ...NO_TRAFFIC, capacity: 4, polls } });
      },
    },
    gitlab: {
      read: () => {
        this.asked.push(this.ms);
        return this.view();
      },
    },
    health: {
      read: () => Promise.resolve(this.file),
      write: (health) => {
        if (this.writeFails) return Promise.reject(new Error('cannot write /health: ENOSPC'));
        this.writes += 1;
        this.file = health;
        return Promise.resolve();
      },
    },
    log: createLog({ format: 'text', write: (line) => this.lines.push(line), now: () => this.ms }),
  };
  sidecar = new Sidecar(this.parts);
  begun = false;

  /** Runs for so long, by the pod's clock. A new sidecar begins with what it finds. */
  async live(seconds: number): Promise<void> {
    if (!this.begun) await this.sidecar.begin();
    this.begun = true;
    for (const end = this.ms + seconds * 1000; this.ms < end; this.ms += INTERVAL) await this.sidecar.check();
  }
  restart(): void {
    this.sidecar = new Sidecar(this.parts);
    this.begun = false;
  }
  logged(event: LogEvent): LogLineParts[] {
    return this.lines.flatMap((line) => parseLogLine(line) ?? []).filter((line) => line.event === event);
  }
}

describe('the sidecar’s loop', () => {
  it('makes a new pod ready with its first answered poll, and writes the health file at the start and after each check', async () => {
    const pod = new Pod();
    await pod.live(0);
    assert.deepEqual([pod.file?.ready, pod.file?.live, pod.file?.evidence], [false, true, 'unknown']);
    await pod.live(60);
    assert.deepEqual([pod.file?.ready, pod.file?.live, pod.file?.evidence], [true, true, 'online']);
    const { checks } = pod.sidecar.snapshot().counts;
    assert.equal(checks, 60_000 / INTERVAL);
    assert.equal(pod.writes, checks + 1);
  });

  it('shows a dead process at the next check, even while a read of GitLab hangs', async () => {
    const pod = new Pod();
    await pod.live(30);
    pod.view = () => new Promise(() => undefined);
    await pod.live(120);
    assert.equal(pod.file?.ready, true);
    pod.read = { kind: 'closed', why: 'nothing listens' };
    await pod.live(sidecarIntervalSeconds(DEFAULT_TIMING));
    assert.deepEqual([pod.file?.ready, pod.file?.live, pod.file?.evidence], [false, true, 'offline']);
  });

  it('has at most one read of GitLab under way, and reads it every half lease while polls are answered', async () => {
    const pod = new Pod();
    await pod.live(300);
    const gaps = pod.asked.slice(1).map((at, index) => at - (pod.asked[index] ?? 0));
    // An answer is used at the next check, and half a lease counts from there.
    assert.deepEqual([...new Set(gaps)], [(DEFAULT_TIMING.leaseSeconds * 1000) / 2 + INTERVAL]);
    const before = pod.asked.length;
    pod.view = () => new Promise(() => undefined);
    await pod.live(600);
    assert.equal(pod.asked.length, before + 1);
  });

  it('lets a stuck runner be restarted, and logs it once', async () => {
    const pod = new Pod();
    await pod.live(30);
    pod.polling = false;
    await pod.live(stuckAfterSeconds(DEFAULT_TIMING) + 4 * sidecarIntervalSeconds(DEFAULT_TIMING));
    assert.deepEqual([pod.file?.ready, pod.file?.live], [false, false]);
    assert.equal(pod.logged('verdict-changed').filter(({ fields }) => fields['cause'] === 'stuck').length, 1);
  });

  it('keeps only the readiness over its own restart', async () => {
    const pod = new Pod();
    await pod.live(30);
    pod.polling = false;
    pod.restart();
    await pod.live(30);
    assert.deepEqual([pod.file?.ready, pod.file?.evidence], [true, 'unknown']);
    pod.read = { kind: 'closed', why: 'nothing listens' };
    await pod.live(3);
    pod.read = undefined;
    pod.restart();
    await pod.live(3);
    assert.deepEqual([pod.file?.ready, pod.file?.evidence], [false, 'unknown']);
  });

  it('goes on when the health file cannot be written, and logs the error', async () => {
    const pod = new Pod();
    pod.writeFails = true;
    await pod.live(9);
    assert.equal(pod.sidecar.snapshot().counts.healthWriteFailures, 4);
    assert.ok(pod.logged('health-not-written').length > 0);
  });

  it('treats a read of GitLab that throws as unknown', async () => {
    const pod = new Pod();
    pod.view = () => Promise.reject(new Error('there is no token at /tokens/sidecar'));
    await pod.live(30);
    assert.deepEqual([pod.file?.ready, pod.file?.evidence], [false, 'unknown']);
    assert.match(pod.file?.reason ?? '', /no token at/);
  });

  it('logs each change once with its reason, and otherwise a line every five minutes', async () => {
    const pod = new Pod();
    await pod.live(30);
    pod.lines = [];
    await pod.live(3600);
    assert.equal(pod.logged('verdict-unchanged').length, 12);
    pod.read = { kind: 'closed', why: 'nothing listens' };
    await pod.live(60);
    const changes = pod.logged('verdict-changed').map(({ level, fields }) => ({ level, ...fields }));
    assert.deepEqual(changes, [{ level: 'warn', evidence: 'offline', cause: 'dead', ready: 'no', live: 'yes' }]);
  });

  it('checks at the pace of the timing, slow checks included, until it is stopped', async () => {
    const pod = new Pod();
    const times: number[] = [];
    const sidecar = {
      begin: () => pod.sidecar.begin(),
      check: async () => {
        times.push(pod.ms);
        pod.ms += times.length === 2 ? 2 * INTERVAL : 100;
        await pod.sidecar.check();
      },
    };
    await run(sidecar, pod.parts, () => times.length === 4);
    assert.deepEqual(times, [0, INTERVAL, 3 * INTERVAL, 4 * INTERVAL]);
  });
});

describe('GitLab’s view of a runner', () => {
  const at = 1;
  const record = { id: 7, tags: [], paused: true, note: null, description: '', contactedAt: null };
  const manager = { systemId: 'r_me', contactedAt: '2026-01-01T00:00:00.000Z', busy: false };

  it('is its record and, of all managers, the one of this pod', async () => {
    const view = gitlabView(
      {
        read: (id) => Promise.resolve({ kind: 'found', value: { ...record, id }, at }),
        managers: () =>
          Promise.resolve({
            kind: 'found',
            value: [{ ...manager, systemId: 'r_other', contactedAt: null }, manager],
            at,
          }),
      },
      7,
      'r_me',
    );
    assert.deepEqual(await view.read(), {
      record: { kind: 'found', paused: true },
      manager: { kind: 'found', contactedAt: manager.contactedAt },
    });
  });

  it('keeps a missing record, a missing manager and a failed read apart', async () => {
    const gone = gitlabView(
      {
        read: () => Promise.resolve({ kind: 'absent', at }),
        managers: () => Promise.resolve({ kind: 'found', value: [], at }),
      },
      7,
      'r_me',
    );
    assert.deepEqual(await gone.read(), { record: { kind: 'absent' }, manager: { kind: 'absent' } });
    const failing = gitlabView(
      {
        read: () => Promise.resolve({ kind: 'unknown', why: '502' }),
        managers: () => Promise.reject(new Error('no token')),
      },
      7,
      'r_me',
    );
    assert.deepEqual(await failing.read(), {
      record: { kind: 'unknown', why: '502' },
      manager: { kind: 'unknown', why: 'no token' },
    });
  });
});
