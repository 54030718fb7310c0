/** docs/hadr.md tells of the command as it is. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { COMMANDS, COMMON, parseCommandLine, type CommandLine } from '../../../runtime/cli/command-line.ts';
import { EXIT } from '../../../runtime/cli/exit.ts';
import { outputSchemaText } from '../../../runtime/cli/output-schema.ts';

describe('docs/hadr.md', () => {
  let text: string;
  before(async () => void (text = await readFile('docs/hadr.md', 'utf8')));

  it('names every command, every option and every exit code', () => {
    const commands: readonly (readonly [string, CommandLine])[] = Object.entries(COMMANDS);
    for (const [name, { options }] of commands) {
      assert.ok(text.includes(`hadr ${name}`), name);
      for (const option of Object.keys(options)) assert.ok(text.includes(`--${option}`), `--${option}`);
    }
    for (const option of Object.keys(COMMON))
      if (option !== 'help') assert.ok(text.includes(option === 'output' ? '-o json' : `--${option}`), option);
    for (const code of Object.values(EXIT)) assert.match(text, new RegExp(`^\\| ${code} `, 'm'));
  });

  it('shows only commands that parse', () => {
    const shown = [...text.matchAll(/(?:`|^|npx )(hadr [^`#\n]+)/gm)].map(([, line]) => (line ?? '').trim());
    assert.ok(shown.length > 15);
    for (const line of shown) {
      // Optional parts count as given; the watch and the prompt's placeholder are what they stand for.
      const words = line.replaceAll(/[[\]]/g, '').replace(/ N$/, ' 3').split(/\s+/).slice(1);
      assert.doesNotThrow(() => parseCommandLine(words), line);
    }
  });

  it('matches the schema of the command’s output, which npm run build:hadr writes', async () => {
    assert.equal(await readFile('docs/hadr.schema.json', 'utf8'), outputSchemaText());
  });
});
