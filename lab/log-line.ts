/** A line of a checker's or sidecar's log in its text format, as runtime/adapters/process/log.ts writes it. */
export interface LogLineParts {
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, string>>;
}

export function parseLogLine(line: string): LogLineParts | undefined {
  const [, level, event, rest] = /^\d{4}-\S+Z (info|warn|error) ([-a-z]+) (.*)$/.exec(line) ?? [];
  if (level === undefined || event === undefined || rest === undefined) return undefined;
  const pairs = [...rest.matchAll(/ (\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"=]+))(?= \w+=|$)/g)];
  const fields = Object.fromEntries(
    pairs.map(([, key = '', quoted, plain]): [string, string] => [key, quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '']),
  );
  return { level, event, fields };
}
