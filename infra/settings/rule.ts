/** A rule between keys of the config. */
import type { ParsedSettings } from './schema.ts';

/** Sections that could be parsed. */
export type Sections = { readonly [K in keyof ParsedSettings]?: ParsedSettings[K] | undefined };

/** The problems that it finds. It looks only at sections that are valid in themselves. */
export type Rule = (sections: Sections, stack: string) => string[];
