import assert from 'node:assert/strict';
import { policySchema } from '../../../../runtime/config.ts';
import { nextMemory, type Observed } from '../../../../runtime/core/decision/ground.ts';
import { NO_CONTROL } from '../../../../runtime/core/model/control.ts';
import { formatLease, type Lease, type Memory } from '../../../../runtime/core/model/lease.ts';
import { emptyMemory } from '../../../../runtime/core/decision/memory.ts';
import { DEFAULT_TIMING } from '../../../../runtime/timing.ts';

const START = 1_700_000_000;
const POLICY = policySchema.parse({});
const { leaseSeconds, roundSeconds } = DEFAULT_TIMING;

/** What cluster B sees `after` seconds, when cluster A, the holder, has just stamped so many online. */
function seen(after: number, online: number): Observed {
  const now = START + after;
  const lease: Lease = {
    cluster: 'cluster-a',
    online,
    total: 2,
    holder: 'cluster-a',
    term: 1,
    at: now - 1,
    inTouchSince: START,
    heardSince: START,
    memory: emptyMemory(1),
  };
  const value = { id: 1, tags: [], paused: false, note: formatLease(lease), description: '', contactedAt: null };
  const term = {
    version: 1,
    number: 1,
    holder: 'cluster-a',
    previous: 'nobody',
    at: '2023-11-14T00:00:00Z',
    ground: 'first',
    reason: '',
    records: {},
    evidence: null,
  } as const;
  return {
    now,
    self: { preferred: true, online: 2, total: 2 },
    rivals: [
      {
        name: 'cluster-a',
        report: { kind: 'absent', at: now },
        records: [{ id: 1, read: { kind: 'found', at: now, value } }],
        former: [],
      },
    ],
    mainTags: ['rnd-runner'],
    term: { kind: 'term', term, at: now },
    control: { kind: 'found', at: now, value: NO_CONTROL },
  };
}

const after = (...looks: (readonly [number, number])[]): Memory =>
  looks.reduce(
    (memory, [seconds, online]) => nextMemory(memory, seen(seconds, online), 'cluster-b', POLICY, DEFAULT_TIMING),
    emptyMemory(1),
  );

describe('what a challenger remembers', () => {
  it('counts the holder’s different stamps in a row', () => {
    assert.equal(after([0, 0], [roundSeconds, 0], [2 * roundSeconds, 0]).faint, 3);
    assert.equal(after([0, 0], [roundSeconds, 2], [2 * roundSeconds, 0]).faint, 1);
    assert.equal(after([0, 1], [roundSeconds, 1]).stronger, 2);
  });

  it('counts anew after a time of which nobody knows', () => {
    assert.equal(after([0, 0], [leaseSeconds, 0]).faint, 2);
    const gap = leaseSeconds + 1;
    assert.equal(after([0, 0], [gap, 0]).faint, 1);
    assert.equal(after([0, 1], [gap, 1]).stronger, 1);
    assert.equal(after([0, 2], [gap, 2]).evenSince, START + gap - 1);
  });
});
