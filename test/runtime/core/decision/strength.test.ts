/** Moves by choice over time: both clusters renew their leases every 15 s, and the challenger decides (cases B1 to B4). */
import assert from 'node:assert/strict';
import { policySchema } from '../../../../runtime/config.ts';
import { decide, type Decision } from '../../../../runtime/core/decision/decide.ts';
import { nextLease } from '../../../../runtime/core/decision/next-lease.ts';
import { isDegraded, nextWanted, rankBefore } from '../../../../runtime/core/decision/strength.ts';
import { NO_CONTROL } from '../../../../runtime/core/model/control.ts';
import { holderOf, type RecordView, type RoundFacts, type TermFacts } from '../../../../runtime/core/model/facts.ts';
import { formatLease, type Lease, type Wanted } from '../../../../runtime/core/model/lease.ts';
import { memberOf } from '../../../../runtime/core/model/member.ts';
import type { Rules } from '../../../../runtime/core/model/rules.ts';
import { DEFAULT_TIMING } from '../../../../runtime/timing.ts';

const START = 1_700_000_000;
const HOUR = 3600;
const T = DEFAULT_TIMING.roundSeconds;

/** Online and wanted of a cluster after so many seconds. */
type Count = (seconds: number) => readonly [online: number, wanted: number];

interface Story {
  readonly holder: Count;
  readonly challenger: Count;
  readonly preferred?: boolean;
  readonly policy?: object;
  readonly seconds?: number;
  /** The holder's checker is of the first release: its note has no second line. */
  readonly isOldHolder?: boolean;
}

interface Move {
  readonly seconds: number;
  readonly ground: string;
}

const view = (id: number, lease: Lease | undefined): RecordView => ({
  id,
  tags: [],
  paused: false,
  note: lease ? formatLease(lease) : null,
  description: '',
  contactedAt: null,
});

const TERM: TermFacts = {
  kind: 'term',
  at: START,
  term: {
    version: 1,
    number: 1,
    holder: 'cluster-a',
    previous: 'nobody',
    at: new Date(START * 1000).toISOString(),
    ground: 'first',
    reason: '',
    records: {},
    evidence: null,
  },
};

function factsOf(
  name: string,
  [online, total]: readonly [number, number],
  now: number,
  previousLease: Lease | undefined,
  rival: Lease | undefined,
  preferred: boolean,
): RoundFacts {
  const other = name === 'cluster-a' ? 'cluster-b' : 'cluster-a';
  const records = [{ id: 1, read: { kind: 'found', at: now, value: view(1, rival) } }] as const;
  const rivals = [memberOf({ name: other, report: { kind: 'absent', at: now }, records, former: [] }, 1)];
  return {
    now,
    self: {
      name,
      preferred,
      online,
      total,
      ownTags: ['runner'],
      records: [{ id: 2, read: { kind: 'found', at: now, value: view(2, undefined) } }],
      report: { kind: 'absent', at: now },
      lowest: view(2, undefined),
      previousLease,
      stampAt: now,
      heardSince: START,
    },
    rivals,
    mainTags: ['rnd-runner'],
    term: TERM,
    holder: holderOf(TERM, rivals),
    control: { kind: 'found', at: now, value: NO_CONTROL },
  };
}

/** The first claim of the challenger, or undefined where it makes none. */
function firstMove({
  holder,
  challenger,
  preferred = false,
  policy = {},
  seconds = 6 * HOUR,
  isOldHolder,
}: Story): Move | undefined {
  const rules: Rules = { policy: policySchema.parse(policy), timing: DEFAULT_TIMING };
  let a: Lease | undefined;
  let b: Lease | undefined;
  for (let after = 0; after <= seconds; after += T) {
    const now = START + after;
    a = nextLease(factsOf('cluster-a', holder(after), now - 1, a, b, false), rules).lease;
    if (isOldHolder) a = { ...a, wanted: undefined };
    const facts = factsOf('cluster-b', challenger(after), now, b, a, preferred);
    const next = nextLease(facts, rules);
    b = next.lease;
    const decision: Decision = decide({ ...facts, self: { ...facts.self, lease: b } }, next.ground, rules);
    if (decision.kind === 'claim') return { seconds: after, ground: decision.ground };
  }
  return undefined;
}

const always =
  (online: number, wanted = online): Count =>
  () => [online, wanted];

describe('strength', () => {
  it('B1: does not move the tags from a holder that scales from 2 to 3 runners', () => {
    const holder: Count = (s) => (s < HOUR ? [2, 2] : s < HOUR + 30 ? [2, 3] : [3, 3]);
    assert.equal(firstMove({ holder, challenger: always(2) }), undefined);
  });

  it('B2: does not move the tags from a holder with 4 of 8 runners, of which 4 were never there, to 2 runners', () => {
    const holder: Count = (s) => (s < HOUR ? [4, 4] : [4, 8]);
    assert.equal(firstMove({ holder, challenger: always(2) }), undefined);
  });

  it('B3: does not move the tags from a holder with 5 of 10 runners to 2 runners', () => {
    const holder: Count = (s) => (s < HOUR ? [10, 10] : [5, 10]);
    assert.equal(firstMove({ holder, challenger: always(2) }), undefined);
  });

  it('B4: moves the tags from a holder with 3 of 10 runners to 4 runners, after confirmSeconds', () => {
    const holder: Count = (s) => (s < HOUR ? [10, 10] : [3, 10]);
    const move = firstMove({ holder, challenger: always(4) });
    assert.equal(move?.ground, 'stronger');
    const after = (move?.seconds ?? 0) - HOUR;
    assert.ok(after >= 180 && after <= 180 + T, `${after}`);
  });

  it('moves nothing where the holder wants fewer runners and has them', () => {
    const holder: Count = (s) => (s < HOUR ? [10, 10] : [2, 2]);
    assert.equal(firstMove({ holder, challenger: always(4) }), undefined);
  });

  it('moves nothing while one runner after another is replaced', () => {
    const holder: Count = (s) => [s > HOUR && s % 240 < 150 ? 2 : 3, 3];
    assert.equal(firstMove({ holder, challenger: always(3) }), undefined);
  });

  it('moves the tags from a holder that never got its higher number, after settleSeconds and confirmSeconds, to more runners', () => {
    const holder: Count = (s) => (s < HOUR ? [2, 2] : [2, 4]);
    const move = firstMove({ holder, challenger: always(3) });
    const after = (move?.seconds ?? 0) - HOUR;
    assert.ok(after >= 600 + 180 - T && after <= 600 + 180 + 2 * T, `${after}`);
  });

  it('needs minAdvantage runners more', () => {
    const holder: Count = (s) => (s < HOUR ? [10, 10] : [3, 10]);
    assert.equal(firstMove({ holder, challenger: always(5), policy: { minAdvantage: 3 } }), undefined);
    assert.ok(firstMove({ holder, challenger: always(6), policy: { minAdvantage: 3 } }));
  });

  it('moves nothing by choice while the settled total of the holder is not known', () => {
    const holder: Count = () => [3, 10];
    assert.equal(firstMove({ holder, challenger: always(4), isOldHolder: true }), undefined);
    const move = firstMove({ holder, challenger: always(4) });
    assert.ok(move && move.seconds >= 600 + 180, 'known after settleSeconds');
  });

  it('brings the tags back to a preferred cluster that was not degraded for failbackAfterSeconds', () => {
    const challenger: Count = (s) => (s < HOUR ? [1, 2] : [2, 2]);
    const story = { holder: always(2), challenger, preferred: true };
    assert.equal(firstMove(story), undefined, 'failback is manual by default');
    const move = firstMove({ ...story, policy: { failback: 'automatic' } });
    assert.equal(move?.ground, 'preferred');
    const after = (move?.seconds ?? 0) - HOUR;
    assert.ok(after >= 1800 && after <= 1800 + T, `${after}`);
  });

  it('does not bring the tags back to a preferred cluster that is degraded', () => {
    const challenger: Count = (s) => (s < 1000 ? [2, 2] : [1, 2]);
    assert.equal(
      firstMove({ holder: always(2), challenger, preferred: true, policy: { failback: 'automatic' } }),
      undefined,
    );
  });
});

describe('the settled total', () => {
  const after = (...totals: readonly number[]): Wanted | undefined =>
    totals.reduce<Wanted | undefined>(
      (previous, total, index) => nextWanted(previous, { online: total, total, at: START + index * 100 }, 600),
      undefined,
    );

  it('is unknown until the wanted numbers are known for settleSeconds', () => {
    assert.equal(after(3, 3, 3, 3, 3, 3)?.settled, undefined);
    assert.equal(after(3, 3, 3, 3, 3, 3, 3)?.settled, 3);
  });

  it('is the least number that was wanted in settleSeconds', () => {
    assert.equal(after(3, 3, 3, 3, 5, 4, 6, 6)?.settled, 3);
    assert.equal(after(5, 5, 3, 5, 5, 5, 5, 5, 5)?.settled, 3);
    assert.equal(after(5, 5, 3, 5, 5, 5, 5, 5, 5, 5)?.settled, 5);
    assert.equal(after(5, 5, 5, 5, 5, 5, 5, 2)?.settled, 2);
  });

  it('keeps at most four steps, and the lowest number for longer where there are more', () => {
    const wanted = after(1, 2, 3, 4, 5, 6, 7, 8);
    assert.equal(wanted?.least.length, 4);
    assert.ok((wanted?.settled ?? 9) <= 2);
  });

  it('makes a cluster degraded only where it is known and not reached', () => {
    const wanted = { settled: 3, least: [], since: 0, wholeSince: 0 };
    assert.ok(isDegraded({ online: 2, wanted }));
    assert.ok(!isDegraded({ online: 3, wanted }));
    assert.ok(!isDegraded({ online: 0, wanted: { ...wanted, settled: undefined } }));
    assert.ok(!isDegraded({ online: 0, wanted: undefined }));
  });
});

describe('the rank of challengers', () => {
  it('is preference, then runners online, then the name', () => {
    const list = [
      { name: 'd', preferred: false, online: 2 },
      { name: 'c', preferred: false, online: 2 },
      { name: 'b', preferred: false, online: 7 },
      { name: 'a', preferred: true, online: 1 },
    ];
    assert.deepEqual(
      list.toSorted((x, y) => (rankBefore(x, y) ? -1 : 1)).map(({ name }) => name),
      ['a', 'b', 'c', 'd'],
    );
  });
});
