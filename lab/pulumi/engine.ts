/** The engine that applies a stack: the one in this process (lab-engine.ts) or the real one (real-engine.ts). */
import type { StackConfig } from '../../infra/render/stack-config.ts';
import type { Values } from './provider.ts';

export type { StackConfig };

/** The logical names of what an apply changed. */
export interface Changes {
  readonly created: readonly string[];
  readonly updated: readonly string[];
  readonly replaced: readonly string[];
  readonly removed: readonly string[];
}

export interface DestroyOptions {
  /** Keeps protected resources and everything that they depend on. */
  readonly excludeProtected?: boolean;
}

export type Program = () => Promise<object>;

export interface Engine {
  /** Like `pulumi up`. Outputs are plain values, secrets too. */
  up(config: StackConfig, program: Program): Promise<{ readonly outputs: Values; readonly changes: Changes }>;
  /** Like `pulumi destroy --run-program`. */
  destroy(config: StackConfig, program: Program, options?: DestroyOptions): Promise<void>;
  /** Drops its state; the resources stay. */
  close(): Promise<void>;
}
