/** What a decision is made by, beside the facts. */
import type { Policy } from '../../config.ts';
import type { Timing } from '../../timing.ts';

export interface Rules {
  readonly policy: Policy;
  readonly timing: Timing;
}
