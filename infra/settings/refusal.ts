/** A refusal that a person reads: one message, no stack trace. */
import { RunError } from '@pulumi/pulumi';

export class Refusal extends RunError {
  constructor(message: string) {
    super(message);
    // Pulumi inspects an uncaught error with its stack, and reads the sources that the stack names: on Node 20 and 22 that took 10
    // to 15 s and gigabytes of memory before the message was printed.
    this.stack = message;
  }
}
