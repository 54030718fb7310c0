/** What GitLab, its proxy or the network answers to a call that a fault meets (gitlab-facts D4, F). */
import { isRead } from '../model/faults.ts';
import { BACK_OFF } from '../model/errors.ts';
import type { FaultCall, FaultKind } from '../model/faults.ts';
import { json, type Outcome } from './outcome.ts';

type Answering = Exclude<FaultKind, 'timeout-after'>;

export function faultAnswer(kind: Answering, call: FaultCall): Outcome {
  switch (kind) {
    case 'maintenance':
      return json({ status: 503, body: { message: 'GitLab Maintenance: system is in maintenance mode' } });
    case 'read-only':
      return json({ status: 403, body: { message: 'You cannot perform write operations on a read-only instance' } });
    case 'html-502':
      return text(502, '<html><head><title>502 Bad Gateway</title></head><body>502</body></html>', 'text/html');
    case 'error-500':
      return json({ status: 500, body: { message: '500 Internal Server Error' } });
    case 'error-503':
      return text(503, '<html><body>503 Service Unavailable</body></html>', 'text/html');
    case 'rate-limit':
      return text(429, 'Retry later\n', 'text/plain', BACK_OFF);
    case 'runner-limit':
      return text(429, 'Executing database migrations. Please retry later.', 'text/plain', BACK_OFF);
    case 'gitaly-down':
      return gitalyDown(call);
    case 'down':
      return { kind: 'cut' };
    case 'timeout-before':
      return { kind: 'silence' };
  }
}

/** The look-up of a commit turns each error of Gitaly into "no such commit"; what does not look one up fails. */
function gitalyDown({ method, path }: FaultCall): Outcome {
  const [, what] = !isRead(method) ? [] : (/\/repository\/(files|tree)\b/.exec(path) ?? []);
  if (what === 'files') return json({ status: 404, body: { message: '404 Commit Not Found' } });
  if (what === 'tree') return json({ status: 404, body: { message: '404 Tree Not Found' } });
  return json({ status: 500, body: { message: '500 Internal Server Error' } });
}

const text = (status: number, body: string, contentType: string, headers: Record<string, string> = {}): Outcome => ({
  kind: 'reply',
  reply: { status, body, headers },
  contentType,
});
