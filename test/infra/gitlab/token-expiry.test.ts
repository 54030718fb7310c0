/** When tokens end, and with it when `pulumi up` makes others. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expiryOf, shareOf } from '../../../infra/gitlab/token-expiry.ts';

const DAY_MS = 86_400_000;
const DEFAULTS = { lifetimeDays: 364, rotateBeforeDays: 90 };

const daysLeft = (now: number, expiresOn: string): number => (Date.parse(expiresOn) - now) / DAY_MS;

/** Every setting that is allowed, any time of this century, any place in a fleet. */
const given = fc
  .record({
    rotateBeforeDays: fc.integer({ min: 15, max: 390 }),
    periodDays: fc.integer({ min: 1, max: 385 }),
    now: fc.integer({ min: Date.parse('2026-01-01'), max: Date.parse('2099-12-31') }),
    share: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  })
  .map(({ periodDays, ...rest }) => ({ ...rest, lifetimeDays: rest.rotateBeforeDays + periodDays }));

describe('the day on which a token ends', () => {
  it('is the same all day, and for a preview and the up after it', () => {
    const at = (time: string): string => expiryOf(Date.parse(time), DEFAULTS, 0);
    assert.equal(at('2026-11-25T00:00:00Z'), '2027-04-06');
    assert.equal(at('2026-11-25T23:59:59Z'), '2027-04-06');
    // Its last day: 90 days before the end a new period begins.
    assert.equal(at('2027-01-05T23:59:59Z'), '2027-04-06');
    assert.equal(at('2027-01-06T00:00:00Z'), '2028-01-05');
  });

  it('is more than rotateBeforeDays and at most lifetimeDays away after every up', () =>
    fc.assert(
      fc.property(given, ({ now, share, ...settings }) => {
        const left = daysLeft(Math.floor(now / DAY_MS) * DAY_MS, expiryOf(now, settings, share));
        assert.ok(left > settings.rotateBeforeDays && left <= settings.lifetimeDays, `${left} days`);
      }),
    ));

  it('changes once in a period, and only to a later day', () =>
    fc.assert(
      fc.property(given, ({ now, share, ...settings }) => {
        const period = settings.lifetimeDays - settings.rotateBeforeDays;
        const days = Array.from({ length: period + 1 }, (_, day) => expiryOf(now + day * DAY_MS, settings, share));
        assert.equal(new Set(days).size, 2);
        assert.deepEqual(days, days.toSorted());
      }),
    ));

  it('differs by two months or more between four clusters of a fleet', () => {
    const ends = [0, 1, 2, 3].map((index) => Date.parse(expiryOf(Date.parse('2026-11-25'), DEFAULTS, shareOf(index))));
    const apart = ends.flatMap((a) => ends.filter((b) => b > a).map((b) => (b - a) / DAY_MS));
    assert.ok(Math.min(...apart) >= 60, apart.join());
  });

  it('depends only on the place in the fleet, so that an added cluster changes no other day', () =>
    assert.deepEqual([0, 1, 2, 3, 4, 5].map(shareOf), [0, 1 / 2, 1 / 4, 3 / 4, 1 / 8, 5 / 8]));
});
