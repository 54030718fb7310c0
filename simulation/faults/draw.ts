/**
 * How often each fault is drawn, relative to the others of its table. The order counts: a name that is added in the middle or moved
 * changes every known episode. New faults get a table of their own, which is drawn from a source of its own: then a known episode
 * keeps its faults and gets more of them.
 */
import type { Random } from '../random.ts';
import type { FaultName } from './faults.ts';

type Weights = readonly (readonly [name: FaultName, weight: number])[];

const FIRST: Weights = [
  ['cluster dies', 6],
  ['pod dies', 3],
  ['pods crash-loop', 6],
  ['pods hang', 4],
  ['pods flap', 3],
  ['sidecars restart', 1],
  ['some jobs', 3],
  ['cluster full', 2],
  ['cluster full, checker pending', 4],
  ['full cluster unheard, checker pending', 2],
  ['cron missed', 5],
  ['cron late', 2],
  ['cron doubled', 2],
  ['checker hangs on a dead node', 3],
  ['checker crashes', 5],
  ['checker freezes', 5],
  ['clock drifts', 2],
  ['clock leaps', 2],
  ['Kubernetes API down', 2],
  ['link cut', 4],
  ['replies lost', 3],
  ['runners cut off', 3],
  ['checker cut off', 4],
  ['one record unreadable', 4],
  ['writes land late', 4],
  ['commits collide', 2],
  ['tokens refused', 2],
  ['runner token refused', 2],
  ['scaled', 2],
  ['rollout', 2],
  ['record replaced', 3],
  ['pulumi up', 3],
  ['record deleted', 2],
  ['record paused', 2],
  ['note emptied', 1],
  ['lease dated ahead, then the cluster dies', 2],
  ['a tag added by hand', 2],
  ['own tags removed by hand', 3],
  ['main tag removed by hand', 2],
  ['main tag added by hand', 3],
  ['GitLab down', 5],
  ['GitLab down for hours', 0.3],
  ['maintenance mode', 3],
  ['read-only', 1],
  ['proxy errors', 2],
  ['scattered errors', 4],
  ['runner endpoints down', 3],
  ['Redis lost', 1],
  ['paused', 3],
  ['pinned', 3],
  ['retired', 3],
  ['control unreadable', 2],
  ['report deleted', 1],
  ['report unreadable', 1],
  ['newest term unreadable', 1],
  ['terms lost', 2],
];

const LATER: Weights = [
  ['repository unreadable', 4],
  ['one endpoint fails', 4],
  ['runner API limited', 2],
  ['GitLab slow', 3],
  ['slow link', 3],
  ['proxy caches reads', 3],
  ['proxy answers commits', 3],
  ['nodes drained, no room', 4],
  ['scaled up, no room', 4],
  ['terms and reports lost', 2],
  ['hostile report', 4],
  ['hostile newest term', 3],
  ['newest term and report lost, checker pending', 3],
];

const NEWEST: Weights = [
  ['proxy caches reads without Age', 3],
  ['twins', 3],
  ['runner token reset', 2],
  ['record kept by proxies, checker pending', 2],
];

function drawFrom(weights: Weights, random: Random): FaultName {
  let left = random.next() * weights.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of weights) {
    left -= weight;
    if (left < 0) return name;
  }
  return 'pod dies';
}

export const drawFault = (random: Random): FaultName => drawFrom(FIRST, random);
export const drawLaterFault = (random: Random): FaultName => drawFrom(LATER, random);
export const drawNewestFault = (random: Random): FaultName => drawFrom(NEWEST, random);
