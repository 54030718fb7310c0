/** The simulated GitLab behind the ports of a checker, a sidecar or a person: runner records and the status project. */
import { ApiError } from '../../lab/gitlab/model/errors.ts';
import type { Action } from '../../lab/gitlab/model/repository.ts';
import type { Manager, Runner } from '../../lab/gitlab/model/runners.ts';
import { commitResult, failedRead, NO_FILE, NO_RUNNER, unknownOf } from '../../runtime/adapters/gitlab/read.ts';
import type { ManagerView, RecordView } from '../../runtime/core/model/facts.ts';
import { unknown, type Read } from '../../runtime/core/model/read.ts';
import type {
  CreateResult,
  FileVersion,
  RecordChange,
  RunnerRecords,
  SavedFile,
  SteeredProject,
} from '../../runtime/ports.ts';
import { BRANCH, PROJECT, type SimulatedGitLab } from './gitlab.ts';
import type { Process } from './process.ts';

const contactOf = ({ model }: SimulatedGitLab, { contact }: Runner | Manager): string | null => {
  const at = model.runners.contactedAt(contact);
  return at === undefined ? null : new Date(at).toISOString();
};

const viewOf = (gitlab: SimulatedGitLab, runner: Runner): RecordView => ({
  id: runner.id,
  tags: runner.tags,
  paused: runner.paused,
  note: runner.note,
  description: runner.description,
  contactedAt: contactOf(gitlab, runner),
});

const managersOf = (gitlab: SimulatedGitLab, runner: Runner): readonly ManagerView[] =>
  [...runner.managers.values()].map((manager) => ({
    systemId: manager.systemId,
    contactedAt: contactOf(gitlab, manager),
    busy: gitlab.model.jobs.runsOn(runner.id, manager.systemId),
  }));

export function recordsOf(gitlab: SimulatedGitLab, process: Process, requestSeconds: number): RunnerRecords {
  const { watcher, kept } = gitlab;
  const limitMs = requestSeconds * 1000;
  return {
    read: (id) =>
      gitlab.call<Read<RecordView>>({
        process,
        method: 'GET',
        path: `/runners/${id}`,
        limitMs,
        land: () =>
          gitlab.cached(process, `/runners/${id}`, kept.records, () => {
            const runner = gitlab.runner(id);
            return gitlab.found(runner && viewOf(gitlab, runner));
          }),
        failed: (error) => failedRead(error, { absent: NO_RUNNER }),
        answered: (answer, landedAt) => watcher.recordRead(process, id, answer, landedAt),
      }),
    managers: (id) =>
      gitlab.call<Read<readonly ManagerView[]>>({
        process,
        method: 'GET',
        path: `/runners/${id}/managers`,
        limitMs,
        land: () =>
          gitlab.cached(process, `/runners/${id}/managers`, kept.managers, () => {
            const runner = gitlab.runner(id);
            return gitlab.found(runner && managersOf(gitlab, runner));
          }),
        failed: (error) => failedRead(error, { absent: NO_RUNNER }),
        answered: (answer, landedAt) => watcher.managersRead(process, id, answer, landedAt),
      }),
    write: (id, change) => {
      const sentAt = gitlab.now;
      return gitlab.call<Read<RecordView>>({
        process,
        method: 'PUT',
        path: `/runners/${id}`,
        limitMs,
        land: () => edit(gitlab, process, id, change, sentAt),
        failed: (error) => failedRead(error, { absent: NO_RUNNER }),
        answered: (answer) => watcher.recordWritten(process, id, change, answer),
      });
    },
  };
}

function edit(
  gitlab: SimulatedGitLab,
  process: Process,
  id: number,
  change: RecordChange,
  sentAt: number,
): Read<RecordView> {
  const runner = gitlab.runner(id);
  if (!runner) return gitlab.found<RecordView>(undefined);
  const before = runner.tags;
  try {
    gitlab.model.runners.update(runner, {
      tag_list: change.tags,
      maintenance_note: change.note,
      description: change.description,
    });
  } catch (error) {
    if (error instanceof ApiError) return unknown(`400 ${JSON.stringify(error.body)}`);
    throw error;
  }
  if (change.note !== undefined) gitlab.watcher.noteLanded(process, id, change.note);
  if (change.tags !== undefined) gitlab.watcher.tagsLanded(process, id, before, runner.tags, sentAt);
  return gitlab.found(viewOf(gitlab, runner));
}

interface Commit {
  readonly files: readonly SavedFile[];
  readonly message: string;
  /** The commit since which the file must be unchanged. */
  readonly since?: string;
}

export function projectOf(gitlab: SimulatedGitLab, process: Process, requestSeconds: number): SteeredProject {
  const { watcher, kept } = gitlab;
  const limitMs = requestSeconds * 1000;
  const pathOf = (path: string): string => `/projects/${PROJECT}/repository/files/${path}`;
  const commit = (request: Commit): Promise<CreateResult> =>
    gitlab.call<CreateResult>({
      process,
      method: 'POST',
      path: `/projects/${PROJECT}/repository/commits`,
      limitMs,
      land: () => land(gitlab, process, request),
      failed: unknownOf,
    });
  return {
    file: (path) => {
      watcher.fileAsked(process, path);
      return gitlab.call<Read<string>>({
        process,
        method: 'GET',
        path: pathOf(path),
        limitMs,
        land: () => gitlab.cached(process, path, kept.files, () => gitlab.found(gitlab.files.get(path))),
        failed: (error) => failedRead(error, { absent: NO_FILE }),
        answered: (answer, landedAt) => watcher.fileRead(process, path, answer, landedAt),
      });
    },
    version: (path) =>
      gitlab.call<Read<FileVersion>>({
        process,
        method: 'GET',
        path: pathOf(path),
        limitMs,
        land: () => gitlab.found(versionOf(gitlab, path)),
        failed: (error) => failedRead(error, { absent: NO_FILE }),
      }),
    create: (path, text, message) => commit({ files: [{ path, text, exists: false }], message }),
    save: (files, message) => commit({ files, message }),
    replace: (path, since, text, message) => commit({ files: [{ path, text, exists: true }], message, since }),
  };
}

function versionOf(gitlab: SimulatedGitLab, path: string): FileVersion | undefined {
  const text = gitlab.files.get(path);
  return text === undefined ? undefined : { text, commit: gitlab.model.repository(PROJECT).file(path, BRANCH).last.id };
}

function land(gitlab: SimulatedGitLab, process: Process, { files, message, since }: Commit): CreateResult {
  const hindrance = gitlab.hindrance(process.cluster);
  if (hindrance.swallows !== undefined) return commitResult({ status: hindrance.swallows, body: null });
  if (hindrance.conflicts > 0) {
    hindrance.conflicts -= 1;
    return { kind: 'conflict', why: '400 Could not update refs/heads/main' };
  }
  const actions = files.map(({ path, text, exists }): Action => ({
    action: exists ? 'update' : 'create',
    file_path: path,
    content: text,
    last_commit_id: since,
  }));
  try {
    gitlab.model
      .repository(PROJECT)
      .commit({ branch: BRANCH, message, actions, author: process.cluster, mayForce: false });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const why = `400 ${JSON.stringify(error.body)}`;
    return /already exists/.test(why) ? { kind: 'exists' } : { kind: 'conflict', why };
  }
  gitlab.watcher.committed(process, files, message);
  return { kind: 'created' };
}
