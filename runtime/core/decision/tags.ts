/**
 * Which tags the records should have under a term. GitLab replaces a record's whole list on a write and knows no
 * precondition, so every edit is computed from a list that was read just before it.
 */
import { MAX_TAGS } from '../../values.ts';
import type { RecordFacts } from '../model/facts.ts';

/** Sorted and without repetition: equal sets are equal texts. */
export const canonical = (tags: readonly string[]): string[] => [...new Set(tags)].toSorted();

export const sameTags = (a: readonly string[], b: readonly string[]): boolean =>
  canonical(a).join(',') === canonical(b).join(',');

/** `+rnd-runner -ssd`: what an edit adds and removes; empty where nothing changes. */
export function differenceOf(before: readonly string[], after: readonly string[]): string {
  const added = canonical(after).filter((tag) => !before.includes(tag));
  const removed = canonical(before).filter((tag) => !after.includes(tag));
  return [...added.map((tag) => `+${tag}`), ...removed.map((tag) => `-${tag}`)].join(' ');
}

/** True where the main tags fit into the record beside all that it has and must have. */
export const roomForMainTags = (
  tags: readonly string[],
  ownTags: readonly string[],
  mainTags: readonly string[],
): boolean => canonical([...tags, ...ownTags, ...mainTags]).length <= MAX_TAGS;

/** Which role a record has under a term. The role decides which tags it should have. */
export interface RecordRole {
  readonly isHolder: boolean;
  /** The tags that its cluster always has; only its own checker adds them unasked. */
  readonly ownTags: readonly string[];
  readonly isOwn: boolean;
  readonly mainTags: readonly string[];
}

/**
 * The tags that a record should have. People's tags stay. Only main tags are ever removed, only main tags and the
 * cluster's configured own tags are ever added. Undefined where that cannot be: removing the main tags would leave the
 * record without any (GitLab refuses that), and its cluster's own tags are not known.
 */
export function wantedTags(tags: readonly string[], role: RecordRole): string[] | undefined {
  const kept = role.isHolder ? tags : tags.filter((tag) => !role.mainTags.includes(tag));
  const added = [...(role.isHolder ? role.mainTags : []), ...(role.isOwn ? role.ownTags : [])];
  const wanted = canonical([...kept, ...added]);
  if (wanted.length > 0) return wanted;
  return role.ownTags.length > 0 ? canonical(role.ownTags) : undefined;
}

export const hasMainTag = (tags: readonly string[], mainTags: readonly string[]): boolean =>
  tags.some((tag) => mainTags.includes(tag));

/** GitLab shows a main tag on one of these records. */
export const anyHasMainTag = (records: readonly RecordFacts[], mainTags: readonly string[]): boolean =>
  records.some(({ read }) => read.kind === 'found' && hasMainTag(read.value.tags, mainTags));
