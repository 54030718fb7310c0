/**
 * A run ends when its tests have ended, which mocha by itself leaves to what they opened: a `before` that fails half way leaves
 * servers and child processes that nobody closes, and the run would hang until somebody kills it. Named in .mocharc.json.
 */
import type { RootHookObject } from 'mocha';

/** Whatever is closed in order is gone by then, on a slow machine as well. */
const PATIENCE_MS = 5000;

export const mochaHooks: RootHookObject = {
  afterAll: () => {
    // It keeps nothing alive itself: where all is closed the process ends before.
    setTimeout(endRed, PATIENCE_MS).unref();
  },
};

/** Red also where no test has failed: what is left open now hides what is left open next. */
function endRed(): void {
  // Its own input and output are among them.
  const open = process.getActiveResourcesInfo().filter((kind) => !/^(TTY|Pipe)Wrap$/.test(kind));
  process.stderr.write(
    `\nThe run is over and this is still open: ${[...new Set(open)].join(', ') || 'a pipe'}. Close it in an after hook, and in a before hook that fails half way.\n`,
  );
  // Mocha sets its own code when the process ends: 0 where no test has failed.
  process.on('exit', () => (process.exitCode ||= 1));
  process.exit();
}
