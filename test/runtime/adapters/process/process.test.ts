import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { systemClock } from '../../../../runtime/adapters/process/clock.ts';
import { jsonFile, replaceFile, readIfThere, tokenFile } from '../../../../runtime/adapters/process/files.ts';
import { createLog } from '../../../../runtime/adapters/process/log.ts';
import { LOG_EVENTS } from '../../../../runtime/log-events.ts';
import type { LogFormat } from '../../../../runtime/config.ts';
import type { LogFields } from '../../../../runtime/ports.ts';
import { parseLogLine } from '../../../../lab/log-line.ts';

describe('the log', () => {
  const written = (format: LogFormat, fields: LogFields = {}) => {
    const lines: string[] = [];
    return { lines, log: createLog({ format, fields, write: (line) => lines.push(line), now: () => 0 }) };
  };

  it('writes time, level, event, message and fields on one line of text', () => {
    const { lines, log } = written('text');
    log.warn('verdict-changed', 'runner offline: gone', { cluster: 'a', record: 7, why: 'a "b" c' });
    assert.deepEqual(lines, [
      '1970-01-01T00:00:00.000Z warn verdict-changed runner offline: gone cluster=a record=7 why="a \\"b\\" c"',
    ]);
    assert.deepEqual(parseLogLine(lines[0] ?? ''), {
      level: 'warn',
      event: 'verdict-changed',
      fields: { cluster: 'a', record: '7', why: 'a "b" c' },
    });
  });

  it('writes one JSON object on each line, in which no field replaces a key of the line', () => {
    const { lines, log } = written('json', { cluster: 'a' });
    log.info('round-finished', 'steady', { term: 3, level: 'x', stack: 'one\ntwo' });
    assert.deepEqual(lines, [
      '{"time":"1970-01-01T00:00:00.000Z","level":"info","event":"round-finished","message":"steady","cluster":"a","term":3,"stack":"one\\ntwo"}',
    ]);
  });

  for (const format of ['text', 'json'] as const)
    it(`keeps line breaks and control characters of a message out of ${format} lines`, () => {
      const { lines, log } = written(format);
      log.error('run-crashed', 'one\r\ntwo\u2028three\u001b[31m', { why: 'x\ny' });
      assert.equal(lines.length, 1);
      assert.doesNotMatch(lines[0] ?? '', /[\p{Cc}\u2028]/u);
    });

  it('adds its own fields to each line', () => {
    const { lines, log } = written('text', { cluster: 'a' });
    log.info('round-finished', 'x', { term: 3 });
    log.info('round-finished', 'y');
    assert.deepEqual(
      lines.map((line) => line.split(' round-finished ')[1]),
      ['x cluster=a term=3', 'y cluster=a'],
    );
  });

  it('names each event in kebab-case', () => {
    for (const event of Object.keys(LOG_EVENTS)) assert.match(event, /^[a-z]+(-[a-z]+)+$/);
  });
});

describe('files', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hadr-files-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('are replaced atomically while they are read, and leave no temporary file', async () => {
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

  it('of JSON are known when they match their schema; otherwise the error has no content of them', async () => {
    const path = join(folder, 'f.json');
    const whyOf = async (text: string): Promise<string> => {
      await writeFile(path, text);
      const read = await jsonFile(path, z.object({ a: z.number() }));
      return read.kind === 'unknown' ? read.why : JSON.stringify(read.value);
    };
    assert.equal(await whyOf('{"a":1}'), '{"a":1}');
    assert.equal(await whyOf('{"a":"glpat-secret"}'), `${path}: it has an unexpected form`);
    assert.equal(await whyOf('glpat-secret'), `${path}: it is not JSON`);
    await rm(path);
    const gone = await jsonFile(path, z.object({}));
    assert.deepEqual(gone, { kind: 'unknown', why: `${path}: ENOENT` });
  });

  it('name the file that could not be written', async () => {
    await assert.rejects(replaceFile(join(folder, 'no', 'f'), ''), /cannot write .*no\/f: ENOENT/);
  });

  it('that are missing are no error, and other failures to read are one', async () => {
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

  it('with tokens that are not valid are named, and the token is never shown', async () => {
    const token = tokenFile(folder, 'sidecar');
    await assert.rejects(token(), /there is no token at .*sidecar: check the Secret/);
    await writeFile(join(folder, 'sidecar'), ' \n');
    await assert.rejects(token(), /is empty/);
    await writeFile(join(folder, 'sidecar'), 'glpat-x\nglpat-y');
    await assert.rejects(
      token(),
      (error: Error) => /contains spaces or line breaks/.test(error.message) && !error.message.includes('glpat'),
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
