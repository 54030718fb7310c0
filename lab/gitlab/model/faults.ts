/** Faults that can be switched on: each matches some calls, for a number of times or until it is taken off (gitlab-facts K9). */
export type FaultKind =
  /** Writes answer 503 and contact is not recorded. */
  | 'maintenance'
  /** Writes answer 403, as a read-only database does. */
  | 'read-only'
  /** An HTML page from the proxy. */
  | 'html-502'
  | 'error-500'
  | 'error-503'
  /** A plain text 429 with Retry-After. */
  | 'rate-limit'
  /** The connection is cut before anything is read. */
  | 'down'
  /** No answer ever, and nothing was applied. */
  | 'timeout-before'
  /** No answer ever, although the call was applied. */
  | 'timeout-after';

export const FAULT_KINDS: readonly FaultKind[] = [
  'maintenance',
  'read-only',
  'html-502',
  'error-500',
  'error-503',
  'rate-limit',
  'down',
  'timeout-before',
  'timeout-after',
];

export interface Fault {
  readonly kind: FaultKind;
  readonly method?: string | undefined;
  readonly pathPrefix?: string | undefined;
  /** Only calls with the token of this name. */
  readonly token?: string | undefined;
  /** How many calls it hits; without it, all. */
  times?: number | undefined;
}

export interface FaultCall {
  readonly method: string;
  readonly path: string;
  readonly token: string | undefined;
}

const WRITES_ONLY: ReadonlySet<FaultKind> = new Set(['maintenance', 'read-only', 'timeout-after']);

export class Faults {
  private list: Fault[] = [];

  /** Switches it on; `times` is counted down in the fault itself. */
  add(fault: Fault): void {
    this.list.push(fault);
  }

  remove(fault: Fault): void {
    this.list = this.list.filter((other) => other !== fault);
  }

  clear(): void {
    this.list = [];
  }

  get all(): readonly Fault[] {
    return this.list;
  }

  get maintenance(): boolean {
    return this.list.some((fault) => fault.kind === 'maintenance');
  }

  /** The fault that hits this call, counted. */
  hit(call: FaultCall): FaultKind | undefined {
    const isRead = call.method === 'GET' || call.method === 'HEAD';
    const fault = this.list.find(
      (candidate) =>
        (!candidate.method || candidate.method === call.method) &&
        (!candidate.pathPrefix || call.path.startsWith(candidate.pathPrefix)) &&
        (!candidate.token || candidate.token === call.token) &&
        (candidate.times === undefined || candidate.times > 0) &&
        !(isRead && WRITES_ONLY.has(candidate.kind)),
    );
    if (!fault) return undefined;
    if (fault.times !== undefined) {
      fault.times -= 1;
      if (fault.times === 0) this.remove(fault);
    }
    return fault.kind;
  }
}
