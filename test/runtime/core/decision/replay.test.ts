import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileText } from '../../../../runtime/core/model/stored-file.ts';
import { parseTerm, type Term } from '../../../../runtime/core/model/term.ts';
import { replay } from '../../../../runtime/core/decision/replay.ts';
import { World } from '../../../support/world.ts';

const A = 'cluster-a';
const B = 'cluster-b';

/** The terms of a fleet in which A, preferred, held the tag first and `hurt` came about. */
async function termsAfter(hurt: (world: World) => void, seconds = 300): Promise<Term[]> {
  const world = new World([A, B], { preferred: A });
  assert.ok(await world.run(300, () => world.holders().includes(A)));
  await world.run(120);
  hurt(world);
  await world.run(seconds);
  return Array.from({ length: world.newestTerm }, (_, index) => {
    const parsed = parseTerm(index + 1, world.files.get(`terms/${index + 1}.json`) ?? '');
    assert.ok(parsed.ok);
    return parsed.value;
  });
}

describe('replaying a term', () => {
  const grounds: readonly (readonly [string, (world: World) => void])[] = [
    ['silent', (world) => world.kill(A)],
    ['unhealthy', (world) => void (world.cluster(A).ready = 0)],
    ['gone', (world) => void (world.records.delete(10), (world.cluster(A).checkerAlive = false))],
    ['retired', (world) => void world.files.set('control.json', '{"version":1,"retired":["cluster-a"]}')],
    ['pinned', (world) => void world.files.set('control.json', '{"version":1,"pin":{"cluster":"cluster-b"}}')],
    ['damaged', (world) => void world.files.set('terms/1.json', '{}')],
  ];
  for (const [ground, hurt] of grounds)
    it(`gives the same claim: ${ground}`, async () => {
      const world = new World([A, B], { preferred: A });
      assert.ok(await world.run(300, () => world.holders().includes(A)));
      await world.run(120);
      hurt(world);
      assert.ok(await world.run(600, () => world.newestTerm === 2));
      const parsed = parseTerm(2, world.files.get('terms/2.json') ?? '');
      assert.ok(parsed.ok);
      assert.equal(parsed.value.ground, ground);
      assert.equal(replay(parsed.value).kind, 'same');
    });

  it('reads what earlier releases recorded: the whole facts, with all terms before inside', async () => {
    const [first, second] = await termsAfter((world) => world.kill(A));
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

  it('gives the same claim for terms that the first release wrote, except for strength, which it measured in another way', () => {
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
    const [, second] = await termsAfter((world) => void (world.cluster(A).ready = 0));
    assert.equal(second?.ground, 'unhealthy');
    assert.match(JSON.stringify(second.evidence), /"faint":2.*"ground":"faint"/);
    assert.equal(replay({ ...second, reason: 'said in other words' }).kind, 'same');
  });

  it('notices facts that were changed since', async () => {
    const [, second] = await termsAfter((world) => world.kill(A));
    assert.ok(second);
    const parsed = parseTerm(2, fileText(second).replace('"answered": 0', '"answered": 2'));
    assert.ok(parsed.ok);
    const replayed = replay(parsed.value);
    assert.equal(replayed.kind, 'differs');
    assert.ok(replayed.kind === 'differs');
    assert.match(replayed.decision.reason, /2 of its managers answered the roll call, so it keeps the main tags$/);
  });

  it('notices a claim that its facts do not speak for', async () => {
    const [, second] = await termsAfter((world) => world.kill(A));
    assert.ok(second);
    for (const change of [{ ground: 'unhealthy' }, { holder: A }, { number: 3 }])
      assert.equal(replay({ ...second, ...change }).kind, 'differs', JSON.stringify(change));
  });

  it('says where it cannot be read', async () => {
    const [first] = await termsAfter(() => undefined);
    assert.ok(first);
    assert.deepEqual(replay({ ...first, evidence: { facts: {} } }), {
      kind: 'unreadable',
      why: 'what term 1 recorded cannot be read at "evidence.facts.now"',
    });
  });
});
