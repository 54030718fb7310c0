/** What the demo prints at its end: a table, or one JSON object. */
export interface StepResult {
  readonly name: string;
  readonly expected: string;
  readonly seen: string;
  readonly seconds: number;
  readonly boundSeconds: number;
  readonly ok: boolean;
}

const one = (seconds: number): string => seconds.toFixed(1);

export function tableOf(steps: readonly StepResult[]): string {
  const rows = [
    ['step', 'expected', 'seen', 'seconds', 'bound', ''],
    ...steps.map((step) => [
      step.name,
      step.expected,
      step.seen,
      one(step.seconds),
      one(step.boundSeconds),
      step.ok ? '✔' : '✘',
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

export function jsonOf(steps: readonly StepResult[], complete: boolean): string {
  return JSON.stringify({
    ok: complete && steps.every((step) => step.ok),
    steps: steps.map(({ name, ok, seconds, boundSeconds }) => ({
      name,
      ok,
      seconds: Number(one(seconds)),
      boundSeconds: Number(one(boundSeconds)),
    })),
  });
}
