/**
 * Keeps rounds from failing when a token is renewed. Pulumi first creates the new token, writes it into its Secret in place, and
 * revokes the old one when the program has ended. Pods read a token from its mounted file at each call, but the kubelet updates
 * the file only at its next sync, about a minute later. So the program waits for that before it ends.
 */
import * as pulumi from '@pulumi/pulumi';

/** In ms. */
interface Clock {
  now(): number;
  sleep(ms: number): Promise<void>;
}

export class SecretSync {
  /** The `afterUpdate` hook of each Secret with a token. No pod has mounted a new Secret yet, so only updates need the wait. */
  readonly hook: pulumi.ResourceHook;
  private readonly seconds: number;
  private readonly clock: Clock;
  private writtenAt: number | undefined;

  constructor(seconds: number, clock: Clock) {
    this.seconds = seconds;
    this.clock = clock;
    // It only notes the time. If it waited, it would hold a lock of the engine, which could not write its state meanwhile.
    this.hook = new pulumi.ResourceHook('secret-written', () => {
      this.writtenAt = this.clock.now();
    });
  }

  /**
   * Gives `lines` when `secrets` are written and every pod has their content. The result must be an output of the stack, because
   * the program ends only after its outputs.
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
