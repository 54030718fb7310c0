/** What becomes of a call of the API: a reply, or what the connection does instead. */
import type { Reply } from '../api/route.ts';

export type Outcome =
  | { readonly kind: 'reply'; readonly reply: Reply; readonly contentType: string }
  | { readonly kind: 'cut' }
  | { readonly kind: 'silence' };

export const json = (reply: Reply): Outcome => ({
  kind: 'reply',
  reply,
  contentType: reply.headers?.['Content-Type'] ?? 'application/json',
});
