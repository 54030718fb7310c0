import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Opened } from '../../lab/opened.ts';

/** What a suite opens is closed after its tests, also when its before hook fails half way. Call it inside a `describe`. */
export function closedAfter(): Opened {
  const opened = new Opened();
  after(() => opened.close());
  return opened;
}

/** A folder that is removed at the end. */
export async function temporaryFolder(opened: Opened, name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `hadr-${name}-`));
  opened.onClose(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
