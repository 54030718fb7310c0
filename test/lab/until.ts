/** Waiting for a condition, never for luck: a test says what it waits for, and fails with those words. */

const STEP_MS = 10;

export async function until<T>(what: string, probe: () => T | Promise<T>, withinMs = 8000): Promise<NonNullable<T>> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`not within ${String(withinMs)} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}

/** Is there such a process, one that has not ended? */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
