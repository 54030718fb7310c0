/** The project that holds reports and terms: created by the one stack that manages it, found by the others. */
import * as gitlab from '@pulumi/gitlab';
import * as pulumi from '@pulumi/pulumi';
import { branchAccess } from './branch-access.ts';
import type { Edition } from './edition.ts';
import { numericId } from './owner.ts';
import type { Settings } from '../settings/settings.ts';

export interface StatusProjectArgs {
  readonly settings: Settings['statusProject'];
  readonly fleet: readonly string[];
  /** GitLab's edition, if this stack creates the project; undefined if it only finds it. */
  readonly edition: Edition | undefined;
}

export class StatusProject extends pulumi.ComponentResource {
  /** Numeric: a project that is renamed keeps it. */
  readonly projectId: pulumi.Output<number>;
  readonly webUrl: pulumi.Output<string>;

  private readonly prefix: string;
  private readonly args: StatusProjectArgs;
  private readonly options: pulumi.CustomResourceOptions & { readonly provider: gitlab.Provider };

  constructor(
    name: string,
    args: StatusProjectArgs,
    opts: pulumi.ComponentResourceOptions & { provider: gitlab.Provider },
  ) {
    const { provider, ...rest } = opts;
    super('hadr:index:StatusProject', name, {}, { ...rest, providers: [provider] });
    this.prefix = name;
    this.args = args;
    // The terms are the memory of the fleet: without them no cluster knows the holder. If this stack is destroyed and the project
    // stays for the others, its branch stays protected too.
    this.options = { parent: this, provider, protect: true };

    const project = args.edition === undefined ? this.lookUp() : this.create(args.edition);
    this.projectId = project.id.apply(numericId);
    this.webUrl = project.webUrl;
    this.registerOutputs({ projectId: this.projectId, webUrl: this.webUrl });
  }

  private lookUp() {
    const { path } = this.args.settings;
    const which = typeof path === 'number' ? { id: String(path) } : { pathWithNamespace: path };
    return gitlab.getProjectOutput(which, { provider: this.options.provider });
  }

  private create(edition: Edition): gitlab.Project {
    const { settings, fleet } = this.args;
    const path = String(settings.path);
    const slash = path.lastIndexOf('/');
    const group = gitlab.getGroupOutput({ fullPath: path.slice(0, slash) }, { provider: this.options.provider });
    const project = new gitlab.Project(
      `${this.prefix}-project`,
      {
        name: path.slice(slash + 1),
        path: path.slice(slash + 1),
        namespaceId: group.groupId,
        description: `Who holds the main tags of the runners in ${fleet.join(', ')}: reports, terms and their history.`,
        visibilityLevel: 'private',
        defaultBranch: settings.branch,
        // Without a first commit there is no branch to commit to.
        initializeWithReadme: true,
        // Checkers open an incident if no cluster can hold the main tags.
        issuesAccessLevel: 'enabled',
        // No pipelines: a commit here must never need a runner.
        buildsAccessLevel: 'disabled',
        autoDevopsEnabled: false,
        sharedRunnersEnabled: false,
        groupRunnersEnabled: false,
      },
      this.options,
    );
    this.protectBranch(project, edition);
    return project;
  }

  private protectBranch(project: gitlab.Project, edition: Edition): void {
    const { branch, pushRole } = this.args.settings;
    new gitlab.BranchProtection(
      `${this.prefix}-branch`,
      // A force push could lose terms.
      { project: project.id, branch, ...branchAccess(edition, pushRole), allowForcePush: false },
      this.options,
    );
  }
}
