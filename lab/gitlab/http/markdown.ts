/** Markdown as GitLab renders it, as far as a status page and an issue use it. HTML in the source is shown as text; comments are left out. */
import MarkdownIt from 'markdown-it';

const renderer = new MarkdownIt({ html: true, linkify: true });

export const escapeHtml = (text: string): string => renderer.utils.escapeHtml(text);

const COMMENT = /^\s*<!--[\s\S]*?-->\s*$/;
const asText = (source: string): string => (COMMENT.test(source) ? '' : escapeHtml(source));
renderer.renderer.rules.html_block = (tokens, index) => asText(tokens[index]?.content ?? '');
renderer.renderer.rules.html_inline = renderer.renderer.rules.html_block;

const isRelative = (link: string): boolean => !/^([a-z][a-z\d+.-]*:|\/|#)/i.test(link);

/** Relative links and pictures lead into the repository whose pages begin with `base`. */
export function markdown(source: string, base: string): string {
  const tokens = renderer.parse(source, {});
  for (const token of tokens.flatMap(({ children }) => children ?? [])) {
    const attribute = token.type === 'image' ? 'src' : 'href';
    const link = token.attrGet(attribute);
    if (typeof link === 'string' && isRelative(link))
      token.attrSet(attribute, `${base}/-/${token.type === 'image' ? 'raw' : 'blob'}/main/${link}`);
  }
  return renderer.renderer.render(tokens, renderer.options, {});
}
