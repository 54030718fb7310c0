/** All faults by name. */
import { CHECKER_FAULTS } from './checker.ts';
import { CLUSTER_FAULTS } from './cluster.ts';
import type { FaultType } from './fault.ts';
import { FILE_FAULTS } from './files.ts';
import { GITLAB_FAULTS } from './gitlab.ts';
import { RECORD_FAULTS } from './records.ts';
import { RUNNER_FAULTS } from './runners.ts';

const FAULTS = {
  ...CLUSTER_FAULTS,
  ...RUNNER_FAULTS,
  ...CHECKER_FAULTS,
  ...GITLAB_FAULTS,
  ...RECORD_FAULTS,
  ...FILE_FAULTS,
} satisfies Record<string, FaultType>;

export type FaultName = keyof typeof FAULTS;
export const faultType = (name: FaultName): FaultType => FAULTS[name];
