/** The rotation of the stack's tokens, for whichever engine: one story, told in order. */
import assert from 'node:assert/strict';
import type { GitLabEvent } from '../../lab/gitlab/model/gitlab.ts';
import type { Token } from '../../lab/gitlab/model/access.ts';
import { NOTHING } from './destroy-cases.ts';
import { A, deployed, SECRET_SYNC_SECONDS, shippedAt, startStacks, type Stacks } from './stacks.ts';
import { closedAfter } from './closed-after.ts';

const DAY_MS = 86_400_000;
/** A new day every 164 days: the one before today's has not come yet. */
export const TOKENS = { lifetimeDays: 364, rotateBeforeDays: 200 };
const PERIOD_MS = (TOKENS.lifetimeDays - TOKENS.rotateBeforeDays) * DAY_MS;

/** The stack of A on the day of the test, and one period before it. */
class Story {
  readonly today = Date.now();
  readonly stacks: () => Stacks;

  constructor(stacks: () => Stacks) {
    this.stacks = stacks;
  }

  upAt(now: number) {
    return this.stacks().a.up(
      { tokens: TOKENS },
      shippedAt(() => now),
    );
  }

  alive(): Token[] {
    const tokens = [...this.stacks().gitlab.model.access.tokens.values()];
    return tokens.filter(({ name, revoked }) => name.startsWith('hadr-') && !revoked);
  }

  async valuesInSecrets(): Promise<string[]> {
    const { tokens } = await deployed(A, this.stacks().a.api);
    return [tokens.fleet, tokens.status];
  }
}

export function rotationCases(
  start: () => ReturnType<typeof startStacks>,
  /** What only one of the engines knows; told at the end. */
  more: (stacks: () => Stacks) => void = () => undefined,
): void {
  const opened = closedAfter();
  let stacks: Stacks;
  const story = new Story(() => stacks);
  before(async () => {
    stacks = opened.add(await start());
    await story.upAt(story.today - PERIOD_MS);
  });
  tokensAreRotated(story);
  newTokensAreKept(story);
  more(() => stacks);
}

function tokensAreRotated(story: Story): void {
  it('changes nothing on the same day, nor until the period is over', async () => {
    const before = story.alive();
    assert.deepEqual(before.map(({ name }) => name).sort(), [
      'hadr-cluster-a-fleet',
      'hadr-cluster-a-sidecar',
      'hadr-cluster-a-status',
    ]);
    assert.deepEqual((await story.upAt(story.today - PERIOD_MS)).changes, NOTHING);
    assert.deepEqual(story.alive(), before);
  });

  it('makes new tokens, brings them to the pods, and only then revokes the old ones', async () => {
    const old = story.alive();
    const events: GitLabEvent[] = [];
    const inSecrets: Promise<string[]>[] = [];
    const stop = story.stacks().gitlab.model.onEvent((event) => {
      if (event.kind !== 'request' || event.method === 'GET') return;
      events.push(event);
      if (event.method === 'DELETE') inSecrets.push(story.valuesInSecrets());
    });
    const { changes } = await story.upAt(story.today);
    stop();
    assert.deepEqual(
      { ...changes, replaced: changes.replaced.toSorted(), updated: changes.updated.toSorted() },
      {
        ...NOTHING,
        replaced: ['tokens-fleet', 'tokens-sidecar', 'tokens-status'],
        updated: ['checker-tokens', 'runners-sidecar-token'],
      },
    );
    const calls = events.flatMap((event) => (event.kind === 'request' ? [event.method] : []));
    assert.deepEqual(calls, ['POST', 'POST', 'POST', 'DELETE', 'DELETE', 'DELETE']);
    const waited = (events[3]?.at ?? 0) - (events[2]?.at ?? 0);
    assert.ok(waited >= SECRET_SYNC_SECONDS * 1000, `revoked ${waited} ms after the last was made`);

    const fresh = story.alive();
    assert.equal(fresh.length, 3);
    for (const token of old) assert.ok(token.revoked, token.name);
    const values = fresh.filter(({ name }) => !name.endsWith('sidecar')).map(({ value }) => value);
    for (const seen of await Promise.all(inSecrets)) assert.deepEqual(seen.toSorted(), values.toSorted());
  });
}

function newTokensAreKept(story: Story): void {
  it('gives the checker the new day, which is more than rotateBeforeDays away', async () => {
    const { expiries } = await deployed(A, story.stacks().a.api);
    const days = new Set(story.alive().map(({ expiresAt }) => expiresAt));
    assert.deepEqual([...days], [expiries.fleet.expiresOn]);
    assert.deepEqual(expiries, { ...expiries, sidecar: expiries.fleet, status: expiries.fleet });
    const left = (Date.parse(expiries.fleet.expiresOn) - story.today) / DAY_MS;
    assert.ok(left > TOKENS.rotateBeforeDays - 1 && left <= TOKENS.lifetimeDays, `${left} days`);
  });

  it('changes nothing when it is run again on the same day', async () =>
    assert.deepEqual((await story.upAt(story.today)).changes, NOTHING));

  it('makes a new token for one that was revoked by hand, and brings it to the pods', async () => {
    // Pulumi makes the tokens side by side: any of them may be the first.
    const lost = story.alive().find(({ name }) => name.endsWith('-fleet'));
    assert.ok(lost);
    lost.revoked = true;
    const { changes } = await story.upAt(story.today);
    assert.deepEqual(changes, { ...NOTHING, created: ['tokens-fleet'], updated: ['checker-tokens'] });
    assert.equal(story.alive().length, 3);
  });
}
