/** Edits of runner records: by Pulumi, by GitLab, or by a person. */
import { formatLease, leaseFrom, noteWithLease } from '../../runtime/core/model/lease.ts';
import { MAIN_TAG } from '../world/fleet.ts';
import { START } from '../world/gitlab.ts';
import { type FaultContext, type FaultType, IN_TOUCH_AGAIN } from './fault.ts';
import { isLastToKnowTerm } from './files.ts';

function editTags(
  { fleet, cluster }: FaultContext,
  who: string,
  change: (tags: readonly string[]) => string[],
): undefined {
  const runner = fleet.gitlab.runner(cluster.record);
  if (runner) fleet.gitlab.editByHand(who, runner.id, { tags: change(runner.tags) });
  return undefined;
}

export const RECORD_FAULTS = {
  'record replaced': {
    seconds: [60, 240],
    scope: 'checker',
    grace: IN_TOUCH_AGAIN,
    begin: ({ cluster, fleet }) => {
      const old = cluster.record;
      cluster.record = fleet.newRecord(cluster.name);
      cluster.rollOut();
      // Pulumi deletes the old record once the rollout is done.
      return () => fleet.removeRecord(old);
    },
  },
  twins: {
    seconds: [120, 900],
    scope: 'none',
    begin: ({ cluster, fleet, amount }) => {
      if (!fleet.gitlab.runner(cluster.record)) return undefined;
      // Where an earlier release ran, both stacks may have the main tag.
      const wasBoth = amount < 0.4 && fleet.holders().includes(cluster.name);
      const twin = fleet.addTwin(cluster, wasBoth ? [MAIN_TAG] : []);
      return () => {
        twin.end();
        fleet.removeRecord(twin.record);
      };
    },
  },
  'pulumi up': {
    seconds: [1, 20],
    scope: 'none',
    begin: ({ cluster, fleet }) => {
      const runner = fleet.gitlab.runner(cluster.record);
      if (!runner) return undefined;
      const read = { tags: [...runner.tags], note: runner.note, paused: runner.paused };
      return () => fleet.gitlab.editByHand('pulumi', runner.id, read);
    },
  },
  'record deleted': {
    seconds: [60, 900],
    scope: 'checker',
    grace: IN_TOUCH_AGAIN + 60,
    slow: 60,
    begin: ({ cluster, fleet }) => {
      fleet.removeRecord(cluster.record);
      return () => {
        cluster.record = fleet.newRecord(cluster.name);
        cluster.rollOut();
      };
    },
  },
  'record paused': {
    seconds: [60, 900],
    scope: 'none',
    begin: ({ cluster, fleet }) => {
      const id = cluster.record;
      fleet.gitlab.editByHand('a person', id, { paused: true });
      return () => fleet.gitlab.editByHand('a person', id, { paused: false });
    },
  },
  'note emptied': {
    seconds: [1, 1],
    scope: 'checker',
    grace: IN_TOUCH_AGAIN,
    begin: ({ cluster, fleet }) => {
      if (!isLastToKnowTerm(fleet, cluster)) fleet.gitlab.editByHand('a person', cluster.record, { note: null });
      return undefined;
    },
  },
  'lease dated ahead, then the cluster dies': {
    seconds: [300, 1200],
    scope: 'checker',
    grace: IN_TOUCH_AGAIN,
    begin: ({ cluster, fleet }) => {
      const runner = fleet.gitlab.runner(cluster.record);
      cluster.die();
      const now = Math.floor((START + fleet.time.now) / 1000);
      const read = leaseFrom(runner?.note ?? null, cluster.name, now);
      if (runner && read.kind === 'lease') {
        const ahead = { ...read.lease, at: now + 86_400 };
        fleet.gitlab.editByHand('a person', runner.id, {
          note: noteWithLease(runner.note, ahead) ?? formatLease(ahead),
        });
      }
      return () => cluster.comeBack();
    },
  },
  'a tag added by hand': {
    seconds: [1, 1],
    scope: 'none',
    begin: (context) => editTags(context, 'a person', (tags) => [...tags, `extra-${context.random.whole(1, 3)}`]),
  },
  'own tags removed by hand': {
    seconds: [1, 1],
    scope: 'none',
    begin: (context) =>
      editTags(context, 'a person', (tags) =>
        tags.filter((tag) => tag === MAIN_TAG || tag !== context.fleet.ownTag(context.cluster.name)),
      ),
  },
  'main tag removed by hand': {
    seconds: [1, 1],
    scope: 'none',
    begin: (context) => editTags(context, 'a person', (tags) => tags.filter((tag) => tag !== MAIN_TAG)),
  },
  'main tag added by hand': {
    seconds: [1, 1],
    scope: 'none',
    begin: (context) => editTags(context, 'a person', (tags) => [...tags, MAIN_TAG]),
  },
} satisfies Record<string, FaultType>;
