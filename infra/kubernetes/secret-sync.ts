/**
 * Why a renewed token costs no round. Pulumi makes the new token first, writes it into its Secret in place, and revokes the old one
 * when the program has ended. Pods read a token from its mounted file at each call, but their kubelet brings the new content
 * only when it next looks at the pod, about a minute later. So the program does not end before that.
 */
import * as pulumi from '@pulumi/pulumi';

/** In ms. */
interface Clock {
  now(): number;
  sleep(ms: number): Promise<void>;
}

export class SecretSync {
  /** The `afterUpdate` hook of each Secret with a token. What is made anew nobody has mounted: only an update is waited for. */
  readonly hook: pulumi.ResourceHook;
  private readonly seconds: number;
  private readonly clock: Clock;
  private writtenAt: number | undefined;

  constructor(seconds: number, clock: Clock) {
    this.seconds = seconds;
    this.clock = clock;
    // It only takes the time. One that waited would hold a lock of the engine, which then writes no state and goes on with nothing.
    this.hook = new pulumi.ResourceHook('secret-written', () => {
      this.writtenAt = this.clock.now();
    });
  }

  /**
   * `lines`, once `secrets` are written and every pod has what is in them. They must be an output of the stack: those are what the
   * program's end waits for.
   */
  settled(secrets: readonly pulumi.Output<string>[], lines: pulumi.Output<string[]>): pulumi.Output<string[]> {
    const waited = pulumi.all([...secrets]).apply(async () => {
      if (this.writtenAt === undefined) return;
      const left = this.writtenAt + this.seconds * 1000 - this.clock.now();
      const seconds = Math.max(0, Math.ceil(left / 1000));
      await pulumi.log.info(
        `new tokens are written; waiting ${seconds} s until every pod has them, then the old tokens are revoked`,
      );
      await this.clock.sleep(left);
    });
    return pulumi.all([lines, waited]).apply(([given]) => given);
  }
}
