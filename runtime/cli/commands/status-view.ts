/** What `hadr status` knows, as plain data with a documented shape, and as a table for people. */
import * as z from 'zod';
import { isoOf, type GitLabSeconds, duration, moment } from '../../core/model/time.ts';
import type { Read } from '../../core/model/read.ts';
import type { Rules } from '../../core/model/rules.ts';
import { knownRecords, type FleetFacts, type MemberFacts } from '../../core/model/facts.ts';
import { HEALTHS, healthOf, taggedClusters, type Health } from '../../core/outlook/health.ts';
import { heldFor } from '../../core/decision/ground.ts';
import { ageOf } from '../../core/model/lease.ts';
import { isFresh, pinnedCluster } from '../../core/decision/rivals.ts';
import { nextMove } from '../../core/outlook/next-move.ts';
import type { CommitView } from '../../ports.ts';
import { table, type Paint } from '../present/table.ts';

const time = z.string().describe('GitLab’s time, ISO 8601, UTC.');
const seconds = z.number().int().min(0);
const count = z.number().int().min(0);

const clusterSchema = z.strictObject({
  name: z.string(),
  holder: z.boolean().describe('The newest term names it.'),
  tagged: z.boolean().describe('GitLab shows a main tag on one of its runner records.'),
  runners: z
    .strictObject({ online: count, total: count })
    .nullable()
    .describe('From its newest lease; null without a lease.'),
  lease: z.strictObject({ at: time, ageSeconds: seconds, fresh: z.boolean().describe('Not older than L.') }).nullable(),
  report: z
    .strictObject({
      at: time.nullable().describe('When it last changed and was committed. Null if GitLab does not show it.'),
      ageSeconds: seconds.nullable(),
    })
    .nullable()
    .describe('Null where there is none.'),
  term: count.nullable().describe('The highest term that it knows.'),
  preferred: z.boolean().nullable(),
  warnings: z.array(z.string()).describe('What its checker asks people to do soon.'),
  records: z.array(z.strictObject({ id: count, tags: z.array(z.string()).nullable(), paused: z.boolean().nullable() })),
  next: z
    .strictObject({
      move: z
        .enum(['nothing', 'reconcile', 'call', 'claim', 'no-lease'])
        .describe('What its checker would do now; no-lease: nothing, because it does not renew its lease.'),
      why: z.string(),
    })
    .describe('Its next possible move and what it waits for.'),
});

export const statusSchema = z.strictObject({
  version: z.literal(1),
  kind: z.literal('status'),
  at: time,
  health: z.enum(HEALTHS),
  reasons: z.array(z.string()).describe('Why the fleet is not ok; empty if it is.'),
  mainTags: z.array(z.string()),
  holder: z
    .strictObject({
      cluster: z.string(),
      term: count,
      since: time,
      seconds: seconds.describe('For how long.'),
      ground: z.string(),
      reason: z.string(),
    })
    .nullable()
    .describe('From the newest term; null if there is none or it cannot be read.'),
  control: z
    .strictObject({
      paused: z.boolean(),
      pin: z.strictObject({ cluster: z.string(), until: time.nullable() }).nullable(),
      retired: z.array(z.string()),
      destroyed: z.array(z.string()),
      commit: z.strictObject({ at: time, author: z.string(), title: z.string() }).nullable(),
    })
    .nullable()
    .describe('What control.json says; null if it cannot be read.'),
  clusters: z.array(clusterSchema),
});

export type Status = z.infer<typeof statusSchema>;
type ClusterStatus = z.infer<typeof clusterSchema>;

/** The newest commits of control.json and of each report. */
export interface Commits {
  readonly control: Read<CommitView | undefined>;
  readonly reports: ReadonlyMap<string, Read<CommitView | undefined>>;
}

export function statusOf(fleet: FleetFacts, rules: Rules, commits: Commits): Status {
  const { term, control, now, mainTags } = fleet;
  const { health, reasons } = healthOf(fleet, rules);
  const newest = term.kind === 'term' ? term.term : undefined;
  const asked = control.kind === 'found' ? control.value : undefined;
  return {
    version: 1,
    kind: 'status',
    at: isoOf(now),
    health,
    reasons: [...reasons],
    mainTags: [...mainTags],
    holder: newest
      ? {
          cluster: newest.holder,
          term: newest.number,
          since: newest.at,
          seconds: heldFor(now, newest.at),
          ground: newest.ground,
          reason: newest.reason,
        }
      : null,
    control: asked
      ? {
          paused: asked.paused,
          pin:
            asked.pin && pinnedCluster(asked, now) !== undefined
              ? { cluster: asked.pin.cluster, until: asked.pin.until ?? null }
              : null,
          retired: asked.retired,
          destroyed: asked.destroyed,
          commit: commitOf(commits.control),
        }
      : null,
    clusters: fleet.members.map((member) => clusterOf(member, fleet, rules, commits)),
  };
}

const found = (commit: Read<CommitView | undefined> | undefined): CommitView | undefined =>
  commit?.kind === 'found' ? commit.value : undefined;

function commitOf(answer: Read<CommitView | undefined>) {
  const commit = found(answer);
  return commit ? { at: isoOf(commit.at), author: commit.author, title: commit.title } : null;
}

function clusterOf(member: MemberFacts, fleet: FleetFacts, rules: Rules, commits: Commits): ClusterStatus {
  const { name, report, lease: read } = member;
  const { term, now } = fleet;
  const lease = read.kind === 'lease' ? read.lease : undefined;
  const { kind, reason } = nextMove(fleet, name, rules);
  return {
    name,
    holder: (term.kind === 'term' ? term.term.holder : term.kind === 'damaged' ? term.named : undefined) === name,
    tagged: taggedClusters(fleet).includes(name),
    runners: lease ? { online: lease.online, total: lease.total } : null,
    lease:
      read.kind === 'lease'
        ? { at: isoOf(read.lease.at), ageSeconds: ageOf(read), fresh: isFresh(read, rules.timing) }
        : null,
    report: report.kind === 'absent' ? null : reportOf(found(commits.reports.get(name)), now),
    term: lease?.term ?? (report.kind === 'found' ? report.value.term : null),
    preferred: report.kind === 'found' ? report.value.preferred : null,
    warnings: report.kind === 'found' ? [...(report.value.warnings ?? [])] : [],
    // A former record that is gone needs no mention: its replacement is complete.
    records: knownRecords(member).map(({ id, read: answer }) => ({
      id,
      tags: answer.kind === 'found' ? [...answer.value.tags] : null,
      paused: answer.kind === 'found' ? answer.value.paused : null,
    })),
    next: { move: kind, why: reason },
  };
}

const reportOf = (commit: CommitView | undefined, now: GitLabSeconds): ClusterStatus['report'] =>
  commit ? { at: isoOf(commit.at), ageSeconds: Math.max(0, now - commit.at) } : { at: null, ageSeconds: null };

const STAR = '★';

export function statusText(status: Status, paint: Paint): string {
  const rows = status.clusters.map((cluster) => rowOf(cluster, paint));
  const head = ['', 'CLUSTER', 'RUNNERS', 'LEASE', 'REPORT', 'TERM', 'TAGS'].map(paint.dim);
  return [
    holderLine(status, paint),
    ...controlLines(status, paint),
    '',
    table([head, ...rows]),
    '',
    table(status.clusters.map(({ name, next }) => [`  ${name}`, `${paint.dim(MOVES[next.move])}${next.why}`])),
    '',
    healthLine(status, paint),
    ...status.clusters.flatMap(({ warnings }) => warnings.map((warning) => paint.fair(`! ${warning}`))),
  ].join('\n');
}

const MOVES: Readonly<Record<ClusterStatus['next']['move'], string>> = {
  nothing: '',
  reconcile: '',
  call: 'starts a roll call: ',
  claim: 'claims the next term: ',
  'no-lease': 'does nothing: ',
};

function holderLine({ holder, mainTags }: Status, paint: Paint): string {
  const tags = mainTags.join(', ');
  if (!holder) return paint.bad(`${tags}: the holder is unknown`);
  const { cluster, term, since, seconds: held, ground, reason } = holder;
  return `${paint.bold(`${tags} ${STAR} ${cluster}`)} since ${moment(since)} (${duration(held)}), term ${term}\n${paint.dim(`${ground}: ${reason}`)}`;
}

function controlLines({ control, at }: Status, paint: Paint): string[] {
  if (!control) return [];
  const asked = [
    ...(control.paused ? ['paused'] : []),
    ...(control.pin
      ? [`pinned to ${control.pin.cluster}${control.pin.until ? ` until ${moment(control.pin.until)}` : ''}`]
      : []),
    ...(control.retired.length > 0 ? [`retired: ${control.retired.join(', ')}`] : []),
    ...(control.destroyed.length > 0 ? [`destroyed: ${control.destroyed.join(', ')}`] : []),
  ];
  if (asked.length === 0) return [];
  const { commit } = control;
  const age = commit && duration((Date.parse(at) - Date.parse(commit.at)) / 1000);
  return [paint.fair(asked.join('; ')) + (commit ? paint.dim(` (${commit.author}, ${age} ago: ${commit.title})`) : '')];
}

function rowOf(cluster: ClusterStatus, paint: Paint): string[] {
  const { lease, report } = cluster;
  const tags = [...new Set(cluster.records.flatMap((record) => record.tags ?? ['?']))];
  return [
    cluster.holder ? paint.good(STAR) : '',
    cluster.preferred === true ? `${cluster.name} (preferred)` : cluster.name,
    runnersText(cluster, paint),
    lease
      ? lease.fresh
        ? duration(lease.ageSeconds)
        : paint.bad(`${duration(lease.ageSeconds)}, lapsed`)
      : paint.bad('none'),
    report ? (report.ageSeconds === null ? '?' : duration(report.ageSeconds)) : paint.bad('none'),
    cluster.term === null ? '?' : String(cluster.term),
    tags.join(', ') + (cluster.records.some(({ paused }) => paused === true) ? paint.fair(' (paused)') : ''),
  ];
}

/** The counts of a lapsed lease are old. */
function runnersText({ runners, lease }: ClusterStatus, paint: Paint): string {
  if (!runners) return paint.bad('?');
  const { online, total } = runners;
  const text = `${online}/${total}`;
  if (lease?.fresh !== true) return paint.bad(`was ${text}`);
  if (online === 0) return paint.bad(text);
  return online < total ? paint.fair(text) : paint.good(text);
}

function healthLine({ health, reasons }: Status, paint: Paint): string {
  if (health === 'ok') return paint.good('ok');
  return [paintOfHealth(health, paint)(health), ...reasons.map((reason) => `  - ${reason}`)].join('\n');
}

const paintOfHealth = (health: Health, paint: Paint): ((text: string) => string) =>
  health === 'degraded' ? paint.fair : paint.bad;
