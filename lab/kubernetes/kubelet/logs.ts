/**
 * The newest lines of each container, also of deleted pods: these are often the interesting ones.
 */

export interface LogLine {
  readonly at: number;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** The run of the container that wrote it: 0 is the first, each restart adds one. */
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
