/**
 * Text that others wrote, made safe to show: files of the status project, names and messages from GitLab, answers of other programs.
 * Control characters (ESC, BEL, CR …), the marks that turn the reading direction, and characters without a width become visible
 * escapes, so that no text can steer a terminal, hide a part of itself or begin a new line.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const escapeOf = (character: string): string => {
  if (character === '\n') return String.raw`\n`;
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
};

/** `a\x1b[2Jb` becomes `a\u{1b}[2Jb`. */
export const visible = (text: string): string => text.replaceAll(UNSAFE, escapeOf);
