/**
 * Plans a move of the main tags that a person asks for: whether it is possible, and what it changes. Pure. A switchover is done
 * by the checkers: it is possible only if the named cluster's own checker would claim under a pin. If it would not, only a
 * forced term remains.
 */
import { nextNumber, claimBlocker } from '../decision/decide.ts';
import type { Rules } from '../model/rules.ts';
import { fitnessOf } from './fitness.ts';
import { holderOf, type Facts, type MemberFacts, type FleetFacts } from '../model/facts.ts';
import { isRetired, type Control } from '../model/control.ts';
import { isFresh, pinnedCluster } from '../decision/rivals.ts';
import { unknownRecord } from '../model/member.ts';
import { differenceOf, wantedTags } from '../decision/tags.ts';
import { factsFor, nextMove, rulesFor } from './next-move.ts';

export interface RecordEdit {
  readonly cluster: string;
  readonly record: number;
  /** `+rnd-runner` */
  readonly difference: string;
}

export interface Move {
  readonly from: string;
  readonly to: string;
  readonly edits: readonly RecordEdit[];
}

/** It is not possible: `unknown` if something is not known, `state` if the state of the fleet prevents it. */
export interface Blocked {
  readonly kind: 'blocked';
  readonly by: 'unknown' | 'state';
  readonly why: string;
}

const blocked = (why: string): Blocked => ({ kind: 'blocked', by: 'state', why });
const notKnown = (why: string): Blocked => ({ kind: 'blocked', by: 'unknown', why });

interface Ready {
  readonly kind: 'ready';
  readonly from: string;
  readonly control: Control;
}

/** What prevents any move: no checker would act on it, or another checker would undo it. */
function common({ control, term, now }: FleetFacts, to: string): Ready | Blocked {
  if (control.kind === 'unknown') return notKnown(control.why);
  if (control.kind === 'absent') return notKnown('control.json is gone');
  const asked = control.value;
  if (asked.paused) return blocked('the fleet is paused: no checker moves a tag; run hadr resume first');
  if (isRetired(asked, to)) return blocked(`${to} is retired; take it out of control.json first`);
  const pinned = pinnedCluster(asked, now);
  if (pinned !== undefined && pinned !== to)
    return blocked(`the main tags are pinned to ${pinned}; run hadr unpin first`);
  if (term.kind === 'unknown') return notKnown(`the newest term is unknown: ${term.why}`);
  if (term.kind === 'none')
    return blocked('no cluster holds the main tags yet; the first checkers that run claim them');
  const from = holderOf(term, [])?.name;
  if (from === undefined) return notKnown('the holder of the main tags is unknown: the newest term names no cluster');
  if (from === to) return blocked(`${to} holds the main tags already`);
  return { kind: 'ready', from, control: asked };
}

export function planSwitchover(fleet: FleetFacts, to: string, rules: Rules): (Move & { kind: 'ready' }) | Blocked {
  const ready = common(fleet, to);
  if (ready.kind === 'blocked') return ready;
  const { from, control } = ready;
  const [blind] = unreadable(fleet);
  if (blind !== undefined) return notKnown(blind);
  const sick = notHealthy(fleet, from, rules);
  if (sick !== undefined)
    return blocked(
      `${from} ${sick}, and a switchover needs two healthy clusters; hadr status shows when another cluster takes over by itself`,
    );
  const asked: FleetFacts = {
    ...fleet,
    control: { kind: 'found', value: { ...control, pin: { cluster: to } }, at: fleet.now },
  };
  const move = nextMove(asked, to, rules);
  if (move.kind !== 'claim') return blocked(`${to} cannot take the main tags: ${move.reason}`);
  return { kind: 'ready', from, to, edits: editsOf(fleet, to) };
}

/** The records that GitLab does not show now: no checker changes a tag while there is one. */
const unreadable = ({ members }: FleetFacts): string[] =>
  members.flatMap(({ name, records, former }) => unknownRecord(name, [...records, ...former])?.why ?? []);

function notHealthy(fleet: FleetFacts, name: string, rules: Rules): string | undefined {
  const member = fleet.members.find((candidate) => candidate.name === name);
  if (!member) return 'is not in the fleet';
  const fitness = fitnessOf(member, rules);
  switch (fitness.kind) {
    case 'unknown':
      return `is unknown (${fitness.why})`;
    case 'unfit':
      return fitness.why;
    case 'fit':
      return undefined;
  }
}

export interface ForcedMove extends Move {
  readonly kind: 'ready';
  /** The number of the forced term. */
  readonly number: number;
  /** The facts as the named cluster's checker would see them; the term records them. */
  readonly facts: Facts;
  /** What the checkers would have waited for, and what may therefore go wrong. Each a sentence. */
  readonly risks: readonly string[];
}

export function planForced(fleet: FleetFacts, to: string, rules: Rules): ForcedMove | Blocked {
  const ready = common(fleet, to);
  if (ready.kind === 'blocked') return ready;
  if (planSwitchover(fleet, to, rules).kind === 'ready')
    return blocked(`both clusters are healthy: hadr switchover --to ${to} does it without force`);
  const facts = factsFor(fleet, to);
  if (facts.kind === 'unknown') return notKnown(`${to} is unknown: ${facts.why}`);
  const own = unknownRecord(to, facts.value.self.records);
  if (own) return notKnown(own.why);
  const alive = fleet.members.filter(({ lease }) => isFresh(lease, rules.timing));
  if (alive.length === 0)
    return blocked(
      `no checker works, and a term alone moves no tag; start a checker with: kubectl create job --from=cronjob/checker-${to} hadr-by-hand`,
    );
  const { from, control } = ready;
  return {
    kind: 'ready',
    from,
    to,
    edits: editsOf(fleet, to),
    number: nextNumber(facts.value),
    facts: facts.value,
    risks: risksOf(fleet, from, to, facts.value, control, rules),
  };
}

function risksOf(
  fleet: FleetFacts,
  from: string,
  to: string,
  facts: Facts,
  control: Control,
  rules: Rules,
): readonly string[] {
  const obstacle = claimBlocker(facts, control, rulesFor(fleet, to, rules));
  const unhealthy = notHealthy(fleet, to, rules);
  const blind = unreadable(fleet);
  const move = nextMove(fleet, to, rules);
  return [
    `Without --force: ${to} ${move.kind === 'no-lease' ? 'does nothing' : 'waits'}: ${move.reason}.`,
    `No evidence is needed: ${from} loses the main tags even if it works; its running jobs continue there.`,
    ...(obstacle === undefined
      ? []
      : [
          `${to} may not hold them by the rules (${obstacle}): jobs may wait there, and another cluster may take the tags from it at once.`,
        ]),
    ...(unhealthy === undefined ? [] : [`${to} ${unhealthy}: it is unknown whether its runners take jobs.`]),
    ...(blind.length === 0
      ? []
      : [
          `No checker moves a tag until GitLab shows every record again (${blind.join('; ')}): the term is valid, and the tags follow later.`,
        ]),
  ];
}

/** The edits that the checkers will make once `to` is the holder. */
function editsOf({ members, mainTags }: FleetFacts, to: string): RecordEdit[] {
  return members.flatMap((member) =>
    [...member.records, ...member.former].flatMap(({ id, read }) => {
      if (read.kind !== 'found') return [];
      const isHolder = member.name === to;
      const role = { isHolder, ownTags: ownTagsOf(member), isOwn: true, mainTags };
      const wanted = wantedTags(read.value.tags, role);
      const difference = wanted === undefined ? '' : differenceOf(read.value.tags, wanted);
      return difference === '' ? [] : [{ cluster: member.name, record: id, difference }];
    }),
  );
}

const ownTagsOf = ({ report }: MemberFacts): readonly string[] => (report.kind === 'found' ? report.value.ownTags : []);
