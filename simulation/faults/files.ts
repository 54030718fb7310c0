/** Edits of the files in the status project: what people ask for, and damage. */
import { leaseFrom } from '../../runtime/core/model/lease.ts';
import { isoOf } from '../../runtime/core/model/time.ts';
import { reportPath } from '../../runtime/core/model/report.ts';
import type { Cluster } from '../world/cluster.ts';
import type { Fleet } from '../world/fleet.ts';
import { START } from '../world/gitlab.ts';
import { type FaultContext, type FaultType, IN_TOUCH_AGAIN, repeat, withoutChecker } from './fault.ts';
import { hostileReport, hostileTerm, REPORT_DAMAGES, TERM_DAMAGES } from './hostile-files.ts';

function control(who: string, begin: (context: FaultContext) => void, end: (context: FaultContext) => void) {
  return (context: FaultContext): (() => void) => {
    begin(context);
    context.fleet.writeControl(who);
    return () => {
      end(context);
      context.fleet.writeControl(who);
    };
  };
}

function newestTermPath(fleet: Pick<Fleet, 'gitlab'>): string | undefined {
  const numbers = [...fleet.gitlab.files.keys()].flatMap((path) => {
    const match = /^terms\/(\d+)\.json$/.exec(path);
    return match ? [Number(match[1])] : [];
  });
  return numbers.length === 0 ? undefined : `terms/${Math.max(...numbers)}.json`;
}

/** Each cluster's lease has the number of the newest term. Before that its loss, with all reports, leaves nothing that knows it. */
const isTermInLeases = (fleet: Fleet): boolean =>
  fleet.clusters.every((cluster) => termInNote(fleet, cluster) >= newestTerm(fleet));

const newestTerm = (fleet: Fleet): number => Number(/\d+/.exec(newestTermPath(fleet) ?? '')?.[0] ?? 0);

/** The term that a cluster's lease names; -1 without a lease. */
function termInNote({ gitlab }: Fleet, { name, record }: Cluster): number {
  const read = leaseFrom(gitlab.runner(record)?.note ?? null, name, Number.MAX_SAFE_INTEGER);
  return read.kind === 'lease' ? read.lease.term : -1;
}

/** Whether the number of the newest term would be lost with a cluster's note: no file and no other note names it. */
export const isLastToKnowTerm = (fleet: Fleet, cluster: Cluster): boolean =>
  [
    newestTerm(fleet),
    ...fleet.clusters.filter((other) => other !== cluster).map((other) => termInNote(fleet, other)),
  ].every((number) => number < termInNote(fleet, cluster));

export const FILE_FAULTS = {
  paused: {
    seconds: [60, 900],
    scope: 'control',
    begin: control(
      'a person',
      ({ fleet }) => (fleet.control.paused = true),
      ({ fleet }) => (fleet.control.paused = false),
    ),
  },
  pinned: {
    seconds: [120, 900],
    scope: 'control',
    begin: control(
      'a person',
      ({ fleet, cluster, seconds, amount }) => {
        const until = isoOf(Math.floor((START + fleet.time.now) / 1000 + seconds));
        fleet.control.pin = amount < 0.5 ? { cluster: cluster.name, until } : { cluster: cluster.name };
      },
      ({ fleet }) => (fleet.control.pin = null),
    ),
  },
  retired: {
    seconds: [120, 1200],
    scope: 'checker',
    begin: control(
      'a person',
      ({ fleet, cluster }) => fleet.control.retired.push(cluster.name),
      ({ fleet, cluster }) => {
        fleet.control.retired = fleet.control.retired.filter((name) => name !== cluster.name);
      },
    ),
  },
  'control unreadable': {
    seconds: [30, 300],
    scope: 'control',
    begin: ({ fleet }) => {
      fleet.gitlab.commitByHand('a person', { 'control.json': '{"paused": maybe}' });
      return () => fleet.writeControl('a person');
    },
  },
  'report deleted': {
    seconds: [1, 1],
    scope: 'none',
    begin: ({ fleet, cluster }) => {
      fleet.gitlab.commitByHand('a person', { [reportPath(cluster.name)]: undefined });
      return undefined;
    },
  },
  'report unreadable': {
    seconds: [1, 1],
    scope: 'none',
    begin: ({ fleet, cluster }) => {
      fleet.gitlab.commitByHand('a person', { [reportPath(cluster.name)]: '{"online": "many"' });
      return undefined;
    },
  },
  'newest term unreadable': {
    seconds: [1, 1],
    scope: 'gitlab',
    grace: IN_TOUCH_AGAIN,
    begin: ({ fleet }) => {
      const newest = newestTermPath(fleet);
      if (newest) fleet.gitlab.commitByHand('a person', { [newest]: 'oops' });
      return undefined;
    },
  },
  'terms lost': {
    seconds: [1, 1],
    scope: 'gitlab',
    grace: IN_TOUCH_AGAIN,
    begin: ({ fleet }) => {
      const terms = [...fleet.gitlab.files.keys()].filter((path) => path.startsWith('terms/'));
      fleet.gitlab.commitByHand('a force push', Object.fromEntries(terms.map((path) => [path, undefined])));
      return undefined;
    },
  },
  'terms and reports lost': {
    seconds: [1, 1],
    scope: 'gitlab',
    grace: IN_TOUCH_AGAIN,
    begin: ({ fleet }) => {
      if (!isTermInLeases(fleet)) return undefined;
      const lost = [...fleet.gitlab.files.keys()].filter((path) => /^(terms|status)\//.test(path));
      fleet.gitlab.commitByHand('a force push', Object.fromEntries(lost.map((path) => [path, undefined])));
      return undefined;
    },
  },
  'newest term and report lost, checker pending': {
    seconds: [120, 1200],
    scope: 'gitlab',
    grace: IN_TOUCH_AGAIN,
    begin: ({ fleet, cluster }) => {
      const newest = newestTermPath(fleet);
      const lost = [reportPath(cluster.name), ...(newest ? [newest] : [])];
      const end = withoutChecker(cluster);
      fleet.gitlab.commitByHand('a force push', Object.fromEntries(lost.map((path) => [path, undefined])));
      return end;
    },
  },
  'hostile report': {
    seconds: [30, 600],
    scope: 'checker',
    grace: IN_TOUCH_AGAIN,
    begin: (context) => {
      const { fleet, cluster, random } = context;
      const path = reportPath(cluster.name);
      const text = hostileReport(random.pick(REPORT_DAMAGES), fleet.gitlab.files.get(path));
      return repeat(
        context,
        () => 20,
        () => fleet.gitlab.commitByHand('a stolen token', { [path]: text }),
      );
    },
  },
  'hostile newest term': {
    seconds: [1, 1],
    scope: 'gitlab',
    grace: IN_TOUCH_AGAIN,
    begin: ({ fleet, random }) => {
      const newest = newestTermPath(fleet);
      const text = newest && fleet.gitlab.files.get(newest);
      if (newest && text !== undefined)
        fleet.gitlab.commitByHand('a stolen token', { [newest]: hostileTerm(random.pick(TERM_DAMAGES), text) });
      return undefined;
    },
  },
} satisfies Record<string, FaultType>;
