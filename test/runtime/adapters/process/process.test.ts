import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { systemClock } from '../../../../runtime/adapters/process/clock.ts';
import { jsonFile, replaceFile, readIfThere, tokenFile } from '../../../../runtime/adapters/process/files.ts';
import { createLog, formatLine } from '../../../../runtime/adapters/process/log.ts';

describe('the log', () => {
  it('puts a sentence and its facts on one line', () => {
    assert.equal(
      formatLine('warn', 'runner offline: gone', { cluster: 'a', record: 7, why: 'a "b" c' }, 0),
      '1970-01-01T00:00:00.000Z warn runner offline: gone cluster=a record=7 why="a \\"b\\" c"',
    );
  });

  it('lets nobody’s text begin a line of its own', () => {
    const lines: string[] = [];
    createLog({ write: (line) => lines.push(line), now: () => 0 }).error('one\r\ntwo\u2028three\u001b[31m', {
      why: 'x\ny',
    });
    assert.equal(lines.length, 1);
    assert.doesNotMatch(lines[0] ?? '', /[\p{Cc}\u2028]/u);
  });

  it('carries its own facts into each line', () => {
    const lines: string[] = [];
    const log = createLog({ fields: { cluster: 'a' }, write: (line) => lines.push(line), now: () => 0 });
    log.info('x', { term: 3 });
    log.info('y');
    assert.deepEqual(
      lines.map((line) => line.split(' info ')[1]),
      ['x cluster=a term=3', 'y cluster=a'],
    );
  });
});

describe('files', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hadr-files-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('are replaced whole while they are read, and leave no draft', async () => {
    const path = join(folder, 'f');
    const texts = ['a'.repeat(100_000), 'b'.repeat(200_000)];
    await replaceFile(path, texts[0] ?? '');
    let writing = true;
    const writer = (async () => {
      for (let count = 0; count < 60; count += 1) await replaceFile(path, texts[count % 2] ?? '');
      writing = false;
    })();
    while (writing) assert.ok(texts.includes(await readFile(path, 'utf8')), 'a half-written file was seen');
    await writer;
    assert.deepEqual(await readdir(folder), ['f']);
  });

  it('of JSON are known where their schema takes them; else it is said why, without what is in them', async () => {
    const path = join(folder, 'f.json');
    const whyOf = async (text: string): Promise<string> => {
      await writeFile(path, text);
      const read = await jsonFile(path, z.object({ a: z.number() }));
      return read.kind === 'unknown' ? read.why : JSON.stringify(read.value);
    };
    assert.equal(await whyOf('{"a":1}'), '{"a":1}');
    assert.equal(await whyOf('{"a":"glpat-secret"}'), `${path}: it has another shape than expected`);
    assert.equal(await whyOf('glpat-secret'), `${path}: it is not JSON`);
    await rm(path);
    const gone = await jsonFile(path, z.object({}));
    assert.deepEqual(gone, { kind: 'unknown', why: `${path}: ENOENT` });
  });

  it('tell which file could not be written', async () => {
    await assert.rejects(replaceFile(join(folder, 'no', 'f'), ''), /cannot write .*no\/f: ENOENT/);
  });

  it('that are missing are no error, others that cannot be read are', async () => {
    assert.equal(await readIfThere(join(folder, 'none')), undefined);
    await assert.rejects(readIfThere(folder), /cannot read .*EISDIR/);
  });

  it('with tokens are read at each use and trimmed', async () => {
    const token = tokenFile(folder, 'sidecar');
    await writeFile(join(folder, 'sidecar'), 'glpat-one\n');
    assert.equal(await token(), 'glpat-one');
    await writeFile(join(folder, 'sidecar'), 'glpat-two');
    assert.equal(await token(), 'glpat-two');
  });

  it('with tokens that are no use say where, and never what', async () => {
    const token = tokenFile(folder, 'sidecar');
    await assert.rejects(token(), /there is no token at .*sidecar: check the Secret/);
    await writeFile(join(folder, 'sidecar'), ' \n');
    await assert.rejects(token(), /is empty/);
    await writeFile(join(folder, 'sidecar'), 'glpat-x\nglpat-y');
    await assert.rejects(
      token(),
      (error: Error) => /not one word/.test(error.message) && !error.message.includes('glpat'),
    );
  });
});

describe('the clock', () => {
  it('goes forward while it waits', async () => {
    const before = systemClock.now();
    await systemClock.sleep(5);
    assert.ok(systemClock.now() - before >= 4);
  });
});
