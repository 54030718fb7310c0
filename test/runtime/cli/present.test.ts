import assert from 'node:assert/strict';
import { paintOf, table } from '../../../runtime/cli/present/table.ts';
import { duration } from '../../../runtime/core/model/time.ts';
import { secondsIn } from '../../../runtime/cli/present/duration.ts';
import { PassThrough } from 'node:stream';
import { terminalOf, wantsColours } from '../../../runtime/cli/terminal.ts';

describe('what people read', () => {
  it('tells durations in at most two units', () => {
    const cases: [number, string][] = [
      [0, '0 s'],
      [0.4, '0 s'],
      [45, '45 s'],
      [60, '1 min'],
      [200, '3 min 20 s'],
      [3900, '1 h 5 min'],
      [3605, '1 h'],
      [86_400 * 12 + 3 * 3600 + 59, '12 d 3 h'],
    ];
    for (const [seconds, text] of cases) assert.equal(duration(seconds), text);
  });

  it('reads durations such as 30m, and refuses other text', () => {
    assert.deepEqual(['90s', '30m', '2h', '7d'].map(secondsIn), [90, 1800, 7200, 604_800]);
    for (const text of ['', '2', 'h', '2 h', '-2h', '0m', '1.5h', '2w', '2h30m'])
      assert.equal(secondsIn(text), undefined, text);
  });

  it('aligns columns by their visible width, with and without colours', () => {
    const paint = paintOf(true);
    const rows = [
      ['★', 'cluster-a', 'x'],
      ['', paint.bad('b'), 'y'],
    ];
    assert.equal(table(rows), `★  cluster-a  x\n   ${paint.bad('b')}          y`);
    assert.equal(paintOf(false).bad('b'), 'b');
  });

  it('takes y and yes as a yes, and everything else as a no, also an end of input', async () => {
    const asked = async (typed: string | undefined, isTTY = true): Promise<[boolean | undefined, string, string]> => {
      const stdin = Object.assign(new PassThrough(), { isTTY });
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const answer = terminalOf({ stdin, stdout, stderr, env: {} }).ask('Move them?');
      if (typed === undefined) stdin.end();
      else stdin.write(typed);
      return [await answer, String(stdout.read() ?? ''), String(stderr.read() ?? '')];
    };
    for (const typed of ['y\n', 'Yes\n', ' y \n'])
      assert.deepEqual(await asked(typed), [true, '', 'Move them? [y/N] ']);
    for (const typed of ['\n', 'n\n', 'yup\n', undefined]) assert.equal((await asked(typed))[0], false);
    assert.deepEqual(await asked('y\n', false), [undefined, '', '']);
  });

  it('uses colours only in a terminal, and not with NO_COLOR', () => {
    assert.equal(wantsColours(true, {}), true);
    assert.equal(wantsColours(true, { NO_COLOR: '' }), true);
    assert.equal(wantsColours(true, { NO_COLOR: '0' }), false);
    assert.equal(wantsColours(true, { TERM: 'dumb' }), false);
    assert.equal(wantsColours(false, {}), false);
  });
});
