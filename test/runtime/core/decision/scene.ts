/** What the decision is asked about: facts as a test states them, the rest as in a healthy fleet. */
import { policySchema } from '../../../../runtime/config.ts';
import { decide as decideOn, type Decision } from '../../../../runtime/core/decision/decide.ts';
import { findGround } from '../../../../runtime/core/decision/ground.ts';
import { memberOf } from '../../../../runtime/core/model/member.ts';
import type { Rules } from '../../../../runtime/core/model/rules.ts';
import { NO_CONTROL, type Control } from '../../../../runtime/core/model/control.ts';
import type { Term } from '../../../../runtime/core/model/term.ts';
import { holderOf, type CalledRoll, type Facts, type RecordFacts } from '../../../../runtime/core/model/facts.ts';
import { formatLease, type Ground, type Lease } from '../../../../runtime/core/model/lease.ts';
import { emptyMemory } from '../../../../runtime/core/decision/memory.ts';
import { DEFAULT_TIMING } from '../../../../runtime/timing.ts';

export const NOW = 1_700_000_000;
export const RULES: Rules = { policy: policySchema.parse({}), timing: DEFAULT_TIMING };

/** The scene: this is cluster B, in touch and healthy; cluster A holds term 5. */
export interface Scene {
  online?: number;
  inTouch?: number;
  heard?: number;
  former?: RecordFacts[];
  holderOnline?: number;
  holderTotal?: number;
  /** How old the holder's lease is; undefined: no lease in its note. */
  holderAge?: number | undefined;
  memory?: Partial<Lease['memory']>;
  ground?: Ground;
  stood?: number;
  termAge?: number;
  control?: Facts['control'];
  term?: Facts['term'];
  roll?: Facts['roll'];
  holderRecord?: RecordFacts['read'];
  ownRecord?: RecordFacts['read'];
  preferred?: boolean;
}

const lease = (
  cluster: string,
  at: number,
  online: number,
  total: number,
  memory: Partial<Lease['memory']> = {},
): Lease => ({
  cluster,
  online,
  total,
  holder: 'cluster-a',
  term: 5,
  at,
  inTouchSince: at - 600,
  heardSince: at - 600,
  wanted: { settled: total, least: [{ count: total, at }], since: at - 600, wholeSince: 0 },
  rivals: [],
  memory: { ...emptyMemory(5), ...memory },
});

export const record = (id: number, note: string | null, tags: string[]): RecordFacts['read'] => ({
  kind: 'found',
  at: NOW,
  value: { id, tags, paused: false, note, description: '', contactedAt: null },
});

export const TERM: Term = {
  version: 1,
  number: 5,
  holder: 'cluster-a',
  previous: 'cluster-b',
  at: '2023-11-14T10:00:00Z',
  ground: 'silent',
  reason: 'test',
  records: { 'cluster-a': [1], 'cluster-b': [2] },
  evidence: {},
};

export function factsOf(scene: Scene): Facts {
  const { online = 2, holderOnline = 2, holderTotal = 2, inTouch = 600 } = scene;
  const note =
    scene.holderAge === undefined
      ? null
      : formatLease(lease('cluster-a', NOW - scene.holderAge, holderOnline, holderTotal));
  const rival = memberOf(
    {
      name: 'cluster-a',
      report: { kind: 'absent', at: NOW },
      records: [{ id: 1, read: scene.holderRecord ?? record(1, note, ['runner-a', 'rnd-runner']) }],
      former: scene.former ?? [],
    },
    RULES.policy.minOnline,
  );
  const term = scene.term ?? { kind: 'term', term: TERM, at: NOW };
  const memory = { ground: scene.ground ?? 'none', since: NOW - (scene.stood ?? 0), ...scene.memory } as const;
  return {
    now: NOW,
    self: {
      name: 'cluster-b',
      preferred: scene.preferred ?? false,
      online,
      total: 2,
      ownTags: ['runner-b'],
      records: [{ id: 2, read: scene.ownRecord ?? record(2, null, ['runner-b']) }],
      lease: {
        ...lease('cluster-b', NOW, online, 2, memory),
        inTouchSince: NOW - inTouch,
        heardSince: NOW - (scene.heard ?? 600),
      },
    },
    rivals: [rival],
    mainTags: ['rnd-runner'],
    term,
    holder: holderOf(term, [rival]),
    control: scene.control ?? { kind: 'found', value: NO_CONTROL, at: NOW },
    ...(scene.roll && { roll: scene.roll }),
  };
}

export const decide = (facts: Facts, rules: Rules): Decision =>
  decideOn(facts, findGround(facts, facts.self.lease, rules), rules);

export const control = (more: Partial<Control>): Facts['control'] => ({
  kind: 'found',
  value: { ...NO_CONTROL, ...more },
  at: NOW,
});
export const called = (answered: number, ownAnswered: number, ownContact = 0): CalledRoll => ({
  kind: 'called',
  at: NOW,
  answered,
  ownAnswered,
  busy: 0,
  contact: NOW - 100,
  ownContact,
});
export const silentRoll = called(0, 2);
export const silent: Scene = { holderAge: 100, ground: 'silent' };
