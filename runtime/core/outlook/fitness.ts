/**
 * Which clusters could hold the main tags. For messages to people, from what a checker has read anyway. No move depends
 * on it: decide.ts decides which cluster may claim.
 */
import type { Rules } from '../model/rules.ts';
import type { Facts, MemberFacts } from '../model/facts.ts';
import { isRetired, type Control } from '../model/control.ts';
import type { Lease } from '../model/lease.ts';
import { expiredLease, isFresh, pinnedCluster } from '../decision/rivals.ts';

/** Whether a cluster could hold the main tags, and what prevents it; `unknown` if its records cannot be read. */
export type Fitness =
  | { readonly kind: 'fit'; readonly lease: Lease }
  | { readonly kind: 'unfit'; readonly why: string }
  | { readonly kind: 'unknown'; readonly why: string };

export interface MemberFitness {
  readonly name: string;
  readonly fitness: Fitness;
}

const unfit = (why: string): Fitness => ({ kind: 'unfit', why });

/**
 * Every cluster of the fleet by name. Fit are a healthy holder, and each cluster that could take the tags from it, now or
 * after a wait: a wait is part of every move and no reason for an alert. Undefined while control or term are unknown.
 */
export function fleetFitness(facts: Facts, rules: Rules): readonly MemberFitness[] | undefined {
  const holder = facts.holder?.name;
  if (facts.control.kind !== 'found' || holder === undefined) return undefined;
  const control = facts.control.value;
  const { self } = facts;
  const own = strength(self.lease, rules.policy.minOnline);
  const all = [
    { name: self.name, fitness: order(facts, control, self.name, holder) ?? own },
    ...facts.rivals.map((rival) => ({
      name: rival.name,
      fitness: order(facts, control, rival.name, holder) ?? fitnessOf(rival, rules),
    })),
  ];
  return all.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** What control.json says that prevents a cluster from holding the tags. A holder keeps them under a pause and under a pin. */
function order(facts: Facts, control: Control, name: string, holder: string): Fitness | undefined {
  if (isRetired(control, name)) return unfit('is retired');
  if (name === holder) return undefined;
  if (control.paused) return unfit('may not take them: control.json says paused');
  const pinned = pinnedCluster(control, facts.now);
  return pinned !== undefined && pinned !== name ? unfit(`may not take them: they are pinned to ${pinned}`) : undefined;
}

const strength = (lease: Lease, needed: number): Fitness =>
  lease.online < needed
    ? unfit(`has ${lease.online}/${lease.total} runners online and needs ${needed}`)
    : { kind: 'fit', lease };

/** What a cluster's own records show; control.json is ignored. All texts for people use this wording. */
export function fitnessOf(rival: MemberFacts, { timing }: Rules): Fitness {
  const read = rival.lease;
  switch (read.kind) {
    case 'unknown':
      return read;
    case 'gone':
      return unfit('has no runner record');
    case 'none':
      return unfit(`has no valid lease: ${read.why}`);
    case 'lease':
      if (!isFresh(read, timing)) return unfit(expiredLease(read, timing));
      return strength(read.lease, rival.minOnline);
  }
}

/** Whether any cluster is fit; if none is, what prevents each. */
export type Outlook =
  | { readonly kind: 'some' }
  | { readonly kind: 'none'; readonly obstacles: readonly string[] }
  | { readonly kind: 'unknown' };

/**
 * This cluster must have been in touch with GitLab for a lease: by then every living rival has had the time to renew its own
 * lease, so the end of an outage of GitLab is not mistaken for an incident.
 */
export function outlookOf(facts: Facts, rules: Rules): Outlook {
  const all = fleetFitness(facts, rules);
  if (!all) return { kind: 'unknown' };
  if (all.some(({ fitness }) => fitness.kind === 'fit')) return { kind: 'some' };
  const { at, inTouchSince } = facts.self.lease;
  const isKnown =
    all.every(({ fitness }) => fitness.kind === 'unfit') && at - inTouchSince >= rules.timing.leaseSeconds;
  if (!isKnown) return { kind: 'unknown' };
  return {
    kind: 'none',
    obstacles: all.map(({ name, fitness }) => `${name} ${fitness.kind === 'unfit' ? fitness.why : ''}`),
  };
}
