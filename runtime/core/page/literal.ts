/** Text that others wrote, inside Markdown or a chat message. */
import { visible } from '../model/visible.ts';

/**
 * The text as a code span: GitLab, Slack and Mattermost show it as it is, without links, mentions, images or quick actions.
 * A backtick would end the span and a pipe would end the cell of a table, so both become look-alikes.
 */
export const literal = (text: string): string =>
  `\`${visible(text.replaceAll(/\s+/g, ' ').trim()).replaceAll('`', "'").replaceAll('|', '¦')}\``;
