/** The group or project that owns the runner records, with the numeric id that GitLab's runner API needs. */
import * as gitlab from '@pulumi/gitlab';
import * as pulumi from '@pulumi/pulumi';
import type { OwnerRef } from '../settings/settings.ts';

export interface Owner {
  readonly kind: OwnerRef['kind'];
  readonly id: pulumi.Output<number>;
}

export function findOwner(owner: OwnerRef, provider: gitlab.Provider): Owner {
  return {
    kind: owner.kind,
    id: typeof owner.ref === 'number' ? pulumi.output(owner.ref) : lookUp(owner.kind, owner.ref, provider),
  };
}

function lookUp(kind: OwnerRef['kind'], path: string, provider: gitlab.Provider): pulumi.Output<number> {
  switch (kind) {
    case 'group':
      return gitlab.getGroupOutput({ fullPath: path }, { provider }).groupId;
    case 'project':
      return gitlab.getProjectOutput({ pathWithNamespace: path }, { provider }).id.apply(numericId);
  }
}

/** GitLab's ids are numbers; Pulumi keeps every id as text. */
export function numericId(id: string): number {
  const number = Number(id);
  if (!Number.isInteger(number) || number <= 0) throw new Error(`GitLab gave "${id}" where a numeric id was expected`);
  return number;
}
