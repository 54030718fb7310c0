/**
 * When a runner stops asking (commands/health_helper.go). Only 403 counts as unhealthy; 5xx, 429 and failed connections do
 * not.
 */

export interface Health {
  readonly failures: number;
  /** Of the last healthy answer or the last forced try, in ms. */
  readonly lastCheck: number;
}

export interface HealthLimits {
  readonly unhealthyRequestsLimit: number;
  readonly unhealthyIntervalMs: number;
}

export const healthy = (now: number): Health => ({ failures: 0, lastCheck: now });

/** The failures are counted on; the interval runs from the last healthy answer, not from the last failure. */
export const failed = (health: Health): Health => ({ ...health, failures: health.failures + 1 });

/** May it ask now? After the interval it may again, with a clean count. */
export function mayAsk(
  health: Health,
  limits: HealthLimits,
  now: number,
): { readonly ask: boolean; readonly health: Health } {
  if (health.failures < limits.unhealthyRequestsLimit) return { ask: true, health };
  if (now - health.lastCheck > limits.unhealthyIntervalMs) return { ask: true, health: healthy(now) };
  return { ask: false, health };
}
