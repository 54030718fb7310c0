/** TOML that a user adds to the runner's config. */
import { parse, TomlError, type TomlTable } from 'smol-toml';

/** The tables of `[[runners]]` that a user may add to. */
export type RunnerTable = 'kubernetes' | 'cache';

export type TomlResult =
  { readonly kind: 'table'; readonly table: TomlTable } | { readonly kind: 'broken'; readonly why: string };

/**
 * Parses a user's TOML for one table of the runner's config, with or without its header `[runners.kubernetes]`. An error never
 * quotes the text: a cache's TOML may contain an access key.
 */
export function runnerToml(text: string, section: RunnerTable): TomlResult {
  let table: TomlTable;
  try {
    table = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return { kind: 'broken', why: `is not TOML (line ${error.line}, column ${error.column})` };
  }
  if (!('runners' in table)) return { kind: 'table', table };
  const runners: unknown = table['runners'];
  const outer: unknown = Array.isArray(runners) ? runners[0] : runners;
  const inner = isTable(outer) ? outer[section] : undefined;
  const alone = Object.keys(table).length === 1 && isTable(outer) && Object.keys(outer).length === 1;
  if (!alone || !isTable(inner) || (Array.isArray(runners) && runners.length !== 1))
    return { kind: 'broken', why: `has more than the table runners.${section}` };
  return { kind: 'table', table: inner };
}

export function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
