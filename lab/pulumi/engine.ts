/** What applies a stack: the engine in this process (lab-engine.ts) or the real one (real-engine.ts). */
import type { StackConfig } from '../../infra/render/stack-config.ts';
import type { Values } from './provider.ts';

export type { StackConfig };

/** What an apply did, by logical name. */
export interface Changes {
  readonly created: readonly string[];
  readonly updated: readonly string[];
  readonly replaced: readonly string[];
  readonly removed: readonly string[];
}

export interface DestroyOptions {
  /** Leaves what is protected, and all that it stands on. */
  readonly excludeProtected?: boolean;
}

export type Program = () => Promise<object>;

export interface Engine {
  /** As `pulumi up`. The outputs are plain. */
  up(config: StackConfig, program: Program): Promise<{ readonly outputs: Values; readonly changes: Changes }>;
  /** As `pulumi destroy --run-program`. */
  destroy(config: StackConfig, program: Program, options?: DestroyOptions): Promise<void>;
  /** Forgets all that it knows; what it made stays. */
  close(): Promise<void>;
}
