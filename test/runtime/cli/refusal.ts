/** What every refusal of hadr has in common. */
import assert from 'node:assert/strict';
import { A, B } from '../../support/simulated-fleet.ts';
import type { Person, Terminal } from '../../support/terminal.ts';

/** What people and stacks wrote, and who has the tags; reports come and go by themselves. */
export const stateOf = (terminal: Terminal): unknown => [
  terminal.acts(),
  terminal.fleet.holders(),
  [A, B].map((name) => terminal.fleet.record(name).tags.toSorted()),
];

type Refuses = (args: string, code: number, sentence: RegExp, person?: Person) => Promise<void>;

/** The command writes one sentence to stderr and nothing to stdout, and changes nothing. The terminal opens before a test runs. */
export const refusesAt =
  (opened: () => Terminal): Refuses =>
  async (args, code, sentence, person = {}) => {
    const terminal = opened();
    const before = stateOf(terminal);
    const ended = await terminal.hadr(args, person);
    assert.equal(ended.out, '', args);
    assert.match(ended.err, sentence, args);
    assert.match(ended.err, /^hadr: .*\n$/, args);
    assert.equal(ended.code, code, `${args}: ${ended.err}`);
    assert.deepEqual(stateOf(terminal), before, args);
  };
