import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** What `npm run check:arrows` says about these files: one line per violation. */
function violations(files: Readonly<Record<string, string>>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'arrows-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'tsconfig.json'), '{"compilerOptions":{"allowImportingTsExtensions":true}}');
    const depcruise = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const config = join(ROOT, '.dependency-cruiser.mjs');
    const roots = [...new Set(Object.keys(files).map((path) => path.split('/')[0] ?? ''))];
    const { stdout } = spawnSync(process.execPath, [depcruise, '--config', config, ...roots], {
      cwd: folder,
      encoding: 'utf8',
    });
    return [...stdout.matchAll(/^ {2}error (.*)$/gm)].map(([, line = '']) => line.trim());
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the table of arrows between folders', () => {
  it('lets the page import the model', () => {
    const page = 'import { a } from "../model/a.ts"; export const b = a;';
    assert.deepEqual(
      violations({ 'runtime/core/page/b.ts': page, 'runtime/core/model/a.ts': 'export const a = 1;' }),
      [],
    );
  });

  it('refuses an arrow in the other direction, a Node module and a package in the decision, and lab code in the runtime', () => {
    assert.deepEqual(
      violations({
        'runtime/core/page/a.ts': 'export type A = 1;',
        'runtime/core/decision/b.ts':
          'import type { A } from "../page/a.ts"; import "node:fs"; import "yaml"; export type B = A;',
        'runtime/fleet/c.ts': 'import "../../lab/d.ts";',
        'lab/d.ts': 'export {};',
      }).map((line) => line.replace(/→ .*node_modules\/(\w+)\/.*/, '→ $1')),
      [
        'runtime/fleet: folder: runtime/fleet/c.ts → lab/d.ts',
        'runtime/core/decision: package: runtime/core/decision/b.ts → yaml',
        'runtime/core/decision: no Node modules: runtime/core/decision/b.ts → fs',
        'runtime/core/decision: folder: runtime/core/decision/b.ts → runtime/core/page/a.ts',
      ],
    );
  });

  it('refuses a circle of type imports', () => {
    const lines = violations({
      'runtime/core/model/a.ts': 'import type { B } from "./b.ts"; export type A = B;',
      'runtime/core/model/b.ts': 'import type { A } from "./a.ts"; export type B = A;',
    });
    assert.ok(lines.length > 0 && lines.every((line) => line.startsWith('circle: ')), lines.join('\n'));
  });

  it('refuses a folder that has no entry in the table', () => {
    const files = { 'runtime/elsewhere/a.ts': 'import "../ports.ts";', 'runtime/ports.ts': 'export {};' };
    assert.deepEqual(violations(files), ['no entry: runtime/elsewhere/a.ts → runtime/ports.ts']);
  });
});
