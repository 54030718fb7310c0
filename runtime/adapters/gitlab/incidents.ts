/**
 * The port Incidents over GitLab's issues (lib/api/issues.rb). They are of type `incident`, which Reporters and above may
 * make (project_policy.rb, create_incident), so that GitLab lists them under Monitor > Incidents as well.
 */
import { Issues } from '@gitbeaker/rest';
import * as z from 'zod';
import type { Incident, Incidents } from '../../ports.ts';
import type { GitLabResource } from './connect.ts';
import { readOf, type Reply } from './read.ts';

/** Marks the incidents of this program. GitLab makes a label that does not exist. */
const INCIDENT_LABEL = 'hadr-incident';

const issueSchema = z.object({ iid: z.number(), web_url: z.string() });

const incidentOf = ({ iid, web_url }: z.infer<typeof issueSchema>): Incident => ({ number: iid, url: web_url });

/** gitbeaker's own methods drop the `Date` of the answer or read all pages of a list. */
class ProjectIssues extends Issues<boolean> {
  list(project: number): Promise<Reply> {
    return this.requester.get(`projects/${project}/issues`, {
      searchParams: { state: 'opened', labels: INCIDENT_LABEL },
    });
  }

  post(project: number, body: Record<string, unknown>): Promise<Reply> {
    return this.requester.post(`projects/${project}/issues`, { body });
  }

  put(project: number, iid: number, body: Record<string, unknown>): Promise<Reply> {
    return this.requester.put(`projects/${project}/issues/${iid}`, { body });
  }
}

export function incidentsOf(resource: GitLabResource, project: number): Incidents {
  const issues = new ProjectIssues(resource);
  return {
    open: () => readOf(issues.list(project), { body: z.array(issueSchema), view: (list) => list.map(incidentOf) }),
    raise: (title, description) =>
      readOf(issues.post(project, { title, description, labels: INCIDENT_LABEL, issueType: 'incident' }), {
        status: 201,
        body: issueSchema,
        view: incidentOf,
      }),
    close: (number) =>
      readOf(issues.put(project, number, { stateEvent: 'close' }), {
        body: z.object({ iid: z.literal(number), state: z.literal('closed') }),
        view: () => true as const,
        absent: ['404 Issue Not Found'],
      }),
  };
}
