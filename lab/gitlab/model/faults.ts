/** Faults that can be switched on: each meets some calls, for a number of times or until it is switched off (gitlab-facts K9). */
export const FAULTS = {
  maintenance: 'writes answer 503, and contact is not recorded',
  'read-only': 'writes answer 403, as with a read-only database',
  'html-502': 'an HTML page from the proxy',
  'error-500': '500 Internal Server Error',
  'error-503': 'an HTML page with 503',
  'rate-limit': '429 with Retry-After 60',
  'runner-limit': '429 with Retry-After 60, only for calls of runners',
  'gitaly-down': 'Gitaly does not answer: each file is 404 Commit Not Found',
  down: 'the connection is cut before anything is read',
  'timeout-before': 'no answer, and nothing is applied',
  'timeout-after': 'no answer, although a write is applied',
} as const;
export type FaultKind = keyof typeof FAULTS;

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
