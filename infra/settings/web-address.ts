/** Web addresses as config gives them: what is wrong with one, and the port that it means. */
import { problem } from './text.ts';

export const portOf = (url: string): number => {
  const { protocol, port } = new URL(url);
  return port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port);
};

/** An address is scheme, host and port. GitLab's clients add their own path, so a path here would be doubled or lost. */
export function addressProblems(key: string, text: string, allowHttp: boolean, flag: string): string[] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol))
    return [problem(key, text, 'is not a web address; give one such as https://gitlab.example.com')];
  // Without the value: a password in a URL is a secret.
  if (url.username !== '' || url.password !== '') return [`${key}: contains a user or a password; remove them`];
  const problems: string[] = [];
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    problems.push(problem(key, text, `has a path after the host; give ${url.origin}`));
  if (url.protocol === 'http:' && !allowHttp)
    problems.push(problem(key, text, `is not https; give https://${url.host} (${flag} allows http in a lab)`));
  return problems;
}
