/** `npm run real:tools`: sees to it that every tool of the catalogue is there. What is there already is left alone. */
import { buildTool, ToolError } from './build.ts';
import { TOOLS } from './catalogue.ts';
import { findTool } from './find.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  for (const tool of TOOLS) {
    const found = await findTool(tool);
    if (found) say(`${tool.name} ${found.version}: there (${found.from})`);
    else await buildTool(tool, say);
  }
} catch (error) {
  if (!(error instanceof ToolError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
