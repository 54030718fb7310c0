import assert from 'node:assert/strict';
import { NO_TRAFFIC, type GitLabState, type MetricsRead } from '../../../runtime/core/evidence/sample.ts';
import { formatLease } from '../../../runtime/core/model/lease.ts';
import { parseLogLine, type LogLineParts } from '../../../lab/log-line.ts';
import { createLog } from '../../../runtime/adapters/process/log.ts';
import type { LogEvent } from '../../../runtime/log-events.ts';
import { gitlabView } from '../../../runtime/sidecar/gitlab-view.ts';
import type { Health } from '../../../runtime/sidecar/health.ts';
import { run, Sidecar, type SidecarParts } from '../../../runtime/sidecar/loop.ts';
import { DEFAULT_TIMING, sidecarIntervalSeconds } from '../../../runtime/timing.ts';

const OK: GitLabState = {
  record: { kind: 'found', paused: false, stampedAt: undefined },
  manager: { kind: 'found', contactedAt: undefined },
  date: 1_767_225_600,
};
const INTERVAL = sidecarIntervalSeconds(DEFAULT_TIMING) * 1000;

/** A pod in virtual time. */
class Pod {
  ms = 0;
  answered = 0;
  polling = true;
  read: MetricsRead | undefined;
  view: () => Promise<GitLabState> = () => Promise.resolve(OK);
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
        const polls = { ...NO_TRAFFIC.polls, answered: this.answered };
        return Promise.resolve(
          this.read ?? { kind: 'sample', sample: { ...NO_TRAFFIC, feeds: 0, pollsUnderWay: 0, capacity: 4, polls } },
        );
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

  it('dates an answer of GitLab by its arrival, not by the check that uses it', async () => {
    const pod = new Pod();
    pod.polling = false;
    pod.read = { kind: 'unknown', why: 'it is not a gitlab-runner' };
    pod.view = async () => {
      pod.ms += 1000;
      return { ...OK, manager: { kind: 'found', contactedAt: 1_767_225_600 - 4 } };
    };
    pod.file = { ready: false, live: true, evidence: 'unknown', reason: 'x' };
    await pod.live((2 * INTERVAL) / 1000);
    assert.match(pod.file?.reason ?? '', /contacted GitLab [67] s ago/);
  });

  it('has at most one read of GitLab under way, and reads it every half lease while polls are answered', async () => {
    const pod = new Pod();
    await pod.live(300);
    const gaps = pod.asked.slice(1).map((at, index) => at - (pod.asked[index] ?? 0));
    assert.deepEqual([...new Set(gaps)], [(DEFAULT_TIMING.leaseSeconds * 1000) / 2]);
    const before = pod.asked.length;
    pod.view = () => new Promise(() => undefined);
    await pod.live(600);
    assert.equal(pod.asked.length, before + 1);
  });

  it('lets a stuck runner be restarted, and logs it once', async () => {
    const pod = new Pod();
    await pod.live(30);
    pod.polling = false;
    await pod.live(1000);
    assert.deepEqual([pod.file?.ready, pod.file?.live], [false, false]);
    assert.equal(pod.logged('verdict-changed').filter(({ fields }) => fields['cause'] === 'stuck').length, 1);
  });

  it('keeps the readiness, and nothing else, over its own restart', async () => {
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
  const at = 1_767_225_600;
  const record = { id: 7, tags: [], paused: true, note: null, description: '', contactedAt: null };
  const manager = { systemId: 'r_me', contactedAt: '2025-12-31T23:59:50.500Z', busy: false };
  const me = { cluster: 'a', record: 7, systemId: 'r_me' };
  const lease = {
    cluster: 'a',
    online: 1,
    total: 1,
    holder: 'a',
    term: 1,
    at: at - 20,
    inTouchSince: at - 90,
    heardSince: 0,
    wanted: undefined,
    rivals: [],
    memory: {
      term: 1,
      stamp: 0,
      unhealthy: 0,
      stronger: 0,
      strongerSince: 0,
      ground: 'none',
      since: 0,
      damagedSince: 0,
      calledAt: 0,
    },
  } as const;

  it('is its record and, of all managers, the one of this pod, dated by GitLab’s later answer', async () => {
    const managers = [{ ...manager, systemId: 'r_other', contactedAt: null }, manager];
    const view = gitlabView(
      {
        read: (id) => Promise.resolve({ kind: 'found', value: { ...record, id }, at: at + 2 }),
        managers: () => Promise.resolve({ kind: 'found', value: managers, at }),
      },
      me,
    );
    assert.deepEqual(await view.read(), {
      record: { kind: 'found', paused: true, stampedAt: undefined },
      manager: { kind: 'found', contactedAt: at - 9.5 },
      date: at + 2,
    });
  });

  it('reads a list of managers that is older than the record as unknown, because a proxy kept it', async () => {
    const view = gitlabView(
      {
        read: (id) => Promise.resolve({ kind: 'found', value: { ...record, id }, at: at + 61 }),
        managers: () => Promise.resolve({ kind: 'found', value: [manager], at }),
      },
      me,
    );
    assert.deepEqual((await view.read()).manager, {
      kind: 'unknown',
      why: "the list of managers is 61 s old: a proxy may keep GitLab's answers",
    });
  });

  it('has the time of the cluster’s newest stamp where the token may see the note', async () => {
    const view = gitlabView(
      {
        read: () =>
          Promise.resolve({ kind: 'found', value: { ...record, note: `by hand\n${formatLease(lease)}` }, at }),
        managers: () => Promise.resolve({ kind: 'found', value: [], at }),
      },
      me,
    );
    const read = await view.read();
    assert.equal(read.record.kind === 'found' && read.record.stampedAt, at - 20);
  });

  it('distinguishes a missing record, a missing manager and a failed read', async () => {
    const gone = gitlabView(
      {
        read: () => Promise.resolve({ kind: 'absent', at }),
        managers: () => Promise.resolve({ kind: 'found', value: [], at }),
      },
      me,
    );
    assert.deepEqual(await gone.read(), { record: { kind: 'absent' }, manager: { kind: 'absent' }, date: at });
    const failing = gitlabView(
      {
        read: () => Promise.resolve({ kind: 'unknown', why: '502' }),
        managers: () => Promise.reject(new Error('no token')),
      },
      me,
    );
    assert.deepEqual(await failing.read(), {
      record: { kind: 'unknown', why: '502' },
      manager: { kind: 'unknown', why: 'no token' },
      date: undefined,
    });
  });
});
