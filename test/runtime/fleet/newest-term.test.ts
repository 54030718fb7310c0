/** How the newest term is found, and what a missing file proves. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { unknown } from '../../../runtime/core/model/read.ts';
import { fileText } from '../../../runtime/core/model/stored-file.ts';
import { termPath } from '../../../runtime/core/model/term.ts';
import { PAGE_PATH } from '../../../runtime/core/page/page.ts';
import { knownTerms, newestAfter, newestTerm, type KnownTerm } from '../../../runtime/fleet/newest-term.ts';
import type { StatusProject } from '../../../runtime/ports.ts';

const textOf = (number: number): string =>
  fileText({
    version: 1,
    number,
    holder: 'cluster-a',
    previous: 'cluster-b',
    at: '2026-11-24T00:17:05Z',
    ground: 'silent',
    reason: 'test',
    records: { 'cluster-a': [11] },
    evidence: null,
  });

interface Files {
  /** Terms 1 to `terms` exist, but for those in `lost`. */
  readonly terms: number;
  readonly lost?: readonly number[];
  readonly page?: boolean;
  readonly unreadable?: string;
}

function project({ terms, lost = [], page = true, unreadable }: Files): { project: StatusProject; asked: string[] } {
  const asked: string[] = [];
  const never = (): never => {
    throw new Error('nothing is written');
  };
  return {
    asked,
    project: {
      file: async (path) => {
        asked.push(path);
        if (path === unreadable) return unknown('502');
        if (path === PAGE_PATH && page) return { kind: 'found', value: '# page', at: 5 };
        const number = Number(/^terms\/(\d+)\.json$/.exec(path)?.[1] ?? 0);
        const exists = number >= 1 && number <= terms && !lost.includes(number);
        return exists ? { kind: 'found', value: textOf(number), at: 5 } : { kind: 'absent', at: 5 };
      },
      create: never,
      save: never,
    },
  };
}

const term = (number: number, holder = 'cluster-a'): KnownTerm => ({ number, holder });
const known = (...leases: KnownTerm[]) => knownTerms(leases, []);
const none = known();

describe('the newest term', () => {
  it('is found with two reads where its number is known', async () => {
    const { project: files, asked } = project({ terms: 7 });
    const found = await newestTerm(files, known(term(7)), true);
    assert.ok(found.kind === 'term' && found.term.number === 7);
    assert.deepEqual(asked, [termPath(8), termPath(7)]);
  });

  it('A7: is found among 5,000 with at most 30 reads where nothing names its number', async () => {
    const { project: files, asked } = project({ terms: 5000 });
    const found = await newestTerm(files, none, true);
    assert.ok(found.kind === 'term' && found.term.number === 5000);
    assert.ok(asked.length <= 30, `${asked.length} reads`);
  });

  it('is found from any known number, however many terms follow', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3000 }), fc.nat(3000), async (terms, from) => {
        const found = await newestTerm(project({ terms }).project, known(term(Math.min(from, terms))), true);
        assert.ok(found.kind === 'term' && found.term.number === terms);
      }),
      { numRuns: 50 },
    ));

  it('does not exist only when GitLab shows another file in the same round', async () => {
    assert.equal((await newestTerm(project({ terms: 0, page: false }).project, none, true)).kind, 'none');
    assert.equal((await newestTerm(project({ terms: 0, page: true }).project, none, false)).kind, 'none');
    assert.equal((await newestTerm(project({ terms: 0, page: false }).project, none, false)).kind, 'unknown');
    assert.equal((await newestTerm(project({ terms: 0, unreadable: PAGE_PATH }).project, none, false)).kind, 'unknown');
  });

  it('A2: is unknown, not lost, while GitLab shows no file', async () => {
    const found = await newestTerm(project({ terms: 0, page: false }).project, known(term(7)), false);
    assert.equal(found.kind, 'unknown');
  });

  it('is lost when its number is known and another file exists', async () => {
    const found = await newestTerm(project({ terms: 6 }).project, known(term(7, 'cluster-b')), true);
    assert.deepEqual(found.kind === 'damaged' && [found.number, found.named], [7, 'cluster-b']);
  });

  it('is unknown when one of the reads fails', async () => {
    for (const unreadable of [termPath(7), termPath(8)])
      assert.equal((await newestTerm(project({ terms: 7, unreadable }).project, known(term(7)), true)).kind, 'unknown');
    assert.equal(
      (await newestTerm(project({ terms: 9, unreadable: termPath(4) }).project, none, true)).kind,
      'unknown',
    );
  });
});

describe('a report that names a term far ahead of every lease', () => {
  const jump = knownTerms([term(7)], [term(999_999_999, 'cluster-b')]);

  it('D1: is ignored when that term has no file', async () => {
    const found = await newestTerm(project({ terms: 7 }).project, jump, true);
    assert.ok(found.kind === 'term' && found.term.number === 7);
  });

  it('counts when that term has a file, because the leases were lost', async () => {
    const found = await newestTerm(project({ terms: 500 }).project, knownTerms([], [term(500)]), true);
    assert.ok(found.kind === 'term' && found.term.number === 500);
  });

  it('makes the newest term unknown when neither a lease nor a file shows a number', async () => {
    const found = await newestTerm(project({ terms: 0 }).project, knownTerms([], [term(500)]), true);
    assert.equal(found.kind, 'unknown');
  });

  it('counts without a file when it is only a few terms ahead', async () => {
    const found = await newestTerm(project({ terms: 7, lost: [7] }).project, knownTerms([term(5)], [term(7)]), true);
    assert.deepEqual(found.kind === 'damaged' && found.number, 7);
  });
});

describe('the newest term after more leases were read', () => {
  const files = project({ terms: 1 }).project;

  it('is lost when one of them names a higher term, so numbers never restart', async () => {
    const found = await newestTerm(files, none, true);
    const after = await newestAfter(files, found, knownTerms([term(2, 'cluster-b')], []), true);
    assert.deepEqual(after.kind === 'damaged' && [after.number, after.named], [2, 'cluster-b']);
  });

  it('does not change when none of them names a higher term', async () => {
    const found = await newestTerm(files, none, true);
    assert.equal(await newestAfter(files, found, knownTerms([term(1)], []), true), found);
  });
});
