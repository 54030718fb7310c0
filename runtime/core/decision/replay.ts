/** Makes a term's decision again, only from what the term recorded (decision-record.ts). */
import * as z from 'zod';
import { policySchema, timingSchema } from '../../config.ts';
import { clusterName } from '../../values.ts';
import { decide, type Decision } from './decide.ts';
import { holderOf, type Facts } from '../model/facts.ts';
import { memberOf } from '../model/member.ts';
import { controlSchema } from '../model/control.ts';
import { reportSchema } from '../model/report.ts';
import { termSchema, type Term } from '../model/term.ts';
import { currentGround, GROUNDS, STORED_UNHEALTHY } from '../model/lease.ts';
import { findGround } from './ground.ts';
import { FORCED, type DecisionRecord } from './decision-record.ts';

const at = z.number();
const why = z.string();
/** `refused` is what 0.1.0 wrote for `forbidden`. */
const isUnknown = z.object({
  kind: z.literal('unknown'),
  why,
  forbidden: z.literal(true).optional(),
  refused: z.literal(true).optional(),
});
/** JSON has no undefined: a key that may be absent is left out. */
const unknownRead = ({ kind, why: text, forbidden, refused }: z.infer<typeof isUnknown>) => ({
  kind,
  why: text,
  ...((forbidden ?? refused) && { forbidden: true as const }),
});
const readOf = <T>(value: z.ZodType<T>) =>
  z.union([
    z.object({ kind: z.literal('found'), value, at }),
    z.object({ kind: z.literal('absent'), at }),
    isUnknown.transform(unknownRead),
  ]);

const record = z.object({
  id: z.number(),
  read: readOf(
    z.object({
      id: z.number(),
      tags: z.array(z.string()),
      paused: z.boolean(),
      note: z.string().nullable(),
      description: z.string(),
      contactedAt: z.string().nullable(),
    }),
  ),
});
const records = z.array(record);

const wanted = z
  .object({
    settled: z.number().optional(),
    least: z.array(z.object({ count: z.number(), at })),
    since: at,
    wholeSince: at,
  })
  .transform((stored) => ({ ...stored, settled: stored.settled }));

const ground = z
  .string()
  .transform(currentGround)
  .pipe(z.union([z.enum(GROUNDS), z.literal('none')]));
const lease = z
  .object({
    cluster: z.string(),
    online: z.number(),
    total: z.number(),
    holder: z.string(),
    term: z.number(),
    at,
    inTouchSince: at,
    heardSince: at,
    memory: z
      .object({
        term: z.number(),
        stamp: at,
        [STORED_UNHEALTHY]: z.number(),
        stronger: z.number(),
        strongerSince: at.default(0),
        ground,
        since: at,
        damagedSince: at,
        calledAt: at,
      })
      .transform(({ [STORED_UNHEALTHY]: unhealthy, ...memory }) => ({ ...memory, unhealthy })),
    wanted: wanted.optional(),
  })
  .transform((stored) => ({ ...stored, wanted: stored.wanted, rivals: [] }));

const termFacts = z.union([
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('term'), term: termSchema, at }),
  z
    .object({ kind: z.literal('damaged'), number: z.number(), named: z.string().optional(), why })
    .transform((damaged) => ({ ...damaged, named: damaged.named })),
  z.object({ kind: z.literal('unknown'), why }),
]);

const roll = z.union([
  z.object({
    kind: z.literal('called'),
    at,
    answered: z.number(),
    ownAnswered: z.number(),
    /** Terms of earlier releases do not have it, and their decisions took it for granted. */
    busy: z.number().default(1),
    contact: at,
    ownContact: at,
  }),
  z.object({ kind: z.literal('unknown'), why }),
]);

const storedFacts = z.object({
  now: at,
  self: z.object({
    name: clusterName,
    preferred: z.boolean(),
    online: z.number(),
    total: z.number(),
    ownTags: z.array(z.string()),
    records,
    stamped: lease,
  }),
  rivals: z.array(
    z.object({
      name: z.string(),
      report: z.union([readOf(reportSchema), z.object({ kind: z.literal('unreadable'), why })]),
      records,
      former: records,
      minOnline: z.number().optional(),
    }),
  ),
  mainTags: z.array(z.string()),
  term: termFacts,
  control: readOf(controlSchema),
  roll: roll.optional(),
});

/** What the first release called strength was a share of all runners; its policy had no key for the settled total. */
const EARLIER_RULES = ['stronger', 'preferred'];
const storedPolicy = policySchema.extend({ minAdvantage: z.number() }).transform(({ minAdvantage, ...policy }) => ({
  ...policy,
  minAdvantage: Math.max(1, Math.floor(minAdvantage)),
}));
const hasSettledTotal = z.object({ policy: z.object({ settleSeconds: z.number() }) });

const recordSchema = z
  .object({ facts: storedFacts, policy: storedPolicy, timing: timingSchema })
  .transform(({ facts, policy, timing }): DecisionRecord => ({
    facts: factsOf(facts, policy.minOnline),
    policy,
    timing,
  }));

/** The stored facts with everything that follows from them. */
function factsOf(stored: z.infer<typeof storedFacts>, minOnline: number): Facts {
  const { roll: called, self: storedSelf, rivals: members, ...facts } = stored;
  const { stamped, ...self } = storedSelf;
  const rivals = members.map((member) => memberOf(member, member.minOnline ?? minOnline));
  return {
    ...facts,
    self: { ...self, lease: stamped },
    rivals,
    holder: holderOf(facts.term, rivals),
    ...(called && { roll: called }),
  };
}

export type Replay =
  /** The same facts give the same claim: its number, ground and holder. Its sentence may be of another release. */
  | { readonly kind: 'same'; readonly record: DecisionRecord }
  | { readonly kind: 'differs'; readonly record: DecisionRecord; readonly decision: Decision }
  /** A person claimed it; `decision` is what the cluster's own checker would have done on the same facts. */
  | { readonly kind: 'forced'; readonly record: DecisionRecord; readonly decision: Decision }
  /** Claimed for strength or preference by the first release, which measured both in another way: nothing can be compared. */
  | { readonly kind: 'earlier-rule'; readonly record: DecisionRecord; readonly decision: Decision }
  | { readonly kind: 'unreadable'; readonly why: string };

export function replay(term: Term): Replay {
  const parsed = recordSchema.safeParse(term.evidence);
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.map(String).join('.') ?? '';
    return { kind: 'unreadable', why: `what term ${term.number} recorded cannot be read at "evidence.${where}"` };
  }
  const recorded = parsed.data;
  const { facts } = recorded;
  const decision = decide(facts, findGround(facts, facts.self.lease, recorded), recorded);
  if (term.ground === FORCED) return { kind: 'forced', record: recorded, decision };
  if (EARLIER_RULES.includes(term.ground) && !hasSettledTotal.safeParse(term.evidence).success)
    return { kind: 'earlier-rule', record: recorded, decision };
  const same =
    decision.kind === 'claim' &&
    decision.number === term.number &&
    decision.ground === term.ground &&
    facts.self.name === term.holder;
  return same ? { kind: 'same', record: recorded } : { kind: 'differs', record: recorded, decision };
}
