/** How `hadr` ends: the exit codes, and the refusal that carries one. */
import type { Health } from '../core/outlook/health.ts';

export const EXIT = { ok: 0, degraded: 1, noHolder: 2, twoHolders: 3, unknown: 4, usage: 64 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export function exitOf(health: Health): ExitCode {
  switch (health) {
    case 'ok':
      return EXIT.ok;
    case 'degraded':
      return EXIT.degraded;
    case 'no holder':
      return EXIT.noHolder;
    case 'two holders':
      return EXIT.twoHolders;
    case 'unknown':
      return EXIT.unknown;
  }
}

/** Why a command is refused, and what to do, in one sentence. Nothing was changed, unless it says otherwise. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: ExitCode;

  constructor(code: ExitCode, sentence: string) {
    super(sentence);
    this.code = code;
  }
}

export const wrongUsage = (sentence: string): Refusal => new Refusal(EXIT.usage, sentence);
/** The state of the fleet prevents it. */
export const notNow = (sentence: string): Refusal => new Refusal(EXIT.degraded, sentence);
/** Something that the command needs is unknown. */
export const notKnown = (sentence: string): Refusal => new Refusal(EXIT.unknown, sentence);
