/** What leaving and joining a fleet works with: the cluster's place in it, and its ports. */
import type { CheckerConfig } from '../config.ts';
import type { Clock, RunnerRecords, StatusProject } from '../ports.ts';

export interface Member {
  readonly config: Pick<CheckerConfig, 'cluster' | 'fleet' | 'mainTags' | 'policy' | 'timing'>;
  readonly records: RunnerRecords;
  readonly project: StatusProject;
  readonly clock: Clock;
  /** A line of progress, for whoever waits. */
  readonly say: (line: string) => void;
}
