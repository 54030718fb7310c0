/** What a wrong or hostile file of the status project comes to: it is unreadable, and says where. */
import assert from 'node:assert/strict';
import { parseControl } from '../../../../runtime/core/model/control.ts';
import { parseReport, type Report } from '../../../../runtime/core/model/report.ts';
import { MAX_RECORDS, MAX_TERM } from '../../../../runtime/core/model/stored-file.ts';
import { parseTerm, recordsIn, type Term } from '../../../../runtime/core/model/term.ts';

const REPORT: Report = {
  version: 1,
  cluster: 'cluster-b',
  summary: 'Online 2 / Total 2',
  online: 2,
  total: 2,
  minOnline: 1,
  preferred: false,
  records: [12],
  ownTags: ['runner-b'],
  mainTags: ['rnd-runner'],
  holder: 'cluster-a',
  term: 2,
};

const TERM: Term = {
  version: 1,
  number: 2,
  holder: 'cluster-b',
  previous: 'cluster-a',
  at: '2026-11-24T00:17:05Z',
  ground: 'silent',
  reason: 'cluster-a has no valid lease',
  records: { 'cluster-a': [11], 'cluster-b': [12] },
  evidence: null,
};

const whyReport = (change: object): string => {
  const parsed = parseReport('cluster-b', JSON.stringify({ ...REPORT, ...change }));
  return parsed.ok ? 'valid' : parsed.why;
};
const whyTerm = (change: object): string => {
  const parsed = parseTerm(2, JSON.stringify({ ...TERM, ...change }));
  return parsed.ok ? 'valid' : parsed.why;
};

describe('a report', () => {
  it('is valid as our own checkers write it', () => assert.equal(whyReport({}), 'valid'));

  it('D1: is unreadable with a term number that no lease can contain', () => {
    assert.equal(whyReport({ term: 9_999_999_999 }), 'status/cluster-b.json is not valid at "term"');
    assert.equal(whyReport({ term: MAX_TERM }), 'valid');
  });

  it('D4: is unreadable with more records than one cluster has', () => {
    const records = Array.from({ length: 20_000 }, (_, index) => index + 1);
    assert.equal(whyReport({ records }), 'status/cluster-b.json is not valid at "records"');
    assert.equal(whyReport({ records: records.slice(0, MAX_RECORDS) }), 'valid');
  });

  const bounds: readonly (readonly [string, object])[] = [
    ['a negative count', { online: -1 }],
    ['a count that no lease could repeat', { total: 1_000_000 }],
    ['a count that is no whole number', { total: 1.5 }],
    ['a holder that is no cluster name', { holder: '<img src=x>' }],
    ['a summary without end', { summary: 'x'.repeat(10_000) }],
    ['tags without end', { ownTags: Array.from({ length: 51 }, (_, index) => `t${index}`) }],
    ['warnings without end', { warnings: Array.from({ length: 21 }, () => 'x') }],
  ];
  for (const [what, change] of bounds)
    it(`is unreadable with ${what}`, () => assert.notEqual(whyReport(change), 'valid'));

  it('is unreadable when its text is too long', () =>
    assert.match(whyReport({ more: 'x'.repeat(1_000_001) }), /longer than 1000000 characters/));

  it('is read with keys that a newer release added', () => assert.equal(whyReport({ later: { a: 1 } }), 'valid'));
});

describe('a term', () => {
  it('is valid as our own checkers write it', () => assert.equal(whyTerm({}), 'valid'));

  it('D2: is unreadable when it names no records of its holder, also if the holder is called constructor', () => {
    assert.equal(whyTerm({ holder: 'constructor' }), 'terms/2.json is not valid at "records"');
    assert.equal(whyTerm({ holder: 'cluster-c' }), 'terms/2.json is not valid at "records"');
  });

  it('D2: has no records of a cluster that it does not name, also if the cluster is called constructor', () =>
    assert.deepEqual(recordsIn(TERM, 'constructor'), []));

  it('D3: is unreadable with a date that does not exist', () => {
    for (const at of ['2026-99-99T99:99:99Z', '2026-02-30T00:00:00Z', '0000-00-00T00:00:00Z'])
      assert.equal(whyTerm({ at }), 'terms/2.json is not valid at "at"', at);
    assert.equal(whyTerm({ downSince: '2026-99-99T99:99:99Z' }), 'terms/2.json is not valid at "downSince"');
  });

  it('D6: is unreadable when the previous holder is not a cluster name', () =>
    assert.equal(whyTerm({ previous: '<img src=x> | x' }), 'terms/2.json is not valid at "previous"'));

  it('D9: is unreadable when its number differs from that of its path', () =>
    assert.equal(whyTerm({ number: 7 }), 'terms/2.json holds another number'));

  it('is unreadable with a number that no lease can contain', () =>
    assert.equal(whyTerm({ number: MAX_TERM + 1 }), 'terms/2.json is not valid at "number"'));
});

describe('the control file', () => {
  it('is unreadable when the end of the pin is a day that does not exist', () => {
    const parsed = parseControl('{"version":1,"pin":{"cluster":"cluster-a","until":"2026-13-01T00:00:00Z"}}');
    assert.deepEqual(parsed, { ok: false, why: 'control.json is not valid at "pin.until"' });
  });

  it('is unreadable with more retired clusters than a fleet has', () => {
    const retired = Array.from({ length: 51 }, (_, index) => `c${index}`);
    assert.equal(parseControl(JSON.stringify({ version: 1, retired })).ok, false);
  });
});
