/** The port Inquiry over GitLab's REST API. It reads with a person's token, and words its errors for that person. */
import { Projects } from '@gitbeaker/rest';
import * as z from 'zod';
import type { Read } from '../../core/model/read.ts';
import type { Inquiry, OwnerName, TokenView } from '../../ports.ts';
import { adviceOf, answerOf, type GitLabResource, type Reply } from './connect.ts';
import { dateOf, GitLabError } from './requester.ts';

const tokenSchema = z.object({
  name: z.string(),
  scopes: z.array(z.string()),
  access_level: z.number().nullish(),
  expires_at: z.string().nullish(),
  active: z.boolean(),
});

const tokenOf = (token: z.infer<typeof tokenSchema>): TokenView => ({
  name: token.name,
  scopes: token.scopes,
  level: token.access_level ?? undefined,
  expiresAt: token.expires_at ?? null,
  active: token.active,
});

const commitSchema = z.object({ committed_date: z.string(), author_name: z.string(), title: z.string() });

const advice = (error: GitLabError): string =>
  error.status === 401
    ? `${error.message} (the token is invalid, expired or revoked: give another as HADR_TOKEN or with --token-file)`
    : adviceOf(error);

/** A page of GitLab's lists at its largest. */
const PAGE = 100;
/** A group with more tokens than this is not read to its end; the newest come first. */
const MOST_PAGES = 10;

class Reader extends Projects<boolean> {
  ask(path: string, searchParams: Record<string, string | number> = {}): Promise<Reply> {
    return this.requester.get(path, { searchParams });
  }
}

export function inquiryOf(resource: GitLabResource): Inquiry {
  const reader = new Reader(resource);
  const ask = <T, V>(
    path: string,
    schema: z.ZodType<T>,
    view: (value: T) => V,
    search?: Record<string, string | number>,
  ): Promise<Read<V>> => answerOf(reader.ask(path, search), schema, view, advice);
  return {
    greeting: async () => {
      const reply = reader.ask('version');
      const version = await answerOf(reply, z.object({ version: z.string() }), (view) => view.version, advice);
      const at = await reply.then(
        ({ headers }) => dateOf(headers),
        (error: unknown) => (error instanceof GitLabError ? error.at : undefined),
      );
      return { version, at };
    },
    username: () => ask('user', z.object({ username: z.string() }), ({ username }) => username),
    ownToken: () => ask('personal_access_tokens/self', tokenSchema, tokenOf),
    tokens: async (owner) => {
      const all: TokenView[] = [];
      for (let page = 1; ; page += 1) {
        const some = await ask(`${pathOf(owner)}/access_tokens`, z.array(tokenSchema), (list) => list.map(tokenOf), {
          per_page: PAGE,
          page,
        });
        if (some.kind !== 'found') return some;
        all.push(...some.value);
        if (some.value.length < PAGE || page === MOST_PAGES) return { ...some, value: all };
      }
    },
    project: (ref) =>
      ask(pathOf({ kind: 'project', ref }), z.object({ id: z.number(), web_url: z.string() }), (project) => ({
        id: project.id,
        url: project.web_url,
      })),
    branch: (project, name) =>
      ask(
        `projects/${project}/repository/branches/${encodeURIComponent(name)}`,
        z.object({ protected: z.boolean(), can_push: z.boolean() }),
        (branch) => ({ protected: branch.protected, mayPush: branch.can_push }),
      ),
    lastCommit: (project, branch, path) =>
      ask(
        `projects/${project}/repository/commits`,
        z.array(commitSchema),
        ([commit]) =>
          commit && {
            at: Math.floor(Date.parse(commit.committed_date) / 1000),
            author: commit.author_name,
            title: commit.title,
          },
        { ref_name: branch, path, per_page: 1 },
      ),
  };
}

const pathOf = ({ kind, ref }: OwnerName): string => `${kind}s/${encodeURIComponent(String(ref))}`;
