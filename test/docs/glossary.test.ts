import assert from 'node:assert/strict';
import { FORCED } from '../../runtime/core/decision/decision-record.ts';
import { GROUNDS } from '../../runtime/core/model/lease.ts';
import { HEALTHS } from '../../runtime/core/outlook/health.ts';
import { LOG_EVENTS } from '../../runtime/log-events.ts';
import { read } from './pages.ts';

const page = read('docs/glossary.md');

/** The names in the first column of the tables of a section. */
function entriesOf(heading: string): string[] {
  const [, section = ''] = page.split(`## ${heading}\n`);
  const [own = ''] = section.split('\n## ');
  return [...own.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, name = '']) => name);
}

/** Every value of `cause` in the source that judges a runner. */
function causesInSource(): string[] {
  const source = read('runtime/core/evidence/judge.ts');
  const types = [...source.matchAll(/readonly cause:\s+([^;]+);/g)].map(([, type = '']) => type);
  return types.flatMap((type) => [...type.matchAll(/'([a-z-]+)'/g)].map(([, cause = '']) => cause));
}

describe('docs/glossary.md', () => {
  const cases: [section: string, names: readonly string[]][] = [
    ['Grounds', [...GROUNDS, FORCED]],
    ['Evidence of a sidecar', causesInSource()],
    ['Health of the fleet', HEALTHS],
    ['Events of the log', Object.keys(LOG_EVENTS)],
  ];
  for (const [section, names] of cases)
    it(`has an entry under "${section}" for every name in the code`, () => {
      assert.ok(names.length >= 5, `found only ${names.length} names in the code`);
      const entries = entriesOf(section);
      const missing = names.filter((name) => !entries.includes(name));
      assert.deepEqual(missing, [], `add to docs/glossary.md: ${missing.join(', ')}`);
    });

  it('explains no word twice in a section', () => {
    for (const [section] of cases) {
      const entries = entriesOf(section);
      assert.deepEqual(entries, [...new Set(entries)]);
    }
  });
});
