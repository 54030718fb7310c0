/**
 * The guards of the protocol, and how each is removed from the production source. A guard is found by its text: if the text is not
 * found exactly once, the guard has moved, and this list must follow.
 */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Guard {
  readonly name: string;
  readonly edits: readonly Edit[];
}

const edit = (file: string, find: string, replace: string): Edit => ({ file: `runtime/${file}`, find, replace });

export const GUARDS: readonly Guard[] = [
  {
    name: 'only a 404 that names the file proves its absence',
    edits: [
      edit(
        'adapters/gitlab/read.ts',
        `export const NO_FILE = ['404 File Not Found'];`,
        `export const NO_FILE = ['404 File Not Found', '404 Commit Not Found'];`,
      ),
    ],
  },
  {
    name: 'a commit is made when 201 names it',
    edits: [
      edit(
        'adapters/gitlab/read.ts',
        `  madeCommit.safeParse(reply).success\n`,
        `  madeCommit.safeParse(reply).success || reply.status < 300\n`,
      ),
    ],
  },
  {
    name: 'a lease on a record that only a term names counts',
    edits: [
      edit(
        'fleet/newest-term.ts',
        `  if (known.highest.number <= numberOf(found)) return found;`,
        `  if (known.highest.number !== -numberOf(found)) return found;`,
      ),
    ],
  },
  {
    name: 'a record that cannot be read makes the own count unknown',
    edits: [
      edit(
        'core/decision/count.ts',
        `    if (read.kind === 'unknown') return unknown(`,
        `    if (read.kind === 'unknown' && record > 0) continue;\n    if (read.kind === 'unknown') return unknown(`,
      ),
    ],
  },
  {
    name: 'an answer dated before one that was known is unknown',
    edits: [edit('checker/answer-dates.ts', `read.at < known - this.tolerance`, `read.at < known - 1e9`)],
  },
  {
    name: 'an answer after a wait is not one from before it',
    edits: [
      edit('checker/answer-dates.ts', `    if (before > 0) this.newest = `, `    if (before < 0) this.newest = `),
    ],
  },
  {
    name: 'the second of two stacks of one name gives way',
    edits: [edit('checker/twins.ts', `    if (!theirs && !isNamed(id)) continue;`, `    if (id > 0) continue;`)],
  },
  {
    name: 'unknown is not offline, in the sidecar',
    edits: [
      edit(
        'core/evidence/judge.ts',
        `  if (history.gitlabTrouble !== undefined) return unsure('gitlab', `,
        `  if (history.gitlabTrouble !== undefined) return offline('stuck', `,
      ),
    ],
  },
  {
    name: 'unknown is not offline, in the checker: records',
    edits: [
      edit(
        'core/model/member.ts',
        `    if (read.kind === 'unknown') return unknown(`,
        `    if (read.kind === 'unknown' && id < 0) return unknown(`,
      ),
      edit(
        'checker/reconcile.ts',
        `if (record.read.kind === 'unknown')`,
        `if (record.read.kind === 'unknown' && edits0)`,
      ),
      edit(
        'checker/reconcile.ts',
        `  const tasks = tasksOf(facts, term);`,
        `  const tasks = tasksOf(facts, term);\n  const edits0 = tasks.length < 0;`,
      ),
    ],
  },
  {
    name: 'unknown is not offline, in the checker: the roll',
    edits: [
      edit(
        'checker/roll-call.ts',
        `  if (theirs.kind === 'unknown') return theirs;`,
        `  if (theirs.kind === 'unknown') return { kind: 'called', answered: 0, ownAnswered: 1 };`,
      ),
    ],
  },
  {
    name: 'calls without an answer count only while GitLab answers the sidecar',
    edits: [
      edit(
        'core/evidence/history.ts',
        `  if (draining || reachableSince === undefined || ofPolls`,
        `  if (draining || ofPolls`,
      ),
      edit(
        'core/evidence/history.ts',
        `gitlabTrouble: record.why, unansweredCalls: NO_UNANSWERED_CALLS };`,
        `gitlabTrouble: record.why };`,
      ),
      edit(
        'core/evidence/judge.ts',
        `  if (unansweredCalls.afterAnswer < UNANSWERED_CALLS_AFTER_AN_ANSWER) return undefined;`,
        ``,
      ),
    ],
  },
  {
    name: 'a runner that waits for GitLab is not inactive',
    edits: [edit('core/evidence/history.ts', `!grown.polled && sample.pollsUnderWay === 0 && `, `!grown.polled && `)],
  },
  {
    name: 'readiness keeps its last definite answer',
    edits: [
      edit(
        'core/evidence/evidence.ts',
        `    case 'unknown':\n      return ready;`,
        `    case 'unknown':\n      return false;`,
      ),
    ],
  },
  {
    name: 'roll call before takeover',
    edits: [
      edit(
        'core/decision/decide.ts',
        `  if (ground.ground === 'silent' && holder !== undefined) {`,
        `  if (ground.ground === 'silent' && holder === undefined) {`,
      ),
    ],
  },
  {
    name: 'silence believed only with an own answer',
    edits: [edit('core/decision/decide.ts', `  if (roll.ownAnswered === 0 && `, `  if (roll.ownAnswered < 0 && `)],
  },
  {
    name: 'busy managers answer',
    edits: [
      edit(
        'checker/roll-call.ts',
        `  if (lapseSeconds(facts, timing) > policy.busyMaxSeconds) return undefined;`,
        `  if (lapseSeconds(facts, timing) > -policy.busyMaxSeconds) return undefined;`,
      ),
    ],
  },
  {
    name: 'in touch for a lease',
    edits: [
      edit('core/decision/rivals.ts', `  if (touch < leaseSeconds) return`, `  if (touch < -leaseSeconds) return`),
    ],
  },
  {
    name: 'confirm by the holder’s stamps',
    edits: [edit('core/decision/memory.ts', `  const news = stamp.at > memory.stamp ? 1 : 0;`, `  const news = 1;`)],
  },
  {
    name: 'future-dated lease refused',
    edits: [edit('core/model/lease.ts', `  if (lease.at > readAt + FUTURE_TOLERANCE_SECONDS)`, `  if (lease.at < 0)`)],
  },
  {
    name: 'a stamp’s time is from before its observation',
    edits: [edit('core/decision/next-lease.ts', `    at: stampAt,`, `    at: facts.now,`)],
  },
  {
    name: 'no stamp without a known count',
    edits: [
      edit(
        'checker/observe.ts',
        `  const pods = await context.pods.deployments();`,
        `  const asked = await context.pods.deployments();
  const pods = asked.kind === 'unknown' && context.config.lastPods ? context.config.lastPods : asked;
  if (pods.kind === 'known') Object.assign(context.config, { lastPods: pods });`,
      ),
    ],
  },
  {
    name: 'term read again before a write',
    edits: [
      edit(
        'checker/reconcile.ts',
        `Promise.all([records.read(id), project.file(termPath(term.number + 1))])`,
        `Promise.all([records.read(id), Promise.resolve({ kind: 'absent', at: 0 })])`,
      ),
    ],
  },
  {
    name: 'an old read of a record writes nothing',
    edits: [
      edit(
        'checker/reconcile.ts',
        `  if (clock.now() - readAt > config.timing.requestSeconds * 1000)`,
        `  if (clock.now() < 0 - readAt - config.timing.requestSeconds * 1e12)`,
      ),
      edit(
        'checker/reconcile.ts',
        `  const spent = budget.exhausted();\n  if (spent !== undefined) return stopped(spent);`,
        `  const spent = undefined;`,
      ),
    ],
  },
  {
    name: 'off before on',
    edits: [
      edit(
        'checker/reconcile.ts',
        `[...tasks.filter((t) => !t.role.isHolder), ...tasks.filter((t) => t.role.isHolder)]`,
        `[...tasks.filter((t) => t.role.isHolder), ...tasks.filter((t) => !t.role.isHolder)]`,
      ),
    ],
  },
  {
    name: 'the check of every record after the edits',
    edits: [
      edit(
        'checker/reconcile.ts',
        `  const wrong = await checkResult(context, tasks);`,
        `  const wrong = tasks.length < 0 ? await checkResult(context, tasks) : undefined;`,
      ),
    ],
  },
  {
    name: 'own tags kept',
    edits: [
      edit(
        'core/decision/tags.ts',
        `...(role.isOwn ? role.ownTags : [])`,
        `...(role.isOwn && role.isHolder && tags.length === 0 ? role.ownTags : [])`,
      ),
    ],
  },
  {
    name: 'last tag kept',
    edits: [
      edit(
        'core/decision/tags.ts',
        `  return role.ownTags.length > 0 ? canonical(role.ownTags) : undefined;`,
        `  return [];`,
      ),
      edit(
        'core/decision/tags.ts',
        `...(role.isOwn ? role.ownTags : [])`,
        `...(role.isOwn && kept.length > 0 ? role.ownTags : [])`,
      ),
    ],
  },
  {
    name: 'holdFor',
    edits: [
      edit(
        'core/decision/ground.ts',
        `  if (held >= policy.holdForSeconds || wanting.kind === 'keeps')`,
        `  if (held >= 0 || wanting.kind === 'keeps')`,
      ),
    ],
  },
  {
    name: 'equal strength never moves the tag',
    edits: [
      edit(
        'core/decision/memory.ts',
        `isDegraded(stamp) && own.online >= stamp.online + own.minAdvantage;`,
        `isDegraded(stamp) && own.online >= stamp.online;`,
      ),
    ],
  },
  {
    name: 'a holder that has all its runners is left for none with more',
    edits: [
      edit(
        'core/decision/memory.ts',
        `  const stronger = !unhealthy && isDegraded(stamp) &&`,
        `  const stronger = !unhealthy &&`,
      ),
    ],
  },
  {
    name: 'wanting more runners is no weakness',
    edits: [edit('core/decision/strength.ts', `  const lowest = least[0]?.count ?? total;`, `  const lowest = total;`)],
  },
  {
    name: 'a weakness must last for confirmSeconds',
    edits: [edit('core/decision/ground.ts', `seconds < policy.confirmSeconds)`, `seconds < 0)`)],
  },
  {
    name: 'a degraded cluster takes nothing back',
    edits: [
      edit(
        'core/decision/strength.ts',
        `    wholeSince: online >= lowest ? (previous?.wholeSince ?? 0) || at : 0,`,
        `    wholeSince: online >= 0 && lowest >= 0 ? (previous?.wholeSince ?? 0) || at : 0,`,
      ),
    ],
  },
  {
    name: 'number above every lease',
    edits: [
      edit(
        'core/decision/decide.ts',
        `  return Math.max(holder?.number ?? 0, self.lease.term, ...known) + 1;`,
        `  return known.length < 0 ? 0 : (holder?.number ?? 0) + 1;`,
      ),
      edit('checker/observe.ts', `termsOf(known, ownTerms)`, `{ ...termsOf([]), jumps: [] }`),
    ],
  },
  {
    name: 'pause',
    edits: [edit('core/decision/decide.ts', `  if (control.paused) return nothing('paused');`, ``)],
  },
  {
    name: 'pin',
    edits: [
      edit(
        'core/decision/decide.ts',
        `  if (pinned !== undefined && pinned !== self.name) return`,
        `  if (pinned !== undefined && pinned === '') return`,
      ),
    ],
  },
  {
    name: 'retired',
    edits: [edit('core/decision/decide.ts', `  if (isRetired(control, self.name)) return 'it is retired';`, ``)],
  },
  {
    name: 'unreadable control stops all moves',
    edits: [
      edit(
        'core/decision/decide.ts',
        `  if (facts.control.kind === 'unknown') return`,
        `  if (facts.control.kind === 'unknown' && facts.mainTags.length < 0) return`,
      ),
    ],
  },
  {
    name: 'gone records are believed only after a lease',
    edits: [
      edit(
        'core/decision/decide.ts',
        `    case 'gone':\n    case 'damaged':\n      return timing.leaseSeconds;`,
        `    case 'gone':\n    case 'damaged':\n      return 0;`,
      ),
    ],
  },
  {
    name: 'a damaged term is left to its holder for a lease, however the grounds change',
    edits: [
      edit(
        'core/decision/ground.ts',
        `isDamagedFor(own.memory, now, leaseSeconds)`,
        `(own.memory.ground === 'damaged' && now - own.memory.since > leaseSeconds)`,
      ),
    ],
  },
  {
    name: 'heard for a lease',
    edits: [
      edit('core/decision/rivals.ts', `  if (heard < leaseSeconds) return`, `  if (heard < -leaseSeconds) return`),
    ],
  },
  {
    name: 'a pin waits for a known holder',
    edits: [
      edit(
        'core/decision/decide.ts',
        `  if (pinned !== self.name || holder?.name === self.name || found.kind === 'unknown') return found;`,
        `  if (pinned !== self.name || holder?.name === self.name) return found;`,
      ),
    ],
  },
  {
    name: 'a retired holder is left while it is unknown',
    edits: [
      edit(
        'core/decision/ground.ts',
        `  if (!retired || found.kind === 'unknown') return found;`,
        `  if (!retired) return found;`,
      ),
    ],
  },
  {
    name: 'a record that is being replaced counts',
    edits: [
      edit(
        'checker/reconcile.ts',
        `[...rival.records, ...(rival.name === term.holder ? [] : rival.former)].flatMap(`,
        `[...rival.records].flatMap(`,
      ),
    ],
  },
  {
    name: 'a record that is being replaced is called',
    edits: [edit('checker/roll-call.ts', `living([...rival.records, ...rival.former])`, `living([...rival.records])`)],
  },
  {
    name: 'a claimed term goes into the lease at once',
    edits: [edit('checker/round.ts', `      await rememberTerm(context, seen, facts.self.lease, term);`, ``)],
  },
  {
    name: 'every record of a rival is remembered without its report',
    edits: [edit('core/decision/next-lease.ts', `    return ids.map(`, `    return ids.slice(0, 1).map(`)],
  },
  {
    name: 'jobs may report where the contacts of a holder are lost',
    edits: [
      edit(
        'core/decision/decide.ts',
        `  if (contactsLost(facts, roll, timing))`,
        `  if (contactsLost(facts, roll, timing) && roll.busy < 0)`,
      ),
    ],
  },
  {
    name: 'a challenger at work believes a silence only after an earlier call',
    edits: [
      edit(
        'core/decision/decide.ts',
        `  return calledAt !== 0 && ownContact >`,
        `  return Math.max(calledAt, 1) !== 0 && ownContact >`,
      ),
    ],
  },
  {
    name: 'a challenger at work may believe a silence',
    edits: [
      edit(
        'core/decision/decide.ts',
        `  return calledAt !== 0 && ownContact >`,
        `  return calledAt > 1e12 && ownContact >`,
      ),
    ],
  },
];
