/** The ports that only the sidecar needs. A port throws only where its comment says it. */
import type { GitLabState, MetricsRead } from '../core/evidence/sample.ts';
import type { Health } from './health.ts';

/** The metrics endpoint of the runner beside this sidecar. */
export interface RunnerMetrics {
  read(): Promise<MetricsRead>;
}

/** GitLab's view of the runner's record and of this pod's manager. Only reads. */
export interface GitLabView {
  read(): Promise<GitLabState>;
}

/** The file that the probes read. Both throw where the file system does. */
export interface HealthFile {
  /** What an earlier sidecar of this pod wrote; undefined in a new pod. */
  read(): Promise<Health | undefined>;
  write(health: Health): Promise<void>;
}
