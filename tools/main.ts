/** `npm run real:tools`: builds or installs every tool of the catalogue that is missing. */
import { buildTool, ToolError } from './build.ts';
import { CHECKOV, PYTHON_GITLAB, TOOLS, type Command } from './catalogue.ts';
import { findTool } from './find.ts';
import { installTool, pythonVersion } from './python.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** True if it existed already. */
async function isThere(tool: Command): Promise<boolean> {
  const found = await findTool(tool);
  if (found) say(`${tool.name} ${found.version}: there (${found.from})`);
  return found !== undefined;
}

try {
  for (const tool of TOOLS) if (!(await isThere(tool))) await buildTool(tool, say);
  const hasPython = (await pythonVersion()) !== undefined;
  for (const tool of [CHECKOV, PYTHON_GITLAB]) {
    if (!hasPython) say(`${tool.name}: left out, there is no Python to install it with`);
    else if (!(await isThere(tool))) await installTool(tool, say);
  }
} catch (error) {
  if (!(error instanceof ToolError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
