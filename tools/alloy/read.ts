/** Reads what Alloy's command line prints: the commands of a file, the verdict on one, and the trace of a solution. */

export interface Command {
  readonly index: number;
  readonly kind: 'check' | 'run';
  readonly name: string;
  /** The sizes of the search without its length: `3 but 5 Number`. */
  readonly scope: string;
  /** The length of the traces that are searched: `20` or `1..12`. */
  readonly steps: string;
  /** Whether a solution is to be found: an instance of a run, a counterexample of a check. */
  readonly expected: boolean;
}

/** The list that `commands` prints. A command that does not say what it expects cannot fail and is refused. */
export function readCommands(printed: string): Command[] {
  return printed.split('\n').flatMap((line) => {
    const match = /^(\d+)\s*\. (Check|Run) (\S+)(?: for (.*?))?(?: expect (\d))?$/.exec(line.trim());
    if (!match) return [];
    const [, index, kind, name = '', sizes = '', expect] = match;
    if (expect !== '0' && expect !== '1') throw new Error(`command ${name} does not say what it expects`);
    const steps = /(?:(\d+)\.\.)?(\d+) steps/.exec(sizes);
    if (!steps) throw new Error(`command ${name} does not say for how many steps`);
    const [, from = '1', to] = steps;
    return [
      {
        index: Number(index),
        kind: kind === 'Check' ? 'check' : 'run',
        name,
        scope: sizes.replace(/(?:\d+\.\.)?\d+ steps(?:, )?/, '').replace(/ but $/, ''),
        steps: from === to ? from : `${from}..${to}`,
        expected: expect === '1',
      },
    ];
  });
}

/** Whether the one command that `exec` ran has a solution; undefined where it came to no end. */
export function readVerdict(printed: string): boolean | undefined {
  const verdict = /^\d+\. (?:check|run) .*\b(UNSAT|SAT)\b/m.exec(printed)?.[1];
  return verdict === undefined ? undefined : verdict === 'SAT';
}

/** One state of a trace: each relation with its content. */
export type State = ReadonlyMap<string, string>;

const BUILT_IN = /^(?:univ|Int|seq\/Int|String|none)$|Ord\b/;

/** The states of a solution as `-t text` writes it. */
export function readTrace(text: string): State[] {
  const [, ...states] = text.split(/^-+State \d+(?: \(loop\))?-+$/m);
  return states.map((state) => {
    const lines = state.split('\n').flatMap((line) => {
      const [, name, content] = /^([^=]+)=(\{.*\})$/.exec(line) ?? [];
      if (name === undefined || content === undefined || BUILT_IN.test(name)) return [];
      return [[name.replaceAll('this/', '').replace('<:', '.'), content.replaceAll('$', '')] as const];
    });
    return new Map(lines);
  });
}

const isSame = (a: State, b: State): boolean =>
  a.size === b.size && [...a].every(([name, content]) => b.get(name) === content);

/** The states until nothing changes any more: a trace is filled up to the length of its search. */
export function untilRest(states: readonly State[]): State[] {
  const last = states.findLastIndex((state, index) => {
    const before = states[index - 1];
    return !before || !isSame(before, state);
  });
  return states.slice(0, last + 1);
}

/** What each state changes; the first shows all. */
export function tellTrace(states: readonly State[]): string[] {
  return states.flatMap((state, index) => {
    const before = states[index - 1];
    const news = [...state].filter(([name, content]) => before?.get(name) !== content);
    return [`state ${index}`, ...news.map(([name, content]) => `  ${name} ${content}`)];
  });
}
