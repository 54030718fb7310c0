/** Issues of a project. A private project's are for its members; who may do what is in project_policy.rb and issue_policy.rb. */
import * as z from 'zod';
import { LEVEL, type Project } from '../model/access.ts';
import { forbidden, notFound } from '../model/errors.ts';
import type { Issue } from '../model/issues.ts';
import { changedProject, projectOf } from './owners.ts';
import { iso, ok, page, parse, route, textList, type Call, type Route } from './route.ts';

const issueView = ({ origin }: Call, project: Project, issue: Issue): Record<string, unknown> => ({
  id: issue.id,
  iid: issue.iid,
  project_id: project.id,
  title: issue.title,
  description: issue.description,
  state: issue.closedAt === undefined ? 'opened' : 'closed',
  labels: issue.labels,
  issue_type: issue.type,
  author: { username: issue.author },
  created_at: iso(issue.createdAt),
  closed_at: iso(issue.closedAt),
  web_url: `${origin}/${project.path}/-/issues/${issue.iid}`,
});

/** Issues that are switched off may not be made or seen; a list is then empty. */
const isOff = (project: Project): boolean => project.settings['issues_access_level'] === 'disabled';

const filter = z.object({ state: z.enum(['opened', 'closed', 'all']).default('all'), labels: textList.default([]) });
const newIssue = z.object({
  title: z.string().min(1),
  description: z.string().default(''),
  labels: textList.default([]),
  issue_type: z.enum(['issue', 'incident']).default('issue'),
});
const change = z.object({ state_event: z.enum(['close', 'reopen']) });

export const issueRoutes: readonly Route[] = [
  route('GET', '/projects/:id/issues', (call) => {
    const { project } = projectOf(call, LEVEL.guest);
    const { state, labels } = parse(filter, call.params);
    const found = isOff(project) ? [] : call.model.issues(project.id).find(state, labels);
    return page(
      call,
      found.map((issue) => issueView(call, project, issue)),
    );
  }),
  route('POST', '/projects/:id/issues', (call) => {
    const { project, caller, level } = changedProject(call, LEVEL.guest);
    if (isOff(project)) throw forbidden();
    const { issue_type: type, ...body } = parse(newIssue, call.params);
    // Guests may make issues; incidents are made by Reporters and above.
    if (type === 'incident' && level < LEVEL.reporter) throw forbidden();
    const issue = call.model
      .issues(project.id)
      .open({ ...body, type, id: call.model.access.id(), author: caller.user.username });
    return ok(issueView(call, project, issue), 201);
  }),
  route('PUT', '/projects/:id/issues/:issue', (call) => {
    const { project, caller, level } = changedProject(call, LEVEL.guest);
    const issues = call.model.issues(project.id);
    const issue = issues.all.find(({ iid }) => iid === Number(call.ids['issue']));
    if (!issue || isOff(project)) throw notFound('Issue');
    if (level < LEVEL.reporter && issue.author !== caller.user.username) throw forbidden();
    issues.setState(issue, parse(change, call.params).state_event);
    return ok(issueView(call, project, issue));
  }),
];
