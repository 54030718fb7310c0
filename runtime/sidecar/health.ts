/**
 * The health file's text, and the probes that read it: the contract between the sidecar and the pod's manifest. Nothing here
 * touches the file system, so the stack imports it as well.
 */
import type { EvidenceState } from '../core/evidence/evidence.ts';
import type { Evidence } from '../core/evidence/judge.ts';

export interface Health {
  /** Readiness: the last definite verdict. */
  readonly ready: boolean;
  /** Liveness of the runner: false only while it is stuck. */
  readonly live: boolean;
  readonly evidence: Evidence;
  readonly reason: string;
}

/** After this many minutes without a write the sidecar counts as dead, and its file no longer restarts a runner. */
const STALE_MINUTES = 1;

export const STALE_SECONDS = STALE_MINUTES * 60;

const word = (value: boolean): string => (value ? 'yes' : 'no');

export const healthOf = ({ ready, live, verdict }: EvidenceState): Health => ({
  ready,
  live,
  evidence: verdict.evidence,
  reason: verdict.reason,
});

export function formatHealth(health: Health): string {
  const reason = health.reason.replace(/\s+/g, ' ').trim();
  return `ready=${word(health.ready)}\nlive=${word(health.live)}\nevidence=${health.evidence}\nreason=${reason}\n`;
}

/** What a health file says, or undefined where it is not one. */
export function parseHealth(text: string): Health | undefined {
  const match = /^ready=(yes|no)\nlive=(yes|no)\nevidence=(online|offline|unknown)\nreason=(.*)\n$/.exec(text);
  if (!match) return undefined;
  const [, ready, live, evidence, reason = ''] = match;
  if (evidence !== 'online' && evidence !== 'offline' && evidence !== 'unknown') return undefined;
  return { ready: ready === 'yes', live: live === 'yes', evidence, reason };
}

// The path is an argument of its own, so that no path can be taken for shell.
const shell = (script: string, path: string): string[] => ['sh', '-c', script, 'sh', path];

/** Readiness of the runner's container. A stale file still counts: a dead sidecar shows nothing about the runner. */
export const readinessCommand = (path: string): string[] => shell('grep -qx ready=yes "$1" 2>/dev/null', path);

/** Liveness of the runner's container: fails only on a fresh `live=no`, so a missing or stale file restarts nothing. */
export const runnerLivenessCommand = (path: string): string[] =>
  shell(`! { grep -qx live=no "$1" 2>/dev/null && [ -n "$(find "$1" -mmin -${STALE_MINUTES} 2>/dev/null)" ]; }`, path);

/** Liveness of the sidecar's container: it wrote within the last minute. */
export const sidecarLivenessCommand = (path: string): string[] =>
  shell(`[ -n "$(find "$1" -mmin -${STALE_MINUTES} 2>/dev/null)" ]`, path);
