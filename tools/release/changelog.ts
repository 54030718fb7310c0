/** Versions, and the changelog as Keep a Changelog defines it. Pure. */

/** The release is refused; the message says why and what to do. */
export class ReleaseError extends Error {}

const VERSION = /^(\d+)\.(\d+)\.(\d+)$/;
const UNRELEASED = /^## \[Unreleased\][ \t]*$/m;

type Numbers = readonly [number, number, number];

function numbersOf(version: string): Numbers {
  const match = VERSION.exec(version);
  if (match === null) throw new ReleaseError(`"${version}" is not a version. Give major, minor, patch, or X.Y.Z.`);
  return [Number(match[1]), Number(match[2]), Number(match[3])];
}

function compare(left: Numbers, right: Numbers): number {
  const index = left.findIndex((number, at) => number !== right[at]);
  return index < 0 ? 0 : (left[index] ?? 0) - (right[index] ?? 0);
}

/** `0.1.0` and `minor` → `0.2.0`. A version given as X.Y.Z may be the current one: the first release. */
export function versionAfter(current: string, step: string): string {
  const [major, minor, patch] = numbersOf(current);
  switch (step) {
    case 'major':
      return `${major + 1}.0.0`;
    case 'minor':
      return `${major}.${minor + 1}.0`;
    case 'patch':
      return `${major}.${minor}.${patch + 1}`;
    default:
      if (compare(numbersOf(step), [major, minor, patch]) < 0)
        throw new ReleaseError(`${step} is older than the current version ${current}. Give a newer version.`);
      return step;
  }
}

/** The changelog after the release: what was under Unreleased is under the version, and Unreleased is empty. */
export function releaseChangelog(text: string, version: string, date: string): { text: string; notes: string } {
  const heading = UNRELEASED.exec(text);
  if (heading === null) throw new ReleaseError('CHANGELOG.md has no heading "## [Unreleased]". Add it.');
  const start = heading.index + heading[0].length;
  const end = text.slice(start).search(/^## /m);
  const notes = (end < 0 ? text.slice(start) : text.slice(start, start + end)).trim();
  // A heading such as "### Added" with nothing below it is no note.
  if (notes.split('\n').every((line) => line.trim() === '' || line.startsWith('#')))
    throw new ReleaseError(
      'CHANGELOG.md has nothing under "Unreleased". Describe there what users notice, then release.',
    );
  const rest = end < 0 ? '' : `\n${text.slice(start + end)}`;
  return { text: `${text.slice(0, start)}\n\n## [${version}] - ${date}\n\n${notes}\n${rest}`, notes };
}

/** A package.json or package-lock.json with another version of the root package; the rest keeps its form. */
export function withVersion(file: string, text: string, current: string, version: string): string {
  // In a lock file the root package stands twice, both times before any other.
  const times = file === 'package-lock.json' ? 2 : 1;
  let result = text;
  let from = 0;
  for (let time = 0; time < times; time += 1) {
    const line = `"version": "${current}"`;
    const at = result.indexOf(line, from);
    if (at < 0)
      throw new ReleaseError(`${file} does not have the version ${current}. Run npm install, commit, and try again.`);
    result = `${result.slice(0, at)}"version": "${version}"${result.slice(at + line.length)}`;
    from = at + line.length;
  }
  return result;
}
