/**
 * One line a fact: `2026-11-24T00:17:05.123Z info the runner is online: … cluster=a record=7`. The sentence comes first, for people;
 * the facts after it are logfmt, for programs.
 */
import type { Log, LogFields } from '../../ports.ts';
import { wallClock, type WallClock } from './clock.ts';

export interface LogOptions {
  /** Facts that every line carries, such as the cluster. */
  readonly fields?: LogFields;
  readonly write?: (line: string) => void;
  readonly now?: WallClock;
}

type Level = 'info' | 'warn' | 'error';

/** Text that stays on one line, whatever an error message of somebody else brings along. */
export const oneLine = (text: string): string =>
  text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();

function valueOf(value: string | number | boolean): string {
  const text = oneLine(String(value));
  return /^[^\s"=]+$/.test(text) ? text : `"${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"')}"`;
}

export function formatLine(level: Level, message: string, fields: LogFields, now: number): string {
  const facts = Object.entries(fields).map(([key, value]) => ` ${key}=${valueOf(value)}`);
  return `${new Date(now).toISOString()} ${level} ${oneLine(message)}${facts.join('')}`;
}

/** A log on stdout, where a container's log belongs. */
export function createLog(options: LogOptions = {}): Log {
  const write = options.write ?? ((line: string) => void process.stdout.write(`${line}\n`));
  const now = options.now ?? wallClock;
  const at =
    (level: Level) =>
    (message: string, fields: LogFields = {}) =>
      write(formatLine(level, message, { ...options.fields, ...fields }, now()));
  return { info: at('info'), warn: at('warn'), error: at('error') };
}
