/** What has been opened and must be closed: in the reverse order, and also when opening the next thing fails. */
export class Opened {
  private readonly ends: (() => unknown)[] = [];

  add<T extends { close(): unknown }>(thing: T): T {
    this.onClose(() => thing.close());
    return thing;
  }

  onClose(end: () => unknown): void {
    this.ends.push(end);
  }

  /** Closes everything, whatever fails, and throws the first failure. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (let end = this.ends.pop(); end; end = this.ends.pop())
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    if (failures.length > 0) throw failures[0];
  }
}

/** Opens a whole of several parts; where it fails, the parts that were opened are closed. */
export async function openAll<T>(open: (opened: Opened) => Promise<T>): Promise<T> {
  const opened = new Opened();
  try {
    return await open(opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
}
