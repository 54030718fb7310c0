/** Pulumi's mocks claim to support resource hooks, but do not: a program with a hook fails with them (SDK 3.248). */
import { MockMonitor } from '@pulumi/pulumi/runtime/mocks.js';

/** Registers hooks as the engine does. It does not run them. */
export function allowHooks(): void {
  Object.assign(MockMonitor.prototype, {
    registerResourceHook: (_request: unknown, callback: (error: null, reply: object) => void) => callback(null, {}),
  });
}
