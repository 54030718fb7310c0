/** The group or project that a call names, and what the caller may do there. What the caller may not see is a 404. */
import { LEVEL, type Caller, type Group, type Project } from '../model/access.ts';
import { forbidden, notFound } from '../model/errors.ts';
import type { Call } from './route.ts';

export interface InProject {
  readonly project: Project;
  readonly caller: Caller;
  readonly level: number;
}

export interface InGroup {
  readonly group: Group;
  readonly caller: Caller;
  readonly level: number;
}

/** Needs this level; `extra` scopes work beside `api` and `read_api`. */
export function projectOf(call: Call, needed: number, ...extra: string[]): InProject {
  const caller = call.caller(...extra);
  const project = call.model.access.findProject(call.ids['id'] ?? '', caller);
  const level = call.model.access.projectLevel(caller.user, project);
  if (level < needed) throw forbidden();
  return { project, caller, level };
}

/** As `projectOf`, for a change: a project that is marked for deletion is read-only. */
export function changedProject(call: Call, needed: number): InProject {
  const found = projectOf(call, needed);
  if (found.project.deletedAt !== undefined) throw forbidden();
  return found;
}

export function groupOf(call: Call, needed: number = LEVEL.guest): InGroup {
  const caller = call.caller();
  const group = call.model.access.findGroup(call.ids['id'] ?? '');
  const level = call.model.access.groupLevel(caller.user, group.id);
  if (level === 0) throw notFound('Group');
  if (level < needed) throw forbidden();
  return { group, caller, level };
}
