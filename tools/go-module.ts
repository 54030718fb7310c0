/** Where Go keeps the files of a module. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as z from 'zod';

const run = promisify(execFile);

const downloaded = z.object({ Dir: z.string() });

/** Downloads it if it is missing. The go.mod in `pins` has its version, and go.sum verifies the files. */
export async function moduleFolder(pins: string, module: string): Promise<string> {
  const { stdout } = await run('go', ['mod', 'download', '-json', module], { cwd: pins });
  return downloaded.parse(JSON.parse(stdout)).Dir;
}
