import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { javaMajor, versionInPom } from '../../tools/alloy/find.ts';
import { readCommands, readTrace, readVerdict, tellTrace, untilRest } from '../../tools/alloy/read.ts';
import { GUARDS } from '../../simulation/guards/guards.ts';

const MODEL = new URL('../../docs/model/', import.meta.url);

/** As the model writes the names of the simulation's guards: `off before on` is OffBeforeOn. */
const inModel = (name: string): string =>
  name
    .replace(/[’,:]/g, '')
    .split(/[ -]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
const inCommand = (guard: string): string =>
  `without${guard.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;

describe('the output of Alloy', () => {
  it('is parsed into commands with scope, steps and expectation', () => {
    const printed =
      '0 . Check I6_holds for 2 but 20..20 steps, 4 Number expect 0\n10. Run moves for 3 but 1..12 steps expect 1\n';
    assert.deepEqual(readCommands(printed), [
      { index: 0, kind: 'check', name: 'I6_holds', scope: '2 but 4 Number', steps: '20', expected: false },
      { index: 10, kind: 'run', name: 'moves', scope: '3', steps: '1..12', expected: true },
    ]);
  });

  it('is refused if a command has no expectation or no length', () => {
    assert.throws(() => readCommands('0 . Check a for 3 but 2..2 steps\n'), /a does not say what it expects/);
    assert.throws(() => readCommands('0 . Run a for 3 expect 1\n'), /a does not say for how many steps/);
  });

  it('is parsed into SAT or UNSAT, and into no result after an error', () => {
    assert.equal(readVerdict('c last restart\n00. check never   0    1/1     SAT expects=0\n'), true);
    assert.equal(readVerdict('01. check fine    0       UNSAT\n'), false);
    assert.equal(readVerdict('Error\n  0. Syntax error in SAT.als\n'), undefined);
  });

  it('is parsed into a trace without the text after it', () => {
    const state = (name: string, used: string): string =>
      `------State ${name}-------\nuniv={A$0}\nthis/Cell<:used=${used}\nnumbers/Ord<:First={x}\n`;
    const states = readTrace(
      `---Trace---\n${state('0', '{}')}${state('1', '{A$0}')}${state('2', '{A$0}')}${state('3 (loop)', '{A$0}')}`,
    );
    assert.equal(states.length, 4);
    assert.deepEqual(tellTrace(untilRest(states)), ['state 0', '  Cell.used {}', 'state 1', '  Cell.used {A0}']);
  });
});

describe('the pinned Alloy', () => {
  it('has its version in pom.xml', async () => {
    const pom = await readFile(new URL('../../tools/alloy/pom.xml', import.meta.url), 'utf8');
    assert.match(versionInPom(pom, 'org.alloytools.alloy.dist'), /^\d+\.\d+\.\d+$/);
    assert.throws(() => versionInPom(pom, 'nothing'), /does not pin nothing/);
  });

  it('needs a Java whose version can be read', () => {
    assert.equal(javaMajor('openjdk version "17.0.15" 2025-04-15'), 17);
    assert.equal(javaMajor('java version "1.8.0_402"'), 8);
    assert.equal(javaMajor('what'), undefined);
  });
});

describe('the model', () => {
  /** Of its own: what the simulation cannot take out of the code by an edit. */
  const OWN = ['CreatedNotSaved', 'EveryRecordIsReconciled'];

  it('has a command that removes each guard, with the name of the guard in the simulation', async () => {
    const known = [...GUARDS.map(({ name }) => inModel(name)), ...OWN];
    const files = (await readdir(MODEL)).filter((name) => name.endsWith('.als'));
    assert.equal(files.length, 3);
    for (const file of files) {
      const text = await readFile(new URL(file, MODEL), 'utf8');
      const guards = /one sig ([\w,\s]+?) extends Guard/.exec(text)?.[1]?.split(/,\s*/) ?? [];
      assert.ok(guards.length > 0, file);
      for (const guard of guards) {
        assert.ok(known.includes(guard), `${file}: ${guard} is no guard of simulation/guards/guards.ts`);
        assert.match(
          text,
          new RegExp(`^check ${inCommand(guard)} \\{[^}]*without\\[${guard}\\] [^}]*\\}.* expect 1$`, 'm'),
        );
      }
    }
  });
});
