/** The runner's system id, by which GitLab knows this pod's manager. */
import { readIfThere } from '../adapters/process/files.ts';
import { StartError } from '../adapters/process/start.ts';

/** gitlab-runner ignores any other content (commands/internal/configfile/system_id_state.go). */
const SYSTEM_ID = /^[sr]_[0-9a-zA-Z]{12}$/;

export async function readSystemId(path: string): Promise<string> {
  const text = (await readIfThere(path))?.trim();
  if (text !== undefined && SYSTEM_ID.test(text)) return text;
  const why = text === undefined ? 'does not exist' : 'does not contain a system id (r_ and 12 letters or digits)';
  throw new StartError([`${path} ${why}; the init container "prepare" writes it: read its log`]);
}
