/**
 * Why a renewed token costs no round. Pulumi makes the new token first, writes it into its Secret in place, and revokes the old one
 * when everything else is done. Pods read a token from its mounted file at each call, but their kubelet brings the new content
 * only when it next looks at the pod, about a minute later. Until then the old token must live: the write of the Secret is not
 * over before that time is.
 */
import { AsyncResource } from 'node:async_hooks';
import * as pulumi from '@pulumi/pulumi';
import { systemClock } from '../runtime/process/clock.ts';

/** For each Secret with a token, as its `afterUpdate` hook. Only an update waits: what is made anew nobody has mounted. */
export function secretSync(cluster: string, seconds: number): pulumi.ResourceHook {
  // The engine calls a hook from outside the program's run; a line that is not bound to it would miss Pulumi's log.
  const say = AsyncResource.bind((line: string): void => void pulumi.log.info(line));
  return new pulumi.ResourceHook('secret-sync', async ({ name }) => {
    say(`${name}: written; waiting ${seconds} s until every pod of ${cluster} has it, before an old token is revoked`);
    await systemClock.sleep(seconds * 1000);
  });
}
