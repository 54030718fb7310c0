/**
 * One line for each event, as text or as JSON:
 * `2026-11-24T00:17:05.123Z info round-finished a 2/2, term 3 a: steady – … cluster=a term=3` (fields as logfmt) or
 * `{"time":"2026-11-24T00:17:05.123Z","level":"info","event":"round-finished","message":"…","cluster":"a","term":3}`.
 */
import type { LogFormat } from '../../config.ts';
import type { LogEvent } from '../../log-events.ts';
import type { Log, LogFields, LogLevel } from '../../ports.ts';
import { wallClock, type WallClock } from './clock.ts';

export interface LogOptions {
  readonly format: LogFormat;
  /** Fields of every line, such as the cluster. */
  readonly fields?: LogFields;
  readonly write?: (line: string) => void;
  readonly now?: WallClock;
}

export interface Line {
  readonly time: string;
  readonly level: LogLevel;
  readonly event: LogEvent;
  readonly message: string;
  readonly fields: LogFields;
}

/** Text without line breaks and control characters: error messages may quote anything. */
const oneLine = (text: string): string =>
  text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();

function textValue(value: string | number | boolean): string {
  const text = oneLine(String(value));
  return /^[^\s"=]+$/.test(text) ? text : `"${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"')}"`;
}

function textLine({ time, level, event, message, fields }: Line): string {
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${textValue(value)}`);
  return `${time} ${level} ${event} ${message}${pairs.join('')}`;
}

/** The keys of the line come first and win over a field of the same name. */
const jsonLine = ({ fields, ...line }: Line): string => JSON.stringify({ ...line, ...fields, ...line });

function formatLine(format: LogFormat, line: Line): string {
  switch (format) {
    case 'text':
      return textLine(line);
    case 'json':
      return jsonLine(line);
  }
}

/** A log on stdout, where a container's log belongs. */
export function createLog({ format, fields: common, write = toStdout, now = wallClock }: LogOptions): Log {
  const at =
    (level: LogLevel): Log[LogLevel] =>
    (event, message, fields) => {
      const time = new Date(now()).toISOString();
      write(formatLine(format, { time, level, event, message: oneLine(message), fields: { ...common, ...fields } }));
    };
  return { info: at('info'), warn: at('warn'), error: at('error') };
}

const toStdout = (line: string): void => void process.stdout.write(`${line}\n`);
