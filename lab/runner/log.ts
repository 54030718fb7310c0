/** Lines as gitlab-runner writes them, to standard error; warnings and errors are counted, as its log hook does. */
import { ERRORS, type Metrics } from './metrics.ts';

export type Level = 'info' | 'warning' | 'error';
export type Fields = Readonly<Record<string, string | number>>;
export type Log = (level: Level, message: string, fields?: Fields) => void;

export function createLog(metrics: Metrics): Log {
  return (level, message, fields = {}) => {
    if (level !== 'info') metrics.add(ERRORS, { level });
    const prefix = level === 'info' ? '' : `${level.toUpperCase()}: `;
    const rest = Object.entries(fields).map(([key, value]) => `${key}=${String(value)}`);
    process.stderr.write(`${[`${prefix}${message.padEnd(40)}`, ...rest].join(' ').trimEnd()}\n`);
  };
}
