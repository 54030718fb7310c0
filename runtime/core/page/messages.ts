/** Notifications for people: short, for a channel with other messages. Quoted reasons are literal text. */
import { moment } from '../model/time.ts';
import type { Term } from '../model/term.ts';
import { literal } from './literal.ts';

export interface FleetLink {
  readonly mainTags: readonly string[];
  /** The status project, for details. */
  readonly url: string;
}

const tagsOf = ({ mainTags }: FleetLink): string => mainTags.join(', ');

/** GitLab redirects `/projects/<id>` to the project, also after it was renamed. */
export const projectUrl = (gitlab: string, id: number): string => `${gitlab.replace(/\/+$/, '')}/projects/${id}`;

export const termMessage = (link: FleetLink, { number, holder, previous, ground, reason }: Term): string =>
  `${tagsOf(link)}: ${holder} holds the main tags, taken from ${literal(previous)} (term ${number}, ${literal(`${ground}: ${reason}`)}). ${link.url}`;

export const incidentTitle = (link: FleetLink): string => `No cluster can hold ${tagsOf(link)}`;

export const incidentMessage = (link: FleetLink, obstacles: readonly string[], url: string): string =>
  `${incidentTitle(link)}: jobs with this tag wait. ${obstacles.map(literal).join('; ')}. ${url}`;

export const relievedMessage = (link: FleetLink, url: string): string =>
  `${tagsOf(link)}: a cluster can hold the main tags again; the incident is closed. ${url}`;

/** The incident's text, in GitLab's Markdown. `at` is when it was seen. */
export const incidentText = (link: FleetLink, obstacles: readonly string[], at: string): string =>
  [
    `No cluster could hold ${tagsOf(link)} at ${moment(at)}, so jobs with this tag wait:`,
    obstacles.map((obstacle) => `- ${literal(obstacle)}`).join('\n'),
    `Repair one of these clusters. A checker then moves the tags and closes this incident. [See fleet status](${link.url})`,
  ].join('\n\n');
