/**
 * The first resource that is deleted when a stack is destroyed, and the last that is created. It has no content, only hooks: the
 * cluster leaves the fleet before anything of it is deleted, and joins the fleet when everything exists.
 *
 * It is a component, because no change of another resource replaces a component. Its name, its type and the hooks' names are
 * identity: the state remembers them, and a destroy asks this program for those hooks.
 */
import { AsyncResource } from 'node:async_hooks';
import * as pulumi from '@pulumi/pulumi';
import { connectGitLab } from '../runtime/adapters/gitlab/connect.ts';
import { rejoin } from '../runtime/operator/rejoin.ts';
import { leave } from '../runtime/operator/leave.ts';
import type { Member } from '../runtime/fleet/access.ts';
import { systemClock } from '../runtime/adapters/process/clock.ts';
import { DEFAULT_TIMING } from '../runtime/timing.ts';
import type { Settings } from './settings/settings.ts';

export interface HandOverArgs {
  readonly settings: Settings;
  readonly statusProjectId: pulumi.Output<number>;
}

export class HandOver extends pulumi.ComponentResource {
  /** `dependsOn` must reach every other resource of the stack: others would be deleted at the same time. */
  constructor(
    name: string,
    args: HandOverArgs,
    opts: pulumi.ComponentResourceOptions & { readonly dependsOn: pulumi.Resource[] },
  ) {
    // The engine calls a hook outside the program's run; without this binding the line would not reach Pulumi's log.
    const say = AsyncResource.bind((line: string): void => void pulumi.log.info(line));
    // True if this run created the component: then a deleted one is its predecessor, and the cluster stays.
    let made = false;
    const beforeCreate = new pulumi.ResourceHook('join-fleet', () =>
      asMember(args, say, async (member) => {
        made = true;
        const joined = await rejoin(member);
        if (joined.kind === 'refused') throw new Error(joined.sentence);
        if (joined.back) say(`${args.settings.cluster} is back in the fleet`);
      }),
    );
    const beforeDelete = new pulumi.ResourceHook('leave-fleet', async ({ urn }) => {
      if (made) return;
      await asMember(args, say, async (member) => {
        const left = await leave(member);
        if (left.kind === 'refused') throw new Error(`${left.sentence} ${refusal(args.settings, urn)}`);
        say(left.sentence);
      });
    });
    const hooks = { beforeCreate: [beforeCreate], beforeDelete: [beforeDelete] };
    super('hadr:index:HandOver', name, {}, { ...opts, hooks });
    this.registerOutputs({});
  }
}

/** How to destroy it anyway: without this resource in the state there is no hook. */
function refusal({ cluster, mainTags, statusProject }: Settings, urn: string): string {
  const destroy = `pulumi destroy --stack ${cluster}${statusProject.manage ? ' --exclude-protected' : ''}`;
  const way = `pulumi state delete --stack ${cluster} '${urn}' && ${destroy}`;
  return `Nothing was destroyed. To destroy ${cluster} although no other cluster holds ${mainTags.join(', ')}: ${way}`;
}

/**
 * Acts with the token of the user who runs Pulumi: the commit carries their name. No round waits for these calls, so a lab's short
 * limit does not apply to them.
 */
async function asMember(
  { settings, statusProjectId }: HandOverArgs,
  say: (line: string) => void,
  act: (member: Member) => Promise<void>,
): Promise<void> {
  const { cluster, fleet, mainTags, policy, timing, gitlab, statusProject, secrets } = settings;
  const { records, project, close } = connectGitLab({
    ...gitlab,
    token: () => valueOf(secrets.gitlabToken),
    requestSeconds: Math.max(timing.requestSeconds, DEFAULT_TIMING.requestSeconds),
    clock: systemClock,
  });
  try {
    await act({
      config: { cluster, fleet, mainTags, policy, timing },
      records,
      project: project(await valueOf(statusProjectId), statusProject.branch),
      clock: systemClock,
      say,
    });
  } finally {
    close();
  }
}

const valueOf = <T>(output: pulumi.Output<T>): Promise<T> =>
  new Promise((resolve) => {
    output.apply(resolve);
  });
