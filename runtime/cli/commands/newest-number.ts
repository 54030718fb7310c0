/** The number of the newest term. */
import type { FleetFacts } from '../../core/model/facts.ts';
import { notKnown } from '../exit.ts';

/** The number of the newest term, 0 before the first. Throws a Refusal where it is unknown. */
export function newestNumber({ term }: FleetFacts): number {
  switch (term.kind) {
    case 'none':
      return 0;
    case 'term':
      return term.term.number;
    case 'damaged':
      return term.number;
    case 'unknown':
      throw notKnown(
        `the newest term is unknown: ${term.why}. Fix this and run the command again. Nothing was changed.`,
      );
  }
}
