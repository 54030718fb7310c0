import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { roomForMainTags, wantedTags, type RecordRole } from '../../../../runtime/core/decision/tags.ts';
import { answered } from '../../../../runtime/core/decision/roll.ts';

const MAIN = ['rnd-runner', 'rnd-docker'];
const place = (more: Partial<RecordRole>): RecordRole => ({
  isHolder: false,
  ownTags: ['runner-a'],
  isOwn: false,
  mainTags: MAIN,
  ...more,
});

describe('the wanted tags', () => {
  const tags = fc.uniqueArray(fc.constantFrom(...MAIN, 'runner-a', 'gpu', 'arm64', 'big'));
  const places = fc.record({ isHolder: fc.boolean(), isOwn: fc.boolean() }).map(place);

  it('I7: keep people’s tags, add only main and own tags, remove only main tags, are never empty', () => {
    fc.assert(
      fc.property(tags, places, (before, where) => {
        const after = wantedTags(before, where) ?? [];
        assert.ok(after.length > 0);
        for (const tag of before) if (!MAIN.includes(tag)) assert.ok(after.includes(tag));
        for (const tag of after) assert.ok(before.includes(tag) || [...MAIN, 'runner-a'].includes(tag));
        assert.equal(
          MAIN.every((tag) => after.includes(tag)),
          where.isHolder,
        );
        assert.equal(
          MAIN.some((tag) => after.includes(tag)),
          where.isHolder,
        );
      }),
    );
  });

  it('are stable: applying them again changes nothing', () => {
    fc.assert(
      fc.property(tags, places, (before, where) => {
        const once = wantedTags(before, where) ?? [];
        assert.deepEqual(wantedTags(once, where), once);
      }),
    );
  });

  it('do not exist when the last tag would be removed and the own tags are unknown', () => {
    assert.equal(wantedTags(['rnd-runner'], place({ ownTags: [] })), undefined);
    assert.deepEqual(wantedTags(['rnd-runner'], place({})), ['runner-a']);
  });

  it('stay within the limit of 50 tags of GitLab', () => {
    const many = Array.from({ length: 47 }, (_, index) => `t${index}`);
    assert.equal(roomForMainTags(many, ['runner-a'], MAIN), true);
    assert.equal(roomForMainTags([...many, 'one-more'], ['runner-a'], MAIN), false);
  });
});

describe('a roll call', () => {
  const manager = (systemId: string, contactedAt: string | null, busy = false) => ({ systemId, contactedAt, busy });
  const at = Date.parse('2026-01-01T00:02:00Z') / 1000;

  it('is answered by a contact that changed, and by a manager that was not there before', () => {
    const before = [manager('a', '2026-01-01T00:00:00.000Z'), manager('b', '2026-01-01T00:00:00.000Z')];
    const after = [
      manager('a', '2026-01-01T00:01:55.000Z'),
      manager('b', '2026-01-01T00:00:00.000Z'),
      manager('c', '2026-01-01T00:01:56.000Z'),
    ];
    assert.equal(answered({ before, after, at, paused: false }, undefined), 2);
  });

  it('is answered by a busy manager that GitLab heard within the period of its jobs', () => {
    const reads = (contact: string) => ({
      before: [manager('a', contact, true)],
      after: [manager('a', contact, true)],
      at,
      paused: false,
    });
    assert.equal(answered(reads('2026-01-01T00:01:00.000Z'), 75), 1);
    assert.equal(answered(reads('2026-01-01T00:00:45.000Z'), 75), 0);
    assert.equal(answered(reads('2026-01-01T00:01:00.000Z'), undefined), 0);
  });

  it('is answered by no manager of a paused record', () => {
    const after = [manager('a', '2026-01-01T00:01:55.000Z')];
    assert.equal(answered({ before: [], after, at, paused: true }, 75), 0);
  });
});
