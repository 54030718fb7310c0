/**
 * A cluster leaves the fleet before its stack is destroyed (I9). control.json lists it as destroyed first, so that it cannot claim
 * while it is being removed. If it holds the main tags, another cluster must hold them before anything is removed. Nothing here
 * moves a tag: the entry makes the other clusters claim, by their own rules.
 */
import { CONTROL_PATH } from '../core/model/control.ts';
import { standingOf, successionOf, type Standing } from '../core/outlook/succession.ts';
import type { FleetFacts } from '../core/model/facts.ts';
import { bounds } from '../timing.ts';
import { setDestroyed } from './rejoin.ts';
import { readFleet } from '../fleet/read-fleet.ts';
import type { Member } from '../fleet/access.ts';
import { waitFor, type Waited } from './wait.ts';

export type Left =
  | { readonly kind: 'left'; readonly sentence: string }
  /** Nothing was changed, or the change was undone. The sentence gives the reason and what to do. */
  | { readonly kind: 'refused'; readonly sentence: string };

export async function leave(member: Member): Promise<Left> {
  const { cluster, mainTags } = member.config;
  const tags = mainTags.join(', ');
  const before = await readFleet(member);
  const standing = standingOf(before, cluster);
  switch (standing.kind) {
    case 'unknown':
      return refused(
        `it is unknown whether ${cluster} holds ${tags}: ${standing.why}. Fix this and run the command again.`,
      );
    case 'free': {
      const marked = await listAsDestroyed(member);
      if (marked !== undefined) return refused(marked);
      return { kind: 'left', sentence: `${cluster} does not hold ${tags}: ${holderText(standing)}` };
    }
    case 'holds':
      return handOver(member, before, tags);
  }
}

const refused = (sentence: string): Left => ({ kind: 'refused', sentence });

const holderText = ({ holder, term }: Extract<Standing, { kind: 'free' }>): string =>
  holder === undefined ? 'there is no holder yet' : `${holder} is the holder (term ${term})`;

async function handOver(member: Member, before: FleetFacts, tags: string): Promise<Left> {
  const { cluster, policy, timing } = member.config;
  const succession = successionOf(before, cluster, policy, timing);
  if (succession.kind === 'none')
    return stays(member, `${cluster} holds ${tags} and no other cluster can take over: ${succession.why}.`);
  const marked = await listAsDestroyed(member);
  if (marked !== undefined) return refused(marked);
  const { deadSeconds, unhealthySeconds } = bounds(timing, policy.confirm);
  const bound = Math.max(deadSeconds, unhealthySeconds);
  member.say(`${cluster} hands ${tags} over to ${succession.names.join(' or ')}, within ${Math.ceil(bound)} s`);
  const end = await awaitSuccessor(member, bound);
  if (end.kind === 'late')
    return stays(member, `no cluster took ${tags} over from ${cluster} within ${Math.ceil(bound)} s: ${end.why}.`);
  switch (end.value.kind) {
    case 'taken':
      return { kind: 'left', sentence: `${end.value.holder} holds ${tags} now (term ${end.value.term})` };
    case 'recalled':
      return refused(`${cluster} was removed from destroyed in ${CONTROL_PATH} meanwhile. Run the command again.`);
  }
}

/** The cluster keeps working, so it must not be listed as destroyed, even if an earlier attempt that was interrupted listed it. */
async function stays(member: Member, why: string): Promise<Left> {
  const { cluster } = member.config;
  const back = await setDestroyed(member, false, `${cluster} stays: it could not hand over`);
  if (back.kind !== 'failed') return refused(why);
  const fix = `${cluster} may still be listed as destroyed in ${CONTROL_PATH} (${back.why}): remove it there by hand.`;
  return refused(`${why} ${fix}`);
}

type End = { readonly kind: 'taken'; readonly holder: string; readonly term: number } | { readonly kind: 'recalled' };

function awaitSuccessor(member: Member, boundSeconds: number): Promise<Waited<End>> {
  const { cluster, timing } = member.config;
  return waitFor<End>(member, { boundSeconds, everySeconds: timing.roundSeconds / 3 }, (facts) => {
    const standing = standingOf(facts, cluster);
    if (standing.kind === 'free' && standing.reconciled && standing.holder !== undefined)
      return { kind: 'done', value: { kind: 'taken', holder: standing.holder, term: standing.term } };
    if (facts.control.kind === 'found' && !facts.control.value.destroyed.includes(cluster))
      return { kind: 'done', value: { kind: 'recalled' } };
    return { kind: 'waits', why: waitsFor(facts, standing, member.config) };
  });
}

function waitsFor(facts: FleetFacts, standing: Standing, { cluster, policy, timing }: Member['config']): string {
  switch (standing.kind) {
    case 'unknown':
      return standing.why;
    case 'free':
      return `waiting for the tags to follow: ${holderText(standing)}`;
    case 'holds': {
      const succession = successionOf(facts, cluster, policy, timing);
      return succession.kind === 'none' ? succession.why : `waiting for the term of ${succession.names.join(' or ')}`;
    }
  }
}

/** A sentence if control.json could not be changed. */
async function listAsDestroyed(member: Member): Promise<string | undefined> {
  const { cluster } = member.config;
  const marked = await setDestroyed(member, true, `${cluster} leaves: its stack is about to be destroyed`);
  if (marked.kind !== 'failed') return undefined;
  return `${cluster} could not be listed as destroyed in ${CONTROL_PATH}: ${marked.why}. Fix this and run the command again.`;
}
