/** drills/<number>.json: a switchover to the other cluster and back, named by the number of its first term. For people. */
export interface Drill {
  readonly version: 1;
  readonly at: string;
  readonly by: string;
  readonly from: string;
  readonly to: string;
  readonly there: DrillLeg;
  readonly back: DrillLeg;
}

export interface DrillLeg {
  readonly term: number;
  /** From the request until the main tags were on the other cluster. */
  readonly seconds: number;
}

export const drillPath = (number: number): string => `drills/${number}.json`;
