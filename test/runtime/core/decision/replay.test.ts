import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileText } from '../../../../runtime/core/model/stored-file.ts';
import { parseTerm, type Term } from '../../../../runtime/core/model/term.ts';
import { replay } from '../../../../runtime/core/decision/replay.ts';
import { A, B, MINUTE, settledFleet, type SimulatedFleet } from '../../../support/simulated-fleet.ts';

/** The terms of a fleet in which A, preferred, held the tag first, some time after the change. */
async function termsAfter(change: (fleet: SimulatedFleet) => void, seconds = 5 * MINUTE): Promise<Term[]> {
  const fleet = await settledFleet();
  change(fleet);
  await fleet.run(seconds);
  return Array.from({ length: fleet.newestTerm }, (_, index) => {
    const parsed = parseTerm(index + 1, fleet.file(`terms/${index + 1}.json`));
    assert.ok(parsed.ok);
    return parsed.value;
  });
}

describe('replaying a term', () => {
  const grounds: readonly (readonly [string, (fleet: SimulatedFleet) => void])[] = [
    ['silent', (fleet) => fleet.kill(A)],
    ['unhealthy', (fleet) => fleet.keepOnline(A, 0)],
    ['gone', (fleet) => (fleet.world.removeRecord(10), fleet.stopChecker(A))],
    ['retired', (fleet) => fleet.control({ retired: [A] })],
    ['pinned', (fleet) => fleet.control({ pin: { cluster: B } })],
    ['damaged', (fleet) => fleet.edit({ 'terms/1.json': '{}' })],
  ];
  for (const [ground, change] of grounds)
    it(`gives the same claim for the ground ${ground}`, async () => {
      const fleet = await settledFleet();
      change(fleet);
      assert.ok(await fleet.run(10 * MINUTE, () => fleet.newestTerm === 2));
      const parsed = parseTerm(2, fleet.file('terms/2.json'));
      assert.ok(parsed.ok);
      assert.equal(parsed.value.ground, ground);
      assert.equal(replay(parsed.value).kind, 'same');
    });

  it('reads the evidence of earlier releases, which contains all facts and all terms before', async () => {
    const [first, second] = await termsAfter((fleet) => fleet.kill(A));
    assert.ok(first && second);
    const nested = fileText(second)
      .replace('"evidence": null', `"evidence": ${JSON.stringify(first.evidence)}`)
      .replaceAll('"description": ""', '"description": "gitlab-runner-hadr cluster-a"')
      .replaceAll('"note": "HADR lease', String.raw`"note": "ask the platform team\nHADR lease`);
    assert.notEqual(nested, fileText(second));
    const parsed = parseTerm(2, nested);
    assert.ok(parsed.ok);
    assert.equal(replay(parsed.value).kind, 'same');
  });

  it('gives the same claim for terms of the first release, except for strength, which it measured in another way', () => {
    const text = readFileSync(join(import.meta.dirname, 'old-terms.json'), 'utf8');
    const terms = Object.entries(JSON.parse(text) as Record<string, object>);
    for (const [ground, term] of terms) {
      const parsed = parseTerm(2, JSON.stringify(term));
      assert.ok(parsed.ok, ground);
      assert.equal(parsed.value.ground, ground === 'faint' ? 'unhealthy' : ground);
      const expected = ['stronger', 'preferred'].includes(ground) ? 'earlier-rule' : 'same';
      assert.equal(replay(parsed.value).kind, expected, ground);
    }
  });

  it('records a lease in the words of the first release, so that it can read the facts', async () => {
    const [, second] = await termsAfter((fleet) => fleet.keepOnline(A, 0));
    assert.equal(second?.ground, 'unhealthy');
    assert.match(JSON.stringify(second.evidence), /"faint":2.*"ground":"faint"/);
    assert.equal(replay({ ...second, reason: 'said in other words' }).kind, 'same');
  });

  it('gives another decision when somebody changed the facts since', async () => {
    const [, second] = await termsAfter((fleet) => fleet.kill(A));
    assert.ok(second);
    const parsed = parseTerm(2, fileText(second).replace('"answered": 0', '"answered": 2'));
    assert.ok(parsed.ok);
    const replayed = replay(parsed.value);
    assert.equal(replayed.kind, 'differs');
    assert.ok(replayed.kind === 'differs');
    assert.match(replayed.decision.reason, /2 of its managers answered the roll call, so it keeps the main tags$/);
  });

  it('gives another decision when the facts do not support the claim', async () => {
    const [, second] = await termsAfter((fleet) => fleet.kill(A));
    assert.ok(second);
    for (const change of [{ ground: 'unhealthy' }, { holder: A }, { number: 3 }])
      assert.equal(replay({ ...second, ...change }).kind, 'differs', JSON.stringify(change));
  });

  it('names the key at which the evidence cannot be read', async () => {
    const [first] = await termsAfter(() => undefined);
    assert.ok(first);
    assert.deepEqual(replay({ ...first, evidence: { facts: {} } }), {
      kind: 'unreadable',
      why: 'what term 1 recorded cannot be read at "evidence.facts.now"',
    });
  });
});
