/** Pulumi's mocks say that they know resource hooks, and do not: a program with a hook fails under them (SDK 3.248). */
import { MockMonitor } from '@pulumi/pulumi/runtime/mocks.js';

/** Registers hooks as the engine would; whoever plays the engine runs them. */
export function allowHooks(): void {
  Object.assign(MockMonitor.prototype, {
    registerResourceHook: (_request: unknown, callback: (error: null, reply: object) => void) => callback(null, {}),
  });
}
