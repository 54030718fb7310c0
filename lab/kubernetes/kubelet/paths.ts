/**
 * Translates container paths to paths on this machine: each mounted path in a text is replaced by its folder.
 */

export interface Mount {
  /** The path that the container's command, arguments and environment name. */
  readonly containerPath: string;
  /** Where the volume is on this machine. */
  readonly hostPath: string;
}

export type Rewrite = (text: string) => string;

/**
 * A mention begins where a path may begin and ends with a whole name, so that a mount on /etc/app touches neither
 * /etc/apple nor ${HOME}/etc/app. The longest mount wins, and all are replaced in one pass, for a replacement may
 * itself contain another mount's path.
 */
export function rewriter(mounts: readonly Mount[]): Rewrite {
  const folders = new Map(mounts.map((mount) => [mount.containerPath.replace(/\/+$/, ''), mount.hostPath]));
  folders.delete('');
  if (folders.size === 0) return (text) => text;
  const longestFirst = [...folders.keys()].toSorted((a, b) => b.length - a.length);
  const pattern = new RegExp(`(?<![\\w.})*/-])(${longestFirst.map(escaped).join('|')})(?![\\w.-])`, 'g');
  return (text) => text.replace(pattern, (path) => folders.get(path) ?? path);
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
