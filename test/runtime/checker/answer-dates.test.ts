/** Answers that a proxy kept and sends without `Age`: their Date is of then. */
import assert from 'node:assert/strict';
import { AnswerDates } from '../../../runtime/checker/answer-dates.ts';
import { startRun, type CheckerContext } from '../../../runtime/checker/context.ts';
import { round } from '../../../runtime/checker/round.ts';
import { CONTROL_PATH } from '../../../runtime/core/model/control.ts';
import { unknown, type Read } from '../../../runtime/core/model/read.ts';
import { DEFAULT_TIMING } from '../../../runtime/timing.ts';
import { A, B, settledFleet } from '../../support/simulated-fleet.ts';

const NOW = 1_700_000_000;
const answer = async (at: number): Promise<Read<string>> => ({ kind: 'found', value: 'text', at });

describe('the Date of an answer', () => {
  it('that lags one known before by more than r makes it unknown, of a found thing and of an absent one', async () => {
    const dates = new AnswerDates(DEFAULT_TIMING);
    await dates.read(answer(NOW));
    assert.equal((await dates.read(answer(NOW - 5))).kind, 'found');
    const kept = await dates.read(answer(NOW - 6));
    assert.match(kept.kind === 'unknown' ? kept.why : '', /^an answer is dated .*: a proxy kept it/);
    assert.equal((await dates.read(Promise.resolve<Read<string>>({ kind: 'absent', at: NOW - 6 }))).kind, 'unknown');
  });

  it('of a write counts as known, and a write itself is not judged', async () => {
    const dates = new AnswerDates(DEFAULT_TIMING);
    await dates.written(answer(NOW));
    assert.equal((await dates.written(answer(NOW - 60))).kind, 'found');
    assert.equal((await dates.read(answer(NOW - 6))).kind, 'unknown');
  });

  it('is compared with what was known when the question was sent: slow answers are no kept ones', async () => {
    const dates = new AnswerDates(DEFAULT_TIMING);
    let land: (read: Read<string>) => void = () => undefined;
    const slow = dates.read(new Promise<Read<string>>((resolve) => (land = resolve)));
    await dates.read(answer(NOW + 20));
    land({ kind: 'found', value: 'text', at: NOW });
    assert.equal((await slow).kind, 'found');
  });

  it('that was accepted first is doubted once a newer one is known, less the seconds of the round and r', async () => {
    const dates = new AnswerDates(DEFAULT_TIMING);
    await dates.read(answer(NOW - 61));
    await dates.written(answer(NOW));
    assert.match(dates.doubt(55) ?? '', /a proxy kept it/);
    assert.equal(dates.doubt(56), undefined);
    dates.startRound();
    assert.equal(dates.doubt(0), undefined, 'each round is judged by its own answers');
  });

  it('is later after a wait, but for what GitLab’s nodes differ by', async () => {
    const dates = new AnswerDates(DEFAULT_TIMING);
    await dates.waited(Promise.resolve(), 10);
    assert.equal((await dates.read(answer(NOW))).kind, 'found', 'nothing was known before');
    await Promise.all([dates.waited(Promise.resolve(), 10), dates.waited(Promise.resolve(), 10)]);
    assert.equal((await dates.read(answer(NOW + 2))).kind, 'found');
    assert.equal((await dates.read(answer(NOW + 1))).kind, 'unknown');
  });

  it('of an answer that is unknown says nothing', async () => {
    const dates = new AnswerDates(DEFAULT_TIMING);
    assert.deepEqual(await dates.read(Promise.resolve<Read<string>>(unknown('503'))), unknown('503'));
    assert.equal((await dates.written(Promise.resolve<Read<string>>(unknown('503')))).kind, 'unknown');
    assert.equal(dates.doubt(0), undefined);
  });
});

type Change = <T>(read: Promise<Read<T>>) => Promise<Read<T>>;

/** The checker with all of its reads changed. */
function withReads(checker: CheckerContext, change: Change): CheckerContext {
  const { records, project } = checker;
  return {
    ...checker,
    records: {
      ...records,
      read: (id) => change(records.read(id)),
      managers: (id) => change(records.managers(id)),
    },
    project: { ...project, file: (path) => change(project.file(path)) },
  };
}

const dated =
  (later: () => number): Change =>
  async (answered) => {
    const read = await answered;
    return read.kind === 'unknown' ? read : { ...read, at: read.at + later() };
  };

describe('a proxy that keeps answers', () => {
  it('E4: makes no claim in the first round of a run: its own write shows that all reads are old', async () => {
    const fleet = await settledFleet();
    const checker = withReads(
      fleet.checker(B),
      dated(() => -61),
    );
    const result = await fleet.during(round(checker));
    assert.match(result.kind === 'unfinished' ? result.why : '', /a proxy kept it/);
  });

  it('E4: of one file makes that file unknown in the second round of a run, and the lease is renewed', async () => {
    const fleet = await settledFleet();
    fleet.stopChecker(B);
    const checker = fleet.checker(B);
    const { project } = checker;
    const memory = startRun(checker);
    await fleet.during(round(checker, memory));
    await fleet.run(15);
    const file: typeof project.file = async (path) =>
      path === CONTROL_PATH ? { kind: 'found', value: '{"version":1}', at: 1 } : project.file(path);
    const before = fleet.record(B).note;
    const result = await fleet.during(round({ ...checker, project: { ...project, file } }, memory));
    assert.match(result.kind === 'finished' ? result.sentence : '', /a proxy kept it/);
    assert.notEqual(fleet.record(B).note, before);
  });

  it('E4: of a roll call makes it unknown: the managers before the call are not those after it', async () => {
    const fleet = await settledFleet();
    fleet.stopChecker(B);
    fleet.kill(A);
    const kept = new Map<number, ReturnType<CheckerContext['records']['managers']>>();
    const checker = fleet.checker(B);
    const { records } = checker;
    const managers: typeof records.managers = (id) => {
      const first = kept.get(id) ?? records.managers(id);
      kept.set(id, first);
      return first;
    };
    const sentences: string[] = [];
    for (let rounds = 0; rounds < 8; rounds += 1) {
      const result = await fleet.during(round({ ...checker, records: { ...records, managers } }));
      sentences.push(result.kind === 'finished' ? result.sentence : result.why);
      kept.clear();
      await fleet.run(15);
    }
    assert.match(sentences.join('\n'), /roll call .*a proxy kept it/);
    assert.equal(fleet.newestTerm, 1);
  });

  it('is not seen where GitLab’s nodes differ by two seconds', async () => {
    const fleet = await settledFleet();
    fleet.stopChecker(B);
    let calls = 0;
    const checker = withReads(
      fleet.checker(B),
      dated(() => ((calls += 1) % 2 === 0 ? 1 : -1)),
    );
    const memory = startRun(checker);
    for (let rounds = 0; rounds < 4; rounds += 1) {
      assert.equal((await fleet.during(round(checker, memory))).kind, 'finished');
      await fleet.run(15);
    }
  });
});
