/**
 * A small part of mocha, for tests without `after` hooks and without network: it runs in a worker, ends at the first failure, and
 * reports which mutants were reached.
 */
type Act = () => unknown;

interface Suite {
  readonly before: Act[];
  readonly beforeEach: Act[];
  readonly afterEach: Act[];
  readonly after: Act[];
  readonly parts: (Suite | Act)[];
}

const newSuite = (): Suite => ({ before: [], beforeEach: [], afterEach: [], after: [], parts: [] });
const root = newSuite();
let current = root;

/** What the test files call. */
const GLOBALS = {
  describe: (_title: string, act: Act): void => {
    const outer = current;
    current = newSuite();
    outer.parts.push(current);
    act();
    current = outer;
  },
  it: (_title: string, act: Act): void => void current.parts.push(act),
  before: (act: Act): void => void current.before.push(act),
  beforeEach: (act: Act): void => void current.beforeEach.push(act),
  afterEach: (act: Act): void => void current.afterEach.push(act),
  after: (act: Act): void => void current.after.push(act),
};

Object.assign(globalThis, GLOBALS);

/** Runs what was described; the error of the first failure, or undefined. */
export async function runTests(): Promise<string | undefined> {
  try {
    await runSuite(root, [], []);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'a test failed';
  }
}

async function runSuite(suite: Suite, beforeEach: readonly Act[], afterEach: readonly Act[]): Promise<void> {
  const first = [...beforeEach, ...suite.beforeEach];
  const last = [...suite.afterEach, ...afterEach];
  for (const act of suite.before) await act();
  for (const part of suite.parts) {
    if (typeof part !== 'function') await runSuite(part, first, last);
    else for (const act of [...first, part, ...last]) await act();
  }
  for (const act of suite.after) await act();
}
