/** The project that holds reports and terms: created by the one stack that manages it, looked up by the others. */
import * as gitlab from '@pulumi/gitlab';
import * as pulumi from '@pulumi/pulumi';
import { numericId } from './owner.ts';
import type { Settings } from '../settings/settings.ts';

export interface StatusProjectArgs {
  readonly settings: Settings['statusProject'];
  readonly fleet: readonly string[];
}

export class StatusProject extends pulumi.ComponentResource {
  /** Numeric: a project that is renamed keeps it. */
  readonly projectId: pulumi.Output<number>;
  readonly webUrl: pulumi.Output<string>;

  constructor(
    name: string,
    args: StatusProjectArgs,
    opts: pulumi.ComponentResourceOptions & { provider: gitlab.Provider },
  ) {
    const { provider, ...rest } = opts;
    super('hadr:index:StatusProject', name, {}, { ...rest, providers: [provider] });
    const { manage, path } = args.settings;
    const project = manage ? this.create(name, args, provider) : lookUp(path, provider);
    this.projectId = project.id.apply(numericId);
    this.webUrl = project.webUrl;
    this.registerOutputs({ projectId: this.projectId, webUrl: this.webUrl });
  }

  private create(name: string, args: StatusProjectArgs, provider: gitlab.Provider): gitlab.Project {
    const { branch } = args.settings;
    const path = String(args.settings.path);
    const slash = path.lastIndexOf('/');
    const project = new gitlab.Project(
      `${name}-project`,
      {
        name: path.slice(slash + 1),
        path: path.slice(slash + 1),
        namespaceId: gitlab.getGroupOutput({ fullPath: path.slice(0, slash) }, { provider }).groupId,
        description: `Who holds the main tags of the runners in ${args.fleet.join(', ')}: reports, terms and their history.`,
        visibilityLevel: 'private',
        defaultBranch: branch,
        // Without a first commit there is no branch to commit to.
        initializeWithReadme: true,
        // Checkers open an incident where no cluster is eligible.
        issuesAccessLevel: 'enabled',
        // No pipelines: a commit here must never ask for a runner.
        buildsAccessLevel: 'disabled',
        autoDevopsEnabled: false,
        sharedRunnersEnabled: false,
        groupRunnersEnabled: false,
      },
      // The terms are the memory of the whole fleet: with them gone, nobody knows who holds the tags.
      { parent: this, provider, protect: true },
    );
    new gitlab.BranchProtection(
      `${name}-branch`,
      {
        project: project.id,
        branch,
        // The checkers' tokens are Developers; a force push could lose terms, so nobody may.
        pushAccessLevel: 'developer',
        mergeAccessLevel: 'developer',
        allowForcePush: false,
      },
      // Where this stack goes and the project stays for the others, its branch stays as safe as it was.
      { parent: this, provider, protect: true },
    );
    return project;
  }
}

function lookUp(path: string | number, provider: gitlab.Provider) {
  const which = typeof path === 'number' ? { id: String(path) } : { pathWithNamespace: path };
  return gitlab.getProjectOutput(which, { provider });
}
