/** A project's issues, as far as a program opens, finds and closes them (lib/api/issues.rb). */

export interface Issue {
  readonly id: number;
  /** Counted within the project. */
  readonly iid: number;
  readonly title: string;
  readonly description: string;
  readonly labels: readonly string[];
  readonly type: 'issue' | 'incident';
  readonly author: string;
  readonly createdAt: number;
  /** Undefined while it is open. */
  closedAt: number | undefined;
}

export class Issues {
  readonly all: Issue[] = [];
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  open(issue: Omit<Issue, 'iid' | 'createdAt' | 'closedAt'>): Issue {
    const made: Issue = { ...issue, iid: this.all.length + 1, createdAt: this.now(), closedAt: undefined };
    this.all.push(made);
    return made;
  }

  setState(issue: Issue, event: 'close' | 'reopen'): void {
    if (event === 'reopen') issue.closedAt = undefined;
    else issue.closedAt ??= this.now();
  }

  /** The newest first; of several labels an issue must have each. */
  find(state: 'opened' | 'closed' | 'all', labels: readonly string[]): Issue[] {
    return this.all
      .filter(({ closedAt }) => state === 'all' || (state === 'opened') === (closedAt === undefined))
      .filter((issue) => labels.every((label) => issue.labels.includes(label)))
      .toReversed();
  }
}
