/** What people are told when something has happened: short, for a channel in which they are not looking for us. */
import { moment } from '../model/time.ts';
import type { Term } from '../model/term.ts';

export interface FleetLink {
  readonly mainTags: readonly string[];
  /** The status project, for who wants to know more. */
  readonly url: string;
}

const tagsOf = ({ mainTags }: FleetLink): string => mainTags.join(', ');

/** GitLab leads `/projects/<id>` to the project, whatever it is called by now. */
export const projectUrl = (gitlab: string, id: number): string => `${gitlab.replace(/\/+$/, '')}/projects/${id}`;

export const termMessage = (place: FleetLink, { number, holder, previous, ground, reason }: Term): string =>
  `${tagsOf(place)}: ${holder} holds the main tags, taken from ${previous} (term ${number}, ${ground}: ${reason}). ${place.url}`;

export const incidentTitle = (place: FleetLink): string => `No cluster is eligible for ${tagsOf(place)}`;

export const incidentMessage = (place: FleetLink, obstacles: readonly string[], url: string): string =>
  `${incidentTitle(place)}: jobs that ask for it wait. ${obstacles.join('; ')}. ${url}`;

export const relievedMessage = (place: FleetLink, url: string): string =>
  `${tagsOf(place)}: a cluster is eligible again; the incident is closed. ${url}`;

/** The incident's text, in GitLab's Markdown. `at` is when it was seen. */
export const incidentText = (place: FleetLink, obstacles: readonly string[], at: string): string =>
  [
    `No cluster could hold ${tagsOf(place)} at ${moment(at)}, so jobs that ask for it wait:`,
    obstacles.map((obstacle) => `- ${escaped(obstacle)}`).join('\n'),
    `Make one of these clusters work again, and the rest happens by itself: a checker closes this incident when a cluster is ` +
      `eligible. [Who is how](${place.url})`,
  ].join('\n\n');

/** Reasons quote what others wrote: none of it becomes markup, or one of GitLab's quick actions. */
const escaped = (text: string): string =>
  text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_[\]<>|/@#!~]/g, (character) => `\\${character}`);
