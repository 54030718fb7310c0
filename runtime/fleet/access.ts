/** Access to a fleet from outside its clusters: for people's commands, and for a cluster that leaves or joins. */
import type { CheckerConfig } from '../config.ts';
import type { Clock, RunnerRecords, SteeredProject } from '../ports.ts';

export interface FleetAccess {
  readonly config: Pick<CheckerConfig, 'fleet' | 'mainTags' | 'policy' | 'timing'>;
  readonly records: RunnerRecords;
  readonly project: SteeredProject;
  readonly clock: Clock;
  /** Prints a line of progress. */
  readonly say: (line: string) => void;
}

/** For a cluster that leaves or joins: its own name as well. */
export interface Member extends FleetAccess {
  readonly config: FleetAccess['config'] & Pick<CheckerConfig, 'cluster'>;
}
