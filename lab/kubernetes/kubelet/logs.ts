/**
 * What containers wrote: the newest lines of each, also of pods that are gone, for those are the ones people ask about.
 */

export interface LogLine {
  readonly at: number;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Which run of the container wrote it: 0 is the first, and each restart is one more. */
  readonly run: number;
  readonly stream: 'stdout' | 'stderr';
  readonly line: string;
}

const LINES_PER_CONTAINER = 1000;
const CONTAINERS = 300;

export class LogBook {
  readonly #lines = new Map<string, LogLine[]>();
  readonly #listeners = new Set<(line: LogLine) => void>();

  write(line: LogLine): void {
    const key = keyOf(line.namespace, line.pod, line.container);
    const kept = this.#lines.get(key) ?? [];
    kept.push(line);
    if (kept.length > LINES_PER_CONTAINER) kept.shift();
    this.#lines.set(key, kept);
    const oldest = this.#lines.size > CONTAINERS ? this.#lines.keys().next().value : undefined;
    if (oldest !== undefined) this.#lines.delete(oldest);
    for (const listener of this.#listeners) listener(line);
  }

  read(namespace: string, pod: string, container: string): readonly LogLine[] {
    return this.#lines.get(keyOf(namespace, pod, container)) ?? [];
  }

  subscribe(listener: (line: LogLine) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

const keyOf = (namespace: string, pod: string, container: string): string => `${namespace}/${pod}/${container}`;
