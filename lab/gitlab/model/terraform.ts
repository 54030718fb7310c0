/** Terraform state: a lock without expiry, and serials that are written only once (gitlab-facts E1). */
export interface LockInfo {
  readonly ID: string;
  readonly Operation: string;
  readonly Info: string;
  readonly Who: string;
  readonly Version: string;
  readonly Created: string;
  readonly Path: string;
}

export interface TerraformReply {
  readonly status: number;
  readonly body: unknown;
}

export class TerraformState {
  private lock: { id: string; who: string; created: string } | undefined;
  private readonly serials = new Map<number, string>();
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  /** A second lock is refused, even with the same ID. The refusal repeats the caller's fields, but for ID, Who and Created. */
  acquire(request: LockInfo, username: string): TerraformReply {
    if (!this.lock) {
      this.lock = { id: request.ID, who: username, created: new Date(this.now()).toISOString() };
      return { status: 200, body: this.describe(request) };
    }
    return { status: 409, body: this.describe(request) };
  }

  private describe(request: LockInfo): unknown {
    return { ...request, ID: this.lock?.id, Who: this.lock?.who, Created: this.lock?.created };
  }

  /** With an ID, unlocks only that lock; without one, any lock. */
  release(id: string | undefined): TerraformReply {
    if (id !== undefined && this.lock?.id !== id) return { status: 409, body: { message: '409 Conflict' } };
    this.lock = undefined;
    return { status: 200, body: null };
  }

  write(id: string | undefined, text: string): TerraformReply {
    if (this.lock && this.lock.id !== id) return { status: 500, body: { message: '500 Internal Server Error' } };
    if (text === '') return { status: 204, body: null };
    const serial = serialOf(text);
    if (serial === undefined || this.serials.has(serial))
      return { status: 422, body: { message: '422 Unprocessable Entity' } };
    this.serials.set(serial, text);
    return { status: 200, body: null };
  }

  newest(): TerraformReply {
    const highest = Math.max(...this.serials.keys(), Number.NEGATIVE_INFINITY);
    const text = this.serials.get(highest);
    if (text === undefined) return { status: 204, body: null };
    const body: unknown = JSON.parse(text);
    return { status: 200, body };
  }
}

function serialOf(text: string): number | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || !('serial' in parsed)) return undefined;
    return Number.isInteger(parsed.serial) ? Number(parsed.serial) : undefined;
  } catch {
    return undefined;
  }
}
