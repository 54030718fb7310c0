/** What each checker process knows in its present round, from GitLab's log of its calls. It decides what the process may write. */
import type { Read, Known } from '../../runtime/core/model/read.ts';
import { CONTROL_PATH, NO_CONTROL, parseControl, type Control } from '../../runtime/core/model/control.ts';
import type { ManagerView, RecordView } from '../../runtime/core/model/facts.ts';
import type { RecordChange, RunnerDeployment } from '../../runtime/ports.ts';

interface Seen<T> {
  readonly answer: Read<T>;
  readonly landedAt: number;
}

class Round {
  readonly began: number;
  /** Undefined before the read; `unknown` if the read failed. */
  control: Read<Control> | undefined;
  pods: { readonly answer: Known<readonly RunnerDeployment[]>; readonly at: number } | undefined;
  readonly records = new Map<number, Seen<RecordView>>();
  readonly managers = new Map<number, Seen<readonly ManagerView[]>[]>();
  /** When a write that calls the roll was answered, by record. */
  readonly called = new Map<number, { readonly answer: Read<RecordView>; readonly at: number }>();
  readonly tagWrites = new Map<number, number>();
  /** The terms that were read. */
  readonly asked = new Set<string>();

  constructor(began: number) {
    this.began = began;
  }
}

/** What one process knows over its rounds. */
export class Knowledge {
  round = new Round(0);
  /** Terms whose files did not exist, and when GitLab last answered that. */
  readonly looks = new Map<number, number>();
  /** The highest term that it has read or made. */
  knownTerm = 0;
  /** The last tags of each record that GitLab gave to it, in a read or a reply. */
  readonly views = new Map<number, { readonly tags: readonly string[]; readonly landedAt: number }>();

  /** A read of control.json begins a round; a term that is read again is the read before a write. */
  fileAsked(path: string, now: number): 'round' | 'again' | 'else' {
    if (path === CONTROL_PATH) {
      this.round = new Round(now);
      return 'round';
    }
    if (termNumber(path) === undefined) return 'else';
    const { asked } = this.round;
    if (asked.has(path)) return 'again';
    asked.add(path);
    return 'else';
  }

  fileRead(path: string, answer: Read<string>, landedAt: number): void {
    if (path === CONTROL_PATH) this.round.control = controlOf(answer);
    const number = termNumber(path);
    if (number === undefined) return;
    if (answer.kind === 'absent') this.looks.set(number, landedAt);
    if (answer.kind === 'found') this.knownTerm = Math.max(this.knownTerm, number);
  }

  recordRead(id: number, answer: Read<RecordView>, landedAt: number): void {
    this.round.records.set(id, { answer, landedAt });
    if (answer.kind === 'found') this.views.set(id, { tags: answer.value.tags, landedAt });
  }

  managersRead(id: number, answer: Read<readonly ManagerView[]>, landedAt: number): void {
    const list = this.round.managers.get(id) ?? [];
    list.push({ answer, landedAt });
    this.round.managers.set(id, list);
  }

  recordWritten(id: number, change: RecordChange, answer: Read<RecordView>, now: number): void {
    if (answer.kind === 'found') this.views.set(id, { tags: answer.value.tags, landedAt: now });
    if (change.description !== undefined) this.round.called.set(id, { answer, at: now });
    if (change.tags !== undefined) this.round.tagWrites.set(id, now);
  }
}

export function termNumber(path: string): number | undefined {
  const match = /^terms\/(\d+)\.json$/.exec(path);
  return match ? Number(match[1]) : undefined;
}

function controlOf(answer: Read<string>): Read<Control> {
  if (answer.kind === 'unknown') return answer;
  if (answer.kind === 'absent') return { kind: 'found', at: answer.at, value: NO_CONTROL };
  const parsed = parseControl(answer.value);
  return parsed.ok ? { kind: 'found', at: answer.at, value: parsed.value } : { kind: 'unknown', why: parsed.why };
}
