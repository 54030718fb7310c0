/**
 * The lease: one line in the maintenance note of a cluster's lowest runner record. It states the cluster's count at a time of
 * GitLab's clock, and has what the checker must remember from round to round, for a CronJob has no memory. People can read it on
 * the runner's page in GitLab. The other lines of the note belong to people and stay.
 */
import { isoOf, secondsOf, type GitLabSeconds } from './time.ts';

/** Why a cluster may claim the next term. */
export const GROUNDS = [
  'first',
  'silent',
  'unhealthy',
  'gone',
  'retired',
  'damaged',
  'stronger',
  'preferred',
  'pinned',
] as const;
export type Ground = (typeof GROUNDS)[number];

/** Lease lines, and what terms record of a lease, keep the first release's word for `unhealthy`. */
export const STORED_UNHEALTHY = 'faint';
export const storedGround = (ground: Ground | 'none'): string => (ground === 'unhealthy' ? STORED_UNHEALTHY : ground);
/** The ground with its present name: terms of the first release have `faint`, too. */
export const currentGround = (stored: string): string => (stored === STORED_UNHEALTHY ? 'unhealthy' : stored);

/** What one challenger remembers of the holder of `term`. All of it is void as soon as the term changes. */
export interface Memory {
  readonly term: number;
  /** The newest stamp of the holder that was counted; 0 for none. */
  readonly stamp: GitLabSeconds;
  /** Different stamps of the holder in a row that put it below `minOnline`. */
  readonly unhealthy: number;
  /** Different stamps of the holder in a row that show it degraded and with fewer runners than this cluster. */
  readonly stronger: number;
  /** The first of them; 0 for none. */
  readonly strongerSince: GitLabSeconds;
  readonly ground: Ground | 'none';
  /** Since when `ground` has existed without a break; 0 if there is none. */
  readonly since: GitLabSeconds;
  /** Since when the term's file has been lost or unreadable; 0 if it is not. The ground may change meanwhile. */
  readonly damagedSince: GitLabSeconds;
  /** When this cluster first called the roll since the holder's lease lapsed, and no manager answered; 0 for not yet. */
  readonly calledAt: GitLabSeconds;
}

/** How many runners a cluster has wanted recently, and whether it had them (decision/strength.ts). */
export interface Wanted {
  /** The least number wanted at any time in the last `settleSeconds`; undefined while that is not known. */
  readonly settled: number | undefined;
  /** Rising numbers, each with the last time at which no more were wanted. */
  readonly least: readonly { readonly count: number; readonly at: GitLabSeconds }[];
  /** Since when the wanted numbers are known without a gap. */
  readonly since: GitLabSeconds;
  /** Since when at least the lowest wanted number of runners has been online; 0 if it is not. */
  readonly wholeSince: GitLabSeconds;
}

/** A record of another cluster, and how many runners that cluster needs to hold the main tags. */
export interface KnownRival {
  readonly cluster: string;
  readonly record: number;
  readonly minOnline: number;
}

export interface Lease {
  readonly cluster: string;
  readonly online: number;
  readonly total: number;
  /** The holder as this cluster sees it, `nobody` before the first term. */
  readonly holder: string;
  /** The highest term that this cluster knows of; 0 before the first. */
  readonly term: number;
  /** GitLab's time from before the count. */
  readonly at: GitLabSeconds;
  /** Since when this cluster's stamps have succeeded without a longer gap than L + T. */
  readonly inTouchSince: GitLabSeconds;
  /** Since when GitLab has heard this cluster's own managers without a gap; 0 where it does not. */
  readonly heardSince: GitLabSeconds;
  /** Undefined where a checker of an earlier release wrote the note, or people's lines left no room for it. */
  readonly wanted: Wanted | undefined;
  /** As this cluster last knew them, the lowest record of each first: the loss of all files at once then makes no cluster unknown. */
  readonly rivals: readonly KnownRival[];
  readonly memory: Memory;
}

export const NOBODY = 'nobody';
const MARK = 'HADR lease:';
const MEMORY_MARK = 'HADR memory:';
const RIVALS_MARK = 'HADR rivals:';
/** GitLab refuses longer notes (lib/api/ci/runners.rb). */
const MAX_NOTE_CHARACTERS = 1024;
/** A lease that is dated further in the future is not valid: GitLab's own nodes differ by less. */
const FUTURE_TOLERANCE_SECONDS = 10;

const timeOrDash = (at: GitLabSeconds): string => (at === 0 ? '-' : isoOf(at));

/** Times in the memory are written as seconds before `at`: that is shorter, and people want to know how long. */
const ageOrDash = (at: GitLabSeconds, of: GitLabSeconds): string => (of === 0 ? '-' : `${at - of}s`);

/**
 * Our lines of the note. The first is that of the first release, so that checkers of two releases can read each other; what
 * it counts as `stronger` and `even` was counted by a rule of that release, and is left empty. The second one carries what
 * came later, the third one says what is known of the other clusters, and a checker of the first release leaves both alone.
 */
export const formatLease = (lease: Lease): string =>
  [
    leaseLine(lease),
    ...(lease.wanted ? [memoryLine(lease, lease.wanted)] : []),
    ...(lease.rivals.length > 0 ? [rivalsLine(lease)] : []),
  ].join('\n');

function leaseLine(lease: Lease): string {
  const m = lease.memory;
  const age = (of: GitLabSeconds): string => ageOrDash(lease.at, of);
  return (
    `${MARK} ${lease.cluster} ${lease.online}/${lease.total} online, holder ${lease.holder}, term ${lease.term}, ` +
    `at ${isoOf(lease.at)}, in touch since ${isoOf(lease.inTouchSince)}, ` +
    `heard since ${timeOrDash(lease.heardSince)}; ` +
    `saw term ${m.term} stamp ${age(m.stamp)} ${STORED_UNHEALTHY} ${m.unhealthy} stronger 0 ` +
    `even - ground ${storedGround(m.ground)} ${age(m.since)} damaged ${age(m.damagedSince)} called ${age(m.calledAt)}`
  );
}

function memoryLine({ cluster, at, memory }: Lease, { settled, least, since, wholeSince }: Wanted): string {
  const steps = least.map((step) => `${step.count} ${ageOrDash(at, step.at)}`).join(', ');
  return (
    `${MEMORY_MARK} ${cluster} at ${isoOf(at)}, settled ${settled ?? '-'}, wanted ${steps}, known ${ageOrDash(at, since)}, ` +
    `whole ${ageOrDash(at, wholeSince)}, stronger ${memory.stronger} ${ageOrDash(at, memory.strongerSince)}`
  );
}

const rivalsLine = ({ rivals }: Lease): string =>
  `${RIVALS_MARK} ${rivals.map(({ cluster, record, minOnline }) => `${cluster} ${record} needs ${minOnline}`).join(', ')}`;

const NAME = '[a-z0-9-]+';
const TIME = '[0-9TZ:-]+';
const AGE = '-|-?\\d{1,12}s';
const LINE = new RegExp(
  `^${MARK} (${NAME}) (\\d{1,6})/(\\d{1,6}) online, holder (${NAME}), term (\\d{1,9}), at (${TIME}), ` +
    `in touch since (${TIME}), heard since (${TIME}); saw term (\\d{1,9}) stamp (${AGE}) ${STORED_UNHEALTHY} (\\d{1,4}) stronger \\d{1,4} ` +
    `even (?:${AGE}) ground ([a-z]+) (${AGE}) damaged (${AGE}) called (${AGE})$`,
);

function timeOf(text: string | undefined): GitLabSeconds | undefined {
  return text === '-' ? 0 : secondsOf(text ?? '');
}

const timeBefore = (at: GitLabSeconds, age: string | undefined): GitLabSeconds =>
  age === '-' ? 0 : at - Number(age?.slice(0, -1));

const STEP = `\\d{1,6} (?:${AGE})`;
const MEMORY_LINE = new RegExp(
  `^${MEMORY_MARK} (${NAME}) at (${TIME}), settled (-|\\d{1,6}), wanted (${STEP}(?:, ${STEP}){0,7}), known (${AGE}), ` +
    `whole (${AGE}), stronger (\\d{1,4}) (${AGE})$`,
);

/** The lease with what the second line says; as it is where that line was not written together with it. */
function withMemoryLine(lease: Lease, line: string): Lease {
  const match = MEMORY_LINE.exec(line.trim());
  if (!match) return lease;
  const [, cluster, at, settled, steps = '', known, whole, stronger, strongerAge] = match;
  if (cluster !== lease.cluster || timeOf(at) !== lease.at) return lease;
  const before = (age: string | undefined): GitLabSeconds => timeBefore(lease.at, age);
  const least = steps.split(', ').map((step) => {
    const [count, age] = step.split(' ');
    return { count: Number(count), at: before(age) };
  });
  return {
    ...lease,
    wanted: {
      settled: settled === '-' ? undefined : Number(settled),
      least,
      since: before(known),
      wholeSince: before(whole),
    },
    memory: { ...lease.memory, stronger: Number(stronger), strongerSince: before(strongerAge) },
  };
}

/**
 * The lease in a line, without what the second line says; undefined where the line is not ours any more (cut, edited, of
 * another release).
 */
export function parseLease(line: string): Lease | undefined {
  const match = LINE.exec(line.trim());
  if (!match) return undefined;
  const [, cluster, online, total, holder, term, at, touch, heard, ...remembered] = match;
  const [mTerm, stamp, unhealthy, ground, since, damaged, called] = remembered;
  const [atS, touchS, heardS] = [at, touch, heard].map(timeOf);
  const groundName = ground === 'none' ? 'none' : GROUNDS.find((name) => storedGround(name) === ground);
  if (
    cluster === undefined ||
    holder === undefined ||
    groundName === undefined ||
    atS === undefined ||
    touchS === undefined ||
    heardS === undefined ||
    atS === 0
  )
    return undefined;
  const before = (age: string | undefined): GitLabSeconds => timeBefore(atS, age);
  return {
    cluster,
    online: Number(online),
    total: Number(total),
    holder,
    term: Number(term),
    at: atS,
    inTouchSince: touchS,
    heardSince: heardS,
    wanted: undefined,
    rivals: [],
    memory: {
      term: Number(mTerm),
      stamp: before(stamp),
      unhealthy: Number(unhealthy),
      stronger: 0,
      strongerSince: 0,
      ground: groundName,
      since: before(since),
      damagedSince: before(damaged),
      calledAt: before(called),
    },
  };
}

const isOurs = (line: string): boolean =>
  [MARK, MEMORY_MARK, RIVALS_MARK].some((mark) => line.trimStart().startsWith(mark));

/** The lines of a note that are ours, readable or not. */
export const leaseLines = (note: string): string[] => note.split('\n').filter(isOurs);

/**
 * The note with the lease of this line in place of any earlier one. People's lines stay as they are; if the note would be
 * too long for GitLab, the result is undefined, for people's lines are never cut.
 */
export function noteWithLease(note: string | null, lease: Lease): string | undefined {
  const others = (note ?? '').split('\n').filter((line) => !isOurs(line));
  while (others.length > 0 && others.at(-1)?.trim() === '') others.pop();
  // The second line is needed only for moves by choice, the third only after a loss of all files. Without room for them the
  // cluster works.
  const lowest = lease.rivals.filter(({ cluster }, index, all) => all[index - 1]?.cluster !== cluster);
  const written = [
    lease,
    { ...lease, rivals: lowest },
    { ...lease, rivals: [] },
    { ...lease, rivals: [], wanted: undefined },
  ];
  const texts = written.map((each) => [...others, formatLease(each)].join('\n'));
  return texts.find((text) => text.length <= MAX_NOTE_CHARACTERS);
}

const RIVAL = `${NAME} \\d{1,12} needs \\d{1,6}`;
const RIVALS_LINE = new RegExp(`^${RIVALS_MARK} (${RIVAL}(?:, ${RIVAL})*)$`);

function rivalsIn(lines: readonly string[]): KnownRival[] {
  const named = lines.flatMap((line) => RIVALS_LINE.exec(line.trim())?.[1]?.split(', ') ?? []);
  return named.map((pair) => {
    const [cluster = '', record, , minOnline] = pair.split(' ');
    return { cluster, record: Number(record), minOnline: Number(minOnline) };
  });
}

/** The lease in a note. `none`: no valid lease, which counts as lapsed: a roll call decides then. */
export type LeaseRead =
  | { readonly kind: 'lease'; readonly lease: Lease; readonly readAt: GitLabSeconds }
  | {
      readonly kind: 'none';
      readonly why: string;
      readonly readAt: GitLabSeconds;
      /** What a lease that is dated in the future names: its number may still be right. */
      readonly named?: Pick<Lease, 'term' | 'holder'>;
    };

/** The lease of `cluster` in a note, whatever its date; undefined where none can be read. */
export const leaseIn = (note: string, cluster: string): Lease | undefined =>
  leaseLines(note)
    .map(parseLease)
    .findLast((lease) => lease?.cluster === cluster);

/** Reads the lease of `cluster` from a record's note that GitLab gave at `readAt`. */
export function leaseFrom(note: string | null, cluster: string, readAt: GitLabSeconds): LeaseRead {
  const none = (why: string): LeaseRead => ({ kind: 'none', why, readAt });
  if (note === null) return none('its record shows no note (or the token may not see it)');
  const ours = leaseLines(note);
  if (ours.length === 0) return none('its note has no lease');
  const lease = leaseIn(note, cluster);
  if (!lease) return none('the lease in its note cannot be read');
  if (lease.at > readAt + FUTURE_TOLERANCE_SECONDS) {
    const { term, holder } = lease;
    return {
      kind: 'none',
      why: `its lease is dated in the future (${isoOf(lease.at)})`,
      readAt,
      named: { term, holder },
    };
  }
  return { kind: 'lease', lease: { ...ours.reduce(withMemoryLine, lease), rivals: rivalsIn(ours) }, readAt };
}

/** Seconds since the stamp, never negative: GitLab's nodes may differ by a second or two. */
export const ageOf = (read: { readonly lease: Lease; readonly readAt: GitLabSeconds }): number =>
  Math.max(0, read.readAt - read.lease.at);
