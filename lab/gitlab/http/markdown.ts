/** The small part of markdown that a status page uses: headings, lists, tables, code, bold, links. All text is escaped. */
export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** A character after a backslash stands for itself. */
const ESCAPED = /\\([!-/:-@[-`{-~])/g;

const inline = (text: string): string =>
  text
    .split(ESCAPED)
    .map((part, index) => (index % 2 === 1 ? escapeHtml(part) : markup(part)))
    .join('');

const markup = (text: string): string =>
  escapeHtml(text)
    .replaceAll(/`([^`]+)`/g, '<code>$1</code>')
    .replaceAll(/\*\*([^*]+)\*\*/g, '<b>$1</b>')
    .replaceAll(/!\[([^\]]*)\]\(([\w./-]+)\)/g, '<img alt="$1" src="raw:$2">')
    .replaceAll(/\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/g, '<a href="$2">$1</a>')
    .replaceAll(/\[([^\]]+)\]\(([\w./-]+)\)/g, '<a href="file:$2">$1</a>');

function tableRow(line: string, cell: 'th' | 'td'): string {
  const cells = line.replaceAll(/^\||\|$/g, '').split(/(?<!\\)\|/);
  return `<tr>${cells.map((text) => `<${cell}>${inline(text.trim())}</${cell}>`).join('')}</tr>`;
}

function block(text: string): string {
  const [first = '', ...rest] = text.split('\n');
  const [, marks, title = ''] = /^(#{1,6}) (.*)$/.exec(first) ?? [];
  if (marks) {
    const heading = `<h${marks.length}>${inline(title)}</h${marks.length}>`;
    return rest.length === 0 ? heading : heading + block(rest.join('\n'));
  }
  if (first.startsWith('|') && /^\|[ :|-]+\|$/.test(rest[0] ?? ''))
    return `<table>${tableRow(first, 'th')}${rest
      .slice(1)
      .map((line) => tableRow(line, 'td'))
      .join('')}</table>`;
  if (/^[-*] /.test(first))
    return `<ul>${[first, ...rest].map((line) => `<li>${inline(line.replace(/^[-*] /, ''))}</li>`).join('')}</ul>`;
  return `<p>${[first, ...rest].map(inline).join('<br>')}</p>`;
}

/** Links to files lead into the repository whose pages begin with `base`, as GitLab makes them. */
export function markdown(source: string, base: string): string {
  const blocks = (text: string): string =>
    text
      .split(/\n{2,}/)
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map(block)
      .join('\n');
  const parts = source.replaceAll(/^<!--.*?-->$/gm, '').split(/^```.*$/m);
  return parts
    .map((part, index) => (index % 2 === 1 ? `<pre>${escapeHtml(part.trim())}</pre>` : blocks(part)))
    .join('\n')
    .replaceAll('src="raw:', `src="${base}/-/raw/main/`)
    .replaceAll('href="file:', `href="${base}/-/blob/main/`);
}
