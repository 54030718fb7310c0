/** What the demo prints: a line while it waits, a table at its end, or one JSON object. */
export interface ActResult {
  readonly name: string;
  readonly expected: string;
  readonly seen: string;
  readonly seconds: number;
  readonly boundSeconds: number;
  readonly ok: boolean;
}

const one = (seconds: number): string => seconds.toFixed(1);

export function tableOf(acts: readonly ActResult[]): string {
  const rows = [
    ['act', 'expected', 'seen', 'seconds', 'bound', ''],
    ...acts.map((act) => [
      act.name,
      act.expected,
      act.seen,
      one(act.seconds),
      one(act.boundSeconds),
      act.ok ? '✔' : '✘',
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === 3 || column === 4 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const [head = [], ...body] = rows;
  return [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...body.map(line)].join('\n');
}

export function jsonOf(acts: readonly ActResult[], complete: boolean): string {
  return JSON.stringify({
    ok: complete && acts.every((act) => act.ok),
    acts: acts.map(({ name, ok, seconds, boundSeconds }) => ({
      name,
      ok,
      seconds: Number(one(seconds)),
      boundSeconds: Number(one(boundSeconds)),
    })),
  });
}
