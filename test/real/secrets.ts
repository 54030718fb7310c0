/** Searches everything that Pulumi printed, reported and wrote for secrets. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RealEngine } from '../../lab/pulumi/real-engine.ts';
import type { Stack, Stacks } from '../support/stacks.ts';

/** The owners of secrets: GitLab and both clusters. */
type Known = Pick<Stacks, 'gitlab'> & Readonly<Record<'a' | 'b', Pick<Stack, 'name' | 'token'>>>;

export class Secrets {
  /** Every secret that the lab ever had, with its owner. */
  private readonly known = new Map<string, string>();
  /** Adds printed or reported text. */
  text = '';

  /** Collects the present secrets; call it again when there may be new ones. */
  learn({ gitlab, a, b }: Known): void {
    const { access, runners } = gitlab.model;
    for (const { value, name } of access.tokens.values()) this.known.set(value, `token ${name}`);
    for (const { token, id } of runners.all.values()) this.known.set(token, `runner ${id}`);
    for (const { token, name } of [a, b]) this.known.set(token, `Kubernetes of ${name}`);
  }

  /** `least`: how many there must be, and `plain`: what is no secret and is there; without both this would prove nothing. */
  async assertHidden(engines: readonly RealEngine[], least: number, plain: readonly string[]): Promise<void> {
    const seen = [this.text];
    for (const { folder } of engines)
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
        if (entry.isFile()) seen.push(await readFile(join(entry.parentPath, entry.name), 'utf8'));
    const all = seen.join('\n');
    for (const word of plain) assert.ok(all.includes(word), `nothing speaks of ${word}`);
    assert.ok(this.known.size >= least, `only ${this.known.size} secrets are known`);
    for (const [secret, owner] of this.known)
      for (const form of [secret, Buffer.from(secret).toString('base64').replace(/=+$/, '')])
        assert.ok(!all.includes(form), `the secret of ${owner} is in clear`);
  }
}
