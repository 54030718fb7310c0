import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { withEvents } from '../../tools/reference/events.ts';
import { reference } from '../../tools/reference/text.ts';

const pathOf = (page: string): string => join(import.meta.dirname, '../../docs', page);

const formatted = async (page: string, text: string): Promise<string> =>
  format(text, { ...(await resolveConfig(pathOf(page))), parser: 'markdown' });

describe('npm run docs:reference', () => {
  it('was run after the last change of the config schema (docs/configuration.md)', async () => {
    const page = await readFile(pathOf('configuration.md'), 'utf8');
    assert.equal(page, await formatted('configuration.md', reference()));
  });

  it('was run after the last change of the log events (docs/glossary.md)', async () => {
    const page = await readFile(pathOf('glossary.md'), 'utf8');
    assert.equal(page, await formatted('glossary.md', withEvents(page)));
  });

  it('gives a meaning for every config key', () => {
    const empty = reference()
      .split('\n')
      .filter((line) => line.startsWith('| `') && line.endsWith('|  |'));
    assert.deepEqual(empty, []);
  });
});
