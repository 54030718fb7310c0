import assert from 'node:assert/strict';
import type { Expiries, TokenExpiry } from '../../../../runtime/expiries.ts';
import type { Known } from '../../../../runtime/core/model/read.ts';
import { expiryWarnings } from '../../../../runtime/core/page/expiry.ts';

const lasting: TokenExpiry = { expiresOn: 'never', madeBy: 'stack' };
const expiries = (given: Partial<Expiries>): Known<Expiries> => ({
  kind: 'known',
  value: { version: 1, fleet: lasting, sidecar: lasting, status: lasting, ...given },
});
const warningsAt = (time: string, given: Partial<Expiries>): string[] =>
  expiryWarnings(expiries(given), 'cluster-a', Date.parse(time) / 1000);

describe('warnings of tokens that expire', () => {
  const stack: TokenExpiry = { expiresOn: '2027-01-31', madeBy: 'stack' };
  const people: TokenExpiry = { expiresOn: '2027-01-31', madeBy: 'people' };

  it('begin 14 days before, to the second', () => {
    assert.deepEqual(warningsAt('2027-01-16T23:59:59Z', { fleet: stack }), []);
    assert.deepEqual(warningsAt('2027-01-17T00:00:00Z', { fleet: stack }), [
      'the fleet token of cluster-a expires on 2027-01-31: pulumi up --stack cluster-a replaces it',
    ]);
  });

  it('have the same text every day, so that the report does not change', () => {
    const days = Array.from({ length: 14 }, (_, day) => `2027-01-${17 + day}T12:00:00Z`);
    assert.equal(new Set(days.map((day) => warningsAt(day, { sidecar: stack }).join())).size, 1);
    for (const time of ['2027-01-31T00:00:00Z', '2027-06-01T00:00:00Z'])
      assert.deepEqual(warningsAt(time, { sidecar: stack }), [
        'the sidecar token of cluster-a has expired on 2027-01-31: pulumi up --stack cluster-a replaces it',
      ]);
  });

  it('suggest a fix for a token that people made', () =>
    assert.deepEqual(warningsAt('2027-01-30T00:00:00Z', { status: people }), [
      'the status token of cluster-a expires on 2027-01-31: create a new token, set tokens.status to it and tokens.statusExpiresOn to its expiry date, and run pulumi up --stack cluster-a',
    ]));

  it('come for each token that expires soon, and for no other', () => {
    assert.equal(warningsAt('2027-01-30T00:00:00Z', { fleet: stack, sidecar: stack, status: people }).length, 3);
    assert.deepEqual(warningsAt('2999-01-30T00:00:00Z', {}), []);
  });

  it('say that the days are unknown', () =>
    assert.deepEqual(expiryWarnings({ kind: 'unknown', why: '/etc/expiries.json: ENOENT' }, 'cluster-a', 0), [
      'it is unknown when the tokens of cluster-a expire (/etc/expiries.json: ENOENT): run pulumi up --stack cluster-a',
    ]));
});
