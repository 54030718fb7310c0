/** Faults that can be switched on: each meets some calls, for a number of times or until it is switched off (gitlab-facts K9). */
export const FAULT_KINDS = [
  /** Writes answer 503 and contact is not recorded. */
  'maintenance',
  /** Writes answer 403, as with a read-only database. */
  'read-only',
  /** An HTML page from the proxy. */
  'html-502',
  'error-500',
  'error-503',
  /** A plain text 429 with Retry-After. */
  'rate-limit',
  /** 429 with Retry-After for what runners call; the other endpoints work. */
  'runner-limit',
  /** Gitaly does not answer: each file is `404 Commit Not Found`, whether it is there or not. The other endpoints work. */
  'gitaly-down',
  /** The connection is cut before anything is read. */
  'down',
  /** No answer, and nothing was applied. */
  'timeout-before',
  /** No answer, although the call was applied. */
  'timeout-after',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  readonly method?: string | undefined;
  readonly pathPrefix?: string | undefined;
  /** Only calls with the token of this name. */
  readonly token?: string | undefined;
  /** How many calls it meets; absent: all. */
  times?: number | undefined;
}

export interface FaultCall {
  readonly method: string;
  readonly path: string;
  readonly token: string | undefined;
}

export const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD';

const isWrite = ({ method }: FaultCall): boolean => !isRead(method);
const isRepository = ({ path }: FaultCall): boolean => /^\/projects\/[^/]+\/repository\//.test(path);
/** `GET /runners/:id` and the like are not a runner's own calls. */
const isRunners = ({ method, path }: FaultCall): boolean =>
  path.startsWith('/jobs/') ||
  (method === 'POST' && /^\/runners\/(verify|reset_authentication_token)$/.test(path)) ||
  (method === 'DELETE' && /^\/runners(\/managers)?$/.test(path));

/** Calls that a kind can meet at all; a kind without an entry meets all. */
const SCOPES: Partial<Readonly<Record<FaultKind, (call: FaultCall) => boolean>>> = {
  maintenance: isWrite,
  'read-only': isWrite,
  'timeout-after': isWrite,
  'runner-limit': isRunners,
  'gitaly-down': isRepository,
};

/** Faults inside of Rails: Workhorse goes on answering what it can answer without Rails. */
const BEHIND_WORKHORSE: ReadonlySet<FaultKind> = new Set(['maintenance', 'read-only', 'runner-limit', 'gitaly-down']);

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

  reachesWorkhorse(call: FaultCall): boolean {
    return this.list.some((fault) => meets(fault, call) && !BEHIND_WORKHORSE.has(fault.kind));
  }

  /** The fault that meets this call, counted. */
  hit(call: FaultCall): FaultKind | undefined {
    const fault = this.list.find((candidate) => meets(candidate, call));
    if (!fault) return undefined;
    if (fault.times !== undefined) {
      fault.times -= 1;
      if (fault.times === 0) this.remove(fault);
    }
    return fault.kind;
  }
}

const meets = (fault: Fault, call: FaultCall): boolean =>
  (!fault.method || fault.method === call.method) &&
  (!fault.pathPrefix || call.path.startsWith(fault.pathPrefix)) &&
  (!fault.token || fault.token === call.token) &&
  (fault.times === undefined || fault.times > 0) &&
  (SCOPES[fault.kind]?.(call) ?? true);
