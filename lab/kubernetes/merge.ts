/** JSON merge patch (RFC 7386), equality, and the three-way merge that `apply` needs. */
import { isRecord } from './objects.ts';

export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  if (!isRecord(a) || !isRecord(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && sameJson(a[key], b[key]));
}

/**
 * The merge patch from what was applied before to what is applied now: a key that was ours and is gone becomes null, so
 * that it is removed; fields that others set (a controller, a person) stay.
 */
export function applyPatch(before: unknown, now: unknown): unknown {
  if (!isRecord(now)) return now;
  const patch: Record<string, unknown> = {};
  if (isRecord(before)) for (const key of Object.keys(before)) if (!(key in now)) patch[key] = null;
  for (const [key, value] of Object.entries(now))
    patch[key] = applyPatch(isRecord(before) ? before[key] : undefined, value);
  return patch;
}
