/** A rule between keys of the config. */
import type { ParsedSettings } from './schema.ts';

/** Sections that could be parsed. */
export type Sections = { readonly [K in keyof ParsedSettings]?: ParsedSettings[K] | undefined };

/** Returns the problems that it finds. It checks only sections that are valid by themselves. */
export type Rule = (sections: Sections, stack: string) => string[];
