/** The port Inquiry over GitLab's REST API. It reads with a person's token; its errors tell that person what to do. */
import { Projects } from '@gitbeaker/rest';
import * as z from 'zod';
import type { Read } from '../../core/model/read.ts';
import type { CommitView, Inquiry, OwnerName, TokenView } from '../../ports.ts';
import type { GitLabResource } from './connect.ts';
import { GitLabError } from './error.ts';
import { dateOf } from './headers.ts';
import { adviceOf, readOf, type Expected, type Reply } from './read.ts';

const tokenSchema = z.object({
  name: z.string(),
  scopes: z.array(z.string()),
  access_level: z.number().nullish(),
  expires_at: z.iso.date().nullish(),
  active: z.boolean(),
});

type ListedToken = z.infer<typeof tokenSchema>;

const tokenOf = (token: ListedToken): TokenView => ({
  name: token.name,
  scopes: token.scopes,
  level: token.access_level ?? undefined,
  expiresAt: token.expires_at ?? null,
  active: token.active,
});

/** An entry for a user, a group or a deploy key has no role. */
const protectionSchema = z.object({ push_access_levels: z.array(z.object({ access_level: z.number().nullish() })) });
const memberSchema = z.object({ username: z.string(), access_level: z.number() });

const isTime = (text: string): boolean => !Number.isNaN(Date.parse(text));

const commitSchema = z.object({
  committed_date: z.string().refine(isTime),
  author_name: z.string(),
  title: z.string(),
});

const commitOf = (commit: z.infer<typeof commitSchema>): CommitView => ({
  at: Math.floor(Date.parse(commit.committed_date) / 1000),
  author: commit.author_name,
  title: commit.title,
});

const advise = (error: GitLabError): string | undefined =>
  error.status === 401 && error.isGitLabs
    ? 'the token is invalid, expired or revoked: give another as HADR_TOKEN or with --token-file'
    : adviceOf(error);

/** GitLab answers a list of tokens 401 where the role is missing, with the same text as for a token that it does not know. */
const adviseOnTokens =
  (owner: OwnerName) =>
  (error: GitLabError): string | undefined =>
    error.status === 401 && error.detail === '401 Unauthorized'
      ? `only ${owner.kind === 'group' ? 'Owners of the group' : 'Maintainers of the project'} may list its tokens; GitLab answers 401 to all others`
      : advise(error);

/** The largest page of GitLab's lists. */
const PAGE = 100;
/** No more pages are read; of tokens the newest come first. */
const MOST_PAGES = 10;

class Reader extends Projects<boolean> {
  ask(path: string, searchParams: Record<string, string | number> = {}): Promise<Reply> {
    return this.requester.get(path, { searchParams });
  }
}

/** What the questions share: one request, and all pages of a list. */
interface Asker {
  readonly ask: <T, V>(
    path: string,
    expected: Expected<T, V>,
    search?: Record<string, string | number>,
  ) => Promise<Read<V>>;
  readonly allPages: <T, V>(path: string, listed: Expected<T, V[]>) => Promise<Read<V[]>>;
}

function askerOf(reader: Reader): Asker {
  const ask: Asker['ask'] = (path, expected, search) => readOf(reader.ask(path, search), { advise, ...expected });
  return {
    ask,
    allPages: async <T, V>(path: string, listed: Expected<T, V[]>): Promise<Read<V[]>> => {
      const all: V[] = [];
      for (let page = 1; ; page += 1) {
        const some = await ask(path, listed, { per_page: PAGE, page });
        if (some.kind !== 'found') return some;
        all.push(...some.value);
        if (some.value.length < PAGE || page === MOST_PAGES) return { ...some, value: all };
      }
    },
  };
}

export function inquiryOf(resource: GitLabResource): Inquiry {
  const reader = new Reader(resource);
  const asker = askerOf(reader);
  return { ...accessInquiry(reader, asker), ...projectInquiry(asker) };
}

/** Questions about GitLab itself and about the tokens. */
const accessInquiry = (
  reader: Reader,
  { ask, allPages }: Asker,
): Pick<Inquiry, 'greeting' | 'username' | 'ownToken' | 'tokens'> => ({
  greeting: async () => {
    const reply = reader.ask('version');
    const version = await readOf(reply, {
      body: z.object({ version: z.string() }),
      view: (body) => body.version,
      advise,
    });
    const at = await reply.then(
      ({ headers }) => dateOf(headers),
      (error: unknown) => (error instanceof GitLabError ? error.at : undefined),
    );
    return { version, at };
  },
  username: () => ask('user', { body: z.object({ username: z.string() }), view: ({ username }) => username }),
  ownToken: () => ask('personal_access_tokens/self', { body: tokenSchema, view: tokenOf }),
  tokens: (owner) =>
    allPages(`${pathOf(owner)}/access_tokens`, {
      body: z.array(tokenSchema),
      view: (list: readonly ListedToken[]) => list.map(tokenOf),
      advise: adviseOnTokens(owner),
    }),
});

/** Questions about the status project. */
const projectInquiry = ({
  ask,
  allPages,
}: Asker): Pick<Inquiry, 'project' | 'branch' | 'pushLevel' | 'members' | 'lastCommit'> => ({
  project: (ref) =>
    ask(pathOf({ kind: 'project', ref }), {
      body: z.object({ id: z.number(), web_url: z.string(), empty_repo: z.boolean().default(false) }),
      view: (project) => ({ id: project.id, url: project.web_url, isEmpty: project.empty_repo }),
    }),
  branch: (project, name) =>
    ask(`projects/${project}/repository/branches/${encodeURIComponent(name)}`, {
      body: z.object({ protected: z.boolean(), can_push: z.boolean() }),
      view: (branch) => ({ protected: branch.protected, mayPush: branch.can_push }),
      absent: ['404 Branch Not Found'],
    }),
  pushLevel: (project, branch) =>
    ask(`projects/${project}/protected_branches/${encodeURIComponent(branch)}`, {
      body: protectionSchema,
      view: ({ push_access_levels: allowed }) => {
        const levels = allowed.flatMap(({ access_level: level }) => (level ? [level] : []));
        return levels.length === 0 ? undefined : Math.min(...levels);
      },
    }),
  members: (project) =>
    allPages(`projects/${project}/members/all`, {
      body: z.array(memberSchema),
      view: (list) => list.map(({ username, access_level: level }) => ({ username, level })),
    }),
  lastCommit: (project, branch, path) =>
    ask(
      `projects/${project}/repository/commits`,
      { body: z.array(commitSchema), view: ([commit]) => commit && commitOf(commit) },
      { ref_name: branch, path, per_page: 1 },
    ),
});

const pathOf = ({ kind, ref }: OwnerName): string => `${kind}s/${encodeURIComponent(String(ref))}`;
