/** An embedded GitLab whose clock the test moves, and a plain client for it. */
import * as z from 'zod';
import { startGitLab, type GitLabServer, type ServerOptions } from '../../../lab/gitlab/server.ts';

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: unknown;
}

export interface Lab {
  readonly gitlab: GitLabServer;
  /** Moves GitLab's clock. */
  advance(seconds: number): void;
  call(method: string, path: string, body?: unknown, token?: string): Promise<Answered>;
  /** A group runner made by root; its id and token. */
  runner(tags: readonly string[]): Promise<{ readonly id: number; readonly token: string }>;
  /** One poll of a manager, like that of gitlab-runner. */
  poll(token: string, systemId: string, lastUpdate?: string): Promise<Answered>;
  groupToken(
    name: string,
    scopes: readonly string[],
    level: number,
  ): Promise<{ readonly id: number; readonly token: string }>;
}

const created = z.object({ id: z.number(), token: z.string() });

export async function startLab(longPollMs = 0, options: ServerOptions = {}): Promise<Lab> {
  let now = Date.parse('2026-03-01T12:00:00Z');
  // A fixed generator: a test sees the same secrets in every run.
  let state = 1;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const gitlab = await startGitLab({ ...options, now: () => now, random, longPollMs });
  const call: Lab['call'] = async (method, path, body, token = gitlab.adminToken) => {
    const response = await fetch(`${gitlab.url}/api/v4${path}`, {
      method,
      headers: { 'PRIVATE-TOKEN': token, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
  };
  return {
    gitlab,
    call,
    advance: (seconds) => void (now += seconds * 1000),
    runner: async (tags) =>
      created.parse(
        (
          await call('POST', '/user/runners', {
            runner_type: 'group_type',
            group_id: gitlab.groupId,
            tag_list: tags,
            run_untagged: false,
          })
        ).body,
      ),
    poll: (token, systemId, lastUpdate) =>
      call('POST', '/jobs/request', {
        token,
        system_id: systemId,
        ...(lastUpdate !== undefined && { last_update: lastUpdate }),
      }),
    groupToken: async (name, scopes, level) =>
      created.parse(
        (
          await call('POST', `/groups/${gitlab.groupId}/access_tokens`, {
            name,
            scopes,
            access_level: level,
            expires_at: '2026-12-01',
          })
        ).body,
      ),
  };
}
