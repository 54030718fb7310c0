/** What reads and steers a fleet from outside its clusters: people's commands, and a cluster that leaves or joins. */
import type { CheckerConfig } from '../config.ts';
import type { Clock, RunnerRecords, SteeredProject } from '../ports.ts';

export interface FleetAccess {
  readonly config: Pick<CheckerConfig, 'fleet' | 'mainTags' | 'policy' | 'timing'>;
  readonly records: RunnerRecords;
  readonly project: SteeredProject;
  readonly clock: Clock;
  /** A line of progress, for whoever waits. */
  readonly say: (line: string) => void;
}

/** What leaving and joining a fleet works with: the cluster's place in it as well. */
export interface Member extends FleetAccess {
  readonly config: FleetAccess['config'] & Pick<CheckerConfig, 'cluster'>;
}
