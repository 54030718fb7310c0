/** The rules of a decision: with the facts they determine it. */
import type { Policy } from '../../config.ts';
import type { Timing } from '../../timing.ts';

export interface Rules {
  readonly policy: Policy;
  readonly timing: Timing;
}
