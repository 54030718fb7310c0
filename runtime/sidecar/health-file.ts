/** The port HealthFile on a volume that the runner and the sidecar share. */
import { readIfThere, replaceFile } from '../adapters/process/files.ts';
import { formatHealth, parseHealth } from './health.ts';
import type { HealthFile } from './ports.ts';

export const healthFileAt = (path: string): HealthFile => ({
  read: async () => {
    const text = await readIfThere(path);
    return text === undefined ? undefined : parseHealth(text);
  },
  write: (health) => replaceFile(path, formatHealth(health)),
});
