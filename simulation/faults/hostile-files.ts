/** Files that a person with a push right, or a stolen token, may leave in the status project: valid JSON with wrong or hostile values. */

export const REPORT_DAMAGES: readonly Readonly<Record<string, unknown>>[] = [
  { term: 9_999_999_999 },
  { term: 1e21 },
  { online: 1e9, total: 1e9 },
  { online: -1 },
  { minOnline: 1e9 },
  { records: Array.from({ length: 2000 }, (_, index) => 1_000_000 + index) },
  { records: [9e15] },
  { cluster: 'constructor' },
  { holder: '__proto__', term: 1_000_000 },
  { summary: 'x'.repeat(200_000) },
  { ownTags: Array.from({ length: 500 }, (_, index) => `tag-${index}`) },
  { mainTags: ['someone-elses-tag'] },
  { warnings: ['\u001B[2J\u0007\r# heading <img src=x>'] },
];

export const TERM_DAMAGES: readonly Readonly<Record<string, unknown>>[] = [
  { holder: 'constructor' },
  { holder: '__proto__' },
  { holder: 'cluster-z' },
  { at: '2026-99-99T99:99:99Z' },
  { at: '9999-12-31T23:59:59Z' },
  { number: 7_000_000 },
  { number: 9_999_999_999 },
  { reason: '\u001B[2J\u0007\r\n\n# heading [click](javascript:alert(1))' },
  { previous: '<img src=x> | x' },
  { ground: 'x'.repeat(200_000) },
  { records: { constructor: [1], 'cluster-a': [9e15] } },
  { downSince: '0000-00-00T00:00:00Z' },
  { evidence: { constructor: { prototype: [] } } },
];

const damaged = (text: string, damage: Readonly<Record<string, unknown>>): string => {
  try {
    return JSON.stringify({ ...Object(JSON.parse(text)), ...damage }, undefined, 2);
  } catch {
    return JSON.stringify(damage);
  }
};

export const hostileTerm = (damage: Readonly<Record<string, unknown>>, text: string): string => damaged(text, damage);
export const hostileReport = (damage: Readonly<Record<string, unknown>>, text: string | undefined): string =>
  damaged(text ?? '{}', damage);
