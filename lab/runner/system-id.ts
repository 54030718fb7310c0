/** `.runner_system_id` beside config.toml (commands/internal/configfile/system_id_state.go). */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PATTERN = /^[sr]_[0-9a-zA-Z]{12}$/;

/** What the file says, or a new random one. That it cannot be written is only a warning, as in gitlab-runner. */
export function systemId(configFile: string, warn: (message: string) => void): string {
  const file = join(dirname(configFile), '.runner_system_id');
  try {
    const known = readFileSync(file, 'utf8').trim();
    if (PATTERN.test(known)) return known;
  } catch {
    // not there yet
  }
  const fresh = `r_${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(file, fresh, { mode: 0o600 });
  } catch (error) {
    warn(`Couldn't save new system ID: ${error instanceof Error ? error.message : ''}`);
  }
  return fresh;
}
