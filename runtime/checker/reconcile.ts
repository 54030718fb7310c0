/**
 * Makes the tags of the records match the newest term: first removes, then adds, then checks every record. Before each write the
 * record and the newest term are read again, so that an edit of a person is kept and a lower term never writes.
 */
import { differenceOf, hasMainTag, sameTags, wantedTags, type RecordRole } from '../core/decision/tags.ts';
import { termPath, type Term } from '../core/model/term.ts';
import type { Facts, RecordFacts, RoundFacts } from '../core/model/facts.ts';
import type { RoundContext } from './context.ts';

export type Reconciled =
  | { readonly kind: 'steady' }
  | { readonly kind: 'changed'; readonly edits: readonly string[] }
  | { readonly kind: 'stopped'; readonly why: string };

interface Task {
  readonly record: RecordFacts;
  readonly cluster: string;
  readonly role: RecordRole;
}

export async function reconcile(context: RoundContext, facts: Facts, term: Term): Promise<Reconciled> {
  const tasks = tasksOf(facts, term);
  for (const { record, cluster } of tasks)
    if (record.read.kind === 'unknown')
      return { kind: 'stopped', why: `record ${record.id} of ${cluster} is unknown: ${record.read.why}` };
  return edit(context, tasks, term);
}

/** Takes the main tags off this cluster's own records, whichever cluster the term names. */
export async function takeOff(context: RoundContext, { self, mainTags }: RoundFacts, term: Term): Promise<Reconciled> {
  const role = { isHolder: false, ownTags: self.ownTags, isOwn: true, mainTags };
  return edit(
    context,
    self.records.map((record) => ({ record, cluster: self.name, role })),
    term,
  );
}

async function edit(context: RoundContext, tasks: readonly Task[], term: Term): Promise<Reconciled> {
  const edits: string[] = [];
  // 1. Remove the main tags where they should not be. 2. Then add them where they should be.
  for (const task of [...tasks.filter((t) => !t.role.isHolder), ...tasks.filter((t) => t.role.isHolder)]) {
    if (!needsEdit(task)) continue;
    const edited = await editRecord(context, task, term);
    if (edited.kind === 'stopped') return edited;
    edits.push(...edited.edits);
  }
  if (edits.length === 0) return { kind: 'steady' };
  // 3. Check every record: what another process wrote meanwhile shows now, not one round later.
  const wrong = await checkResult(context, tasks);
  return wrong === undefined ? { kind: 'changed', edits } : { kind: 'stopped', why: wrong };
}

function tasksOf({ self, rivals, mainTags }: Facts, term: Term): Task[] {
  const known = new Set<number>();
  const task = (cluster: string, record: RecordFacts, ownTags: readonly string[]): Task[] => {
    if (known.has(record.id)) return [];
    known.add(record.id);
    const isOwn = cluster === self.name;
    return [{ record, cluster, role: { isHolder: cluster === term.holder, ownTags, isOwn, mainTags } }];
  };
  return [
    ...self.records.flatMap((record) => task(self.name, record, self.ownTags)),
    ...rivals.flatMap((rival) =>
      // A record of the holder that its report does not name is being replaced, or belongs to another stack of its name: it may keep the tags.
      [...rival.records, ...(rival.name === term.holder ? [] : rival.former)].flatMap((record) =>
        task(rival.name, record, rival.ownTags),
      ),
    ),
  ];
}

function needsEdit({ record, role }: Task): boolean {
  if (record.read.kind !== 'found') return false;
  const wanted = wantedTags(record.read.value.tags, role);
  return wanted === undefined || !sameTags(wanted, record.read.value.tags);
}

type Edit =
  { readonly kind: 'edited'; readonly edits: readonly string[] } | { readonly kind: 'stopped'; readonly why: string };

async function editRecord(context: RoundContext, task: Task, term: Term): Promise<Edit> {
  const { records, project, clock, config, budget } = context;
  const { id } = task.record;
  const stopped = (why: string): Edit => ({ kind: 'stopped', why });
  const readAt = clock.now();
  const [fresh, newer] = await Promise.all([records.read(id), project.file(termPath(term.number + 1))]);
  if (newer.kind === 'found') return stopped(`a newer term than ${term.number} exists`);
  if (newer.kind === 'unknown') return stopped(`the newest term is unknown: ${newer.why}`);
  if (fresh.kind === 'unknown') return stopped(`record ${id} of ${task.cluster} is unknown: ${fresh.why}`);
  if (fresh.kind === 'absent') return { kind: 'edited', edits: [] };
  const tags = wantedTags(fresh.value.tags, task.role);
  if (tags === undefined)
    return stopped(
      `record ${id} of ${task.cluster} has no other tag than the main tags, and the own tags of ${task.cluster} are unknown; add another tag to it in GitLab`,
    );
  if (sameTags(tags, fresh.value.tags)) return { kind: 'edited', edits: [] };
  const spent = budget.exhausted();
  if (spent !== undefined) return stopped(spent);
  // A process that was stalled between read and write must not write what it computed from the old list.
  if (clock.now() - readAt > config.timing.requestSeconds * 1000)
    return stopped(`record ${id} of ${task.cluster} was read more than ${config.timing.requestSeconds} s ago`);
  const written = await records.write(id, { tags });
  if (written.kind !== 'found')
    return stopped(
      `the tags of record ${id} of ${task.cluster} were not written: ${written.kind === 'unknown' ? written.why : 'it does not exist'}`,
    );
  if (!sameTags(written.value.tags, tags))
    return stopped(`GitLab did not save the tags of record ${id} of ${task.cluster}`);
  return { kind: 'edited', edits: [`${task.cluster} record ${id}: ${differenceOf(fresh.value.tags, tags)}`] };
}

/** What is still wrong after the writes, or undefined. */
async function checkResult(context: RoundContext, tasks: readonly Task[]): Promise<string | undefined> {
  const reads = await Promise.all(
    tasks.map(async (task) => ({ task, read: await context.records.read(task.record.id) })),
  );
  for (const { task, read } of reads) {
    if (read.kind === 'absent') continue;
    if (read.kind === 'unknown')
      return `record ${task.record.id} of ${task.cluster} could not be read after the edits: ${read.why}`;
    const has = hasMainTag(read.value.tags, context.config.mainTags);
    if (has !== task.role.isHolder)
      return `after the edits record ${task.record.id} of ${task.cluster} ${has ? 'has' : 'does not have'} the main tags; the next round corrects it`;
  }
  return undefined;
}
