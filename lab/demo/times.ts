import { timingSchema } from '../../runtime/config.ts';
import type { Timing } from '../../runtime/timing.ts';

/** The timing of the lab: shorter than on a real cluster, under the same rules (timing.ts checks them). Only config differs. */
export const LAB_TIMING: Timing = {
  roundSeconds: 0.8,
  startLagSeconds: 1,
  endMarginSeconds: 0.2,
  requestSeconds: 0.3,
  rollCallSeconds: 2.05,
  budgetSeconds: 2.7,
  leaseSeconds: 5.3,
  detectionSeconds: 3,
  periodSeconds: 6,
  checkIntervalSeconds: 1,
  unhealthyIntervalSeconds: 1,
  longPollSeconds: 2,
  jobReportSeconds: 2,
};

export const LAB_POLICY = {
  confirm: 2,
  confirmSeconds: 1.5,
  settleSeconds: 2,
  holdForSeconds: 3,
  busyMaxSeconds: 600,
} as const;

/** The same times, longer: where other processes need a part of the machine. A whole factor, for gitlab-runner takes whole seconds. */
export const longer = (timing: Timing, factor: number): Timing =>
  timingSchema.parse(Object.fromEntries(Object.entries(timing).map(([key, seconds]) => [key, factor * seconds])));
