/** The compared rules: two that others use, two that are ours without one half, and ours. */
import { GUARDS, type Edit } from '../guards/guards.ts';
import type { Job } from '../worker.ts';

export interface Rule {
  readonly name: string;
  readonly program: Job['rule'];
  readonly edits: readonly Edit[];
}

function guard(name: string): readonly Edit[] {
  const found = GUARDS.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`there is no guard "${name}"; follow it in rules/rules.ts`);
  return found.edits;
}

export const RULES: readonly Rule[] = [
  { name: "GitLab's status", program: 'status', edits: [] },
  { name: 'contacted_at older than 300 s', program: 'contact', edits: [] },
  { name: 'lease without roll call', program: 'hadr', edits: guard('roll call before takeover') },
  {
    name: 'lease without fencing',
    program: 'hadr',
    edits: [
      ...guard('term read again before a write'),
      ...guard('an old read of a record writes nothing'),
      // Each claimant acts as if it had won, even if another cluster created the term.
      {
        file: 'runtime/fleet/claim.ts',
        find: `    if (created.kind === 'created') return`,
        replace: `    if (created.kind === 'created' || created.kind === 'exists') return`,
      },
    ],
  },
  { name: 'GitLab Runner HADR', program: 'hadr', edits: [] },
];
