import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { formatLease, leaseFrom, noteWithLease, parseLease, type Lease } from '../../../../runtime/core/model/lease.ts';
import { emptyMemory } from '../../../../runtime/core/decision/memory.ts';

const time = fc.integer({ min: 1_000_000_000, max: 4_000_000_000 });
const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/);
const plain = { noNullPrototype: true };
const memory = fc.record(
  {
    term: fc.nat(999_999_999),
    stamp: fc.oneof(time, fc.constant(0)),
    unhealthy: fc.nat(9999),
    stronger: fc.nat(9999),
    strongerSince: fc.oneof(time, fc.constant(0)),
    ground: fc.constantFrom('none', 'silent', 'unhealthy', 'gone', 'stronger', 'damaged'),
    since: fc.oneof(time, fc.constant(0)),
    damagedSince: fc.oneof(time, fc.constant(0)),
    calledAt: fc.oneof(time, fc.constant(0)),
  },
  plain,
);
const wanted = fc.record(
  {
    settled: fc.option(fc.nat(999_999), { nil: undefined }),
    least: fc.array(fc.record({ count: fc.nat(999_999), at: time }, plain), { minLength: 1, maxLength: 4 }),
    since: time,
    wholeSince: fc.oneof(time, fc.constant(0)),
  },
  plain,
);
const leases: fc.Arbitrary<Lease> = fc.record(
  {
    cluster: name,
    online: fc.nat(999_999),
    total: fc.nat(999_999),
    holder: name,
    term: fc.nat(999_999_999),
    at: time,
    inTouchSince: time,
    heardSince: fc.oneof(time, fc.constant(0)),
    wanted,
    rivals: fc.array(fc.record({ cluster: name, record: fc.nat(999_999_999), minOnline: fc.nat(10_000) }, plain), {
      maxLength: 3,
    }),
    memory,
  },
  plain,
);

describe('a lease', () => {
  it('is read back as it was written, and leaves room in the note for people’s lines', () => {
    fc.assert(
      fc.property(leases, (lease) => {
        const text = formatLease(lease);
        assert.deepEqual(leaseFrom(text, lease.cluster, lease.at), { kind: 'lease', lease, readAt: lease.at });
        assert.ok(text.length <= 900, `${text.length}`);
      }),
    );
  });

  it('has a line that the first release can parse beside the newer line', () => {
    fc.assert(
      fc.property(leases, (lease) => {
        const [first = '', second = ''] = formatLease(lease).split('\n');
        const { memory } = lease;
        const known = { ...lease, wanted: undefined, rivals: [], memory: { ...memory, stronger: 0, strongerSince: 0 } };
        assert.deepEqual(parseLease(first), known);
        assert.ok(second.startsWith('HADR memory: '));
      }),
    );
  });

  it('never throws on an edited note', () => {
    fc.assert(
      fc.property(leases, fc.nat(300), fc.string(), (lease, cut, text) => {
        const line = formatLease(lease);
        parseLease(line.slice(0, cut) + text + line.slice(cut));
        leaseFrom(text, 'cluster-a', 5);
      }),
    );
  });

  const lease: Lease = {
    cluster: 'cluster-a',
    online: 2,
    total: 2,
    holder: 'cluster-a',
    term: 7,
    at: 1_700_000_000,
    inTouchSince: 1_699_999_000,
    heardSince: 0,
    wanted: { settled: 2, least: [{ count: 2, at: 1_700_000_000 }], since: 1_699_999_000, wholeSince: 1_699_999_900 },
    rivals: [{ cluster: 'cluster-b', record: 12, minOnline: 2 }],
    memory: emptyMemory(7),
  };

  it('is three lines that a person can read', () => {
    assert.equal(
      formatLease(lease),
      'HADR lease: cluster-a 2/2 online, holder cluster-a, term 7, at 2023-11-14T22:13:20Z, in touch since 2023-11-14T21:56:40Z, ' +
        'heard since -; saw term 7 stamp - faint 0 stronger 0 even - ground none - damaged - called -\n' +
        'HADR memory: cluster-a at 2023-11-14T22:13:20Z, settled 2, wanted 2 0s, known 1000s, whole 100s, stronger 0 -\n' +
        'HADR rivals: cluster-b 12 needs 2',
    );
  });

  it('replaces only its own lines of the note', () => {
    const first = noteWithLease('call Ada\n\nroom 4\n', lease) ?? '';
    const second = noteWithLease(first, { ...lease, online: 1 }) ?? '';
    assert.equal(second.split('\n').slice(0, 3).join('\n'), 'call Ada\n\nroom 4');
    assert.equal(second.match(/HADR lease/g)?.length, 1);
    assert.equal(second.match(/HADR memory/g)?.length, 1);
    assert.match(second, /1\/2 online/);
  });

  it('ignores a second line that belongs to another lease', () => {
    const [, old = ''] = formatLease(lease).split('\n');
    const [newer = ''] = formatLease({ ...lease, at: lease.at + 15 }).split('\n');
    const read = leaseFrom(`${old}\n${newer}`, 'cluster-a', lease.at + 15);
    assert.ok(read.kind === 'lease');
    assert.equal(read.lease.wanted, undefined);
  });

  it('keeps only the lowest record of each rival when the lines of people leave no room for all', () => {
    const records = (cluster: string): Lease['rivals'] =>
      Array.from({ length: 9 }, (_, index) => ({ cluster, record: 100_000_000 + index, minOnline: 2 }));
    const many = { ...lease, rivals: [...records('cluster-b'), ...records('cluster-c')] };
    const all = noteWithLease('call Ada', many) ?? '';
    assert.deepEqual(leaseFrom(all, 'cluster-a', lease.at), { kind: 'lease', lease: many, readAt: lease.at });
    const short = noteWithLease('x'.repeat(500), many) ?? '';
    assert.match(short, /\nHADR rivals: cluster-b 100000000 needs 2, cluster-c 100000000 needs 2$/);
  });

  it('omits the second line when the lines of people leave no room for it', () => {
    const note = noteWithLease('x'.repeat(700), lease) ?? '';
    assert.match(note, /HADR lease/);
    assert.doesNotMatch(note, /HADR memory/);
  });

  it('does not cut a person’s note to make room', () => {
    assert.equal(noteWithLease('x'.repeat(900), lease), undefined);
  });

  it('is not valid when it is dated more than 10 s ahead, of another cluster, or unreadable', () => {
    const note = formatLease(lease);
    assert.equal(leaseFrom(note, 'cluster-a', lease.at - 10).kind, 'lease');
    const ahead = leaseFrom(note, 'cluster-a', lease.at - 11);
    assert.ok(ahead.kind === 'none');
    assert.deepEqual(ahead.named, { term: 7, holder: 'cluster-a' });
    assert.equal(leaseFrom(note, 'cluster-b', lease.at).kind, 'none');
    assert.equal(leaseFrom(note.replace('term 7,', 'term'), 'cluster-a', lease.at).kind, 'none');
    assert.equal(leaseFrom(null, 'cluster-a', lease.at).kind, 'none');
  });
});
