/**
 * Cases that wait more than they work: some of them run at the same time. Each has its own test, which waits for its end, and
 * must have whatever it needs to itself.
 */
export function concurrent(atOnce: number, cases: Readonly<Record<string, () => Promise<void>>>): void {
  const entries = Object.entries(cases);
  const runs = new Map<string, Promise<void>>();
  before(() => {
    const places = Array.from({ length: atOnce }, () => Promise.resolve());
    for (const [index, [title, act]] of entries.entries()) {
      const place = index % atOnce;
      const run = (places[place] ?? Promise.resolve()).then(act);
      // Its own test reports the failure.
      places[place] = run.catch(() => undefined);
      runs.set(title, run);
    }
  });
  for (const [title] of entries) it(title, () => runs.get(title));
}
