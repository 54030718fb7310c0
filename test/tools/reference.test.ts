import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { reference } from '../../tools/reference/text.ts';

const FILE = join(import.meta.dirname, '../../docs/configuration.md');

describe('the configuration reference', () => {
  it('is what npm run docs:reference makes of the schema', async () => {
    const made = await format(reference(), { ...(await resolveConfig(FILE)), parser: 'markdown' });
    assert.equal(await readFile(FILE, 'utf8'), made);
  });

  it('tells the meaning of every key', () => {
    const empty = reference()
      .split('\n')
      .filter((line) => line.startsWith('| `') && line.endsWith('|  |'));
    assert.deepEqual(empty, []);
  });
});
