/** A job as a runner gets it (gitlab-runner's common/network.go): complete enough for a real runner to run it. */
import type { GitLabModel } from '../model/gitlab.ts';
import type { Job } from '../model/jobs.ts';

const TIMEOUT_SECONDS = 3600;
const SHA = '0'.repeat(39) + '1';

/** The lab serves no git: GIT_STRATEGY is none, and `repo_url` is only a name. */
export function jobPayload({ model, origin }: { model: GitLabModel; origin: string }, job: Job): unknown {
  const project = model.access.projects.get(job.projectId);
  const path = project?.path ?? `project-${job.projectId}`;
  return {
    id: job.id,
    token: job.token,
    allow_git_fetch: true,
    job_info: {
      id: job.id,
      name: 'job',
      stage: 'test',
      project_id: job.projectId,
      project_name: project?.name ?? path,
      project_full_path: path,
      time_in_queue_seconds: Math.max(0, (model.now() - job.createdAt) / 1000),
    },
    git_info: {
      repo_url: `${origin}/${path}.git`,
      ref: 'main',
      ref_type: 'branch',
      sha: SHA,
      before_sha: '0'.repeat(40),
      refspecs: ['+refs/heads/main:refs/remotes/origin/main'],
      depth: 20,
      repo_object_format: 'sha1',
    },
    runner_info: { timeout: TIMEOUT_SECONDS },
    variables: variables({
      CI: 'true',
      CI_JOB_ID: String(job.id),
      CI_PROJECT_ID: String(job.projectId),
      CI_PROJECT_PATH: path,
      CI_SERVER_URL: origin,
      GIT_STRATEGY: 'none',
      LAB_SECONDS: String(job.seconds),
    }),
    steps: [
      {
        name: 'script',
        script: [`sleep ${job.seconds}`],
        timeout: TIMEOUT_SECONDS,
        when: 'on_success',
        allow_failure: false,
      },
    ],
    services: [],
    artifacts: [],
    cache: [],
    credentials: [],
    dependencies: [],
    features: { trace_sections: true, failure_reasons: ['unknown_failure', 'script_failure', 'runner_system_failure'] },
  };
}

const variables = (values: Readonly<Record<string, string>>): unknown[] =>
  Object.entries(values).map(([key, value]) => ({ key, value, public: true, masked: false }));
