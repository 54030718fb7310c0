/**
 * The types of sdks/gitlab against the digest of the provider's schema: a program of comparisons is written from the digest and
 * given to the compiler. What mocks cannot see is seen here: which inputs are optional, and what type everything has.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { digestFile, digestSchema, nameOf, type Fields } from './digest.ts';

const digest = digestSchema.parse(JSON.parse(readFileSync(digestFile, 'utf8')));
const root = fileURLToPath(new URL('../../', import.meta.url));

interface Comparison {
  readonly what: string;
  readonly actual: string;
  readonly expected: string;
}

describe('the types of the GitLab SDK', function () {
  this.timeout(60_000);

  it('match the digest', () => {
    assert.deepEqual(differences(comparisons()), []);
  });

  it('differ after a changed type, a changed optional mark and an added name', () => {
    const args = 'gitlab.UserRunnerArgs';
    const wrong: Comparison[] = [
      { what: 'type', actual: `${args}['runnerType']`, expected: 'pulumi.Input<number>' },
      {
        what: 'mark',
        actual: `Pick<${args}, 'runnerType'>`,
        expected: '{ readonly runnerType?: pulumi.Input<string> }',
      },
      {
        what: 'name',
        actual: 'keyof gitlab.types.input.ProjectAccessTokenRotationConfiguration',
        expected: `'expirationDays'`,
      },
    ];
    assert.deepEqual(
      differences(wrong).map((line) => line.split(':')[0]),
      ['type', 'mark', 'name'],
    );
  });
});

function comparisons(): Comparison[] {
  const resources = Object.entries(digest.resources).flatMap(([token, { inputs, outputs }]) => {
    const name = nameOf(token);
    return [
      ...compareObject(`gitlab.${name}Args`, inputs, lifted),
      ...compareObject(`gitlab.${name}State`, allOptional({ ...inputs, ...outputs }), lifted),
      ...compareOutputs(name, outputs),
    ];
  });
  const functions = Object.keys(digest.functions).flatMap((token) => {
    const { inputs = {}, outputs = {} } = digest.functions[token] ?? {};
    const name = nameOf(token);
    const args = [
      ...compareObject(`gitlab.${name}Args`, inputs, plain),
      ...compareObject(`gitlab.${name}OutputArgs`, inputs, lifted),
    ];
    return [
      ...(Object.keys(inputs).length === 0 ? [] : args),
      ...compareObject(`gitlab.${name}Result`, outputs, plain),
    ];
  });
  const nested = Object.entries(digest.types).flatMap(([name, fields]) => [
    ...compareObject(`gitlab.types.output.${name}`, fields, plain),
    ...(name.startsWith('Get') ? [] : compareObject(`gitlab.types.input.${name}`, fields, lifted)),
  ]);
  // A provider's configuration is text at run time; of its outputs only those that are text anyway have a field.
  const text = Object.entries(digest.provider.outputs).filter(([, type]) => bare(type) === 'string');
  return [
    ...compareObject('gitlab.ProviderArgs', digest.provider.inputs, lifted),
    ...compareOutputs('Provider', Object.fromEntries(text)),
    ...resources,
    ...functions,
    ...nested,
  ];
}

function compareObject(actual: string, fields: Fields, write: (type: string) => string): Comparison[] {
  const names = Object.keys(fields).map((name) => `'${name}'`);
  const keys = { what: `names of ${actual}`, actual: `keyof ${actual}`, expected: names.join(' | ') };
  const each = Object.entries(fields).map(([name, type]) => ({
    what: `${actual}.${name}`,
    actual: `Pick<${actual}, '${name}'>`,
    expected: `{ readonly ${name}${isOptional(type) ? '?' : ''}: ${write(bare(type))} }`,
  }));
  return [keys, ...each];
}

function compareOutputs(name: string, fields: Fields): Comparison[] {
  const own = `Exclude<keyof gitlab.${name}, keyof pulumi.CustomResource>`;
  const names = Object.keys(fields).map((field) => `'${field}'`);
  const each = Object.entries(fields).map(([field, type]) => ({
    what: `${name}.${field}`,
    actual: `Pick<gitlab.${name}, '${field}'>`,
    expected: `{ readonly ${field}: pulumi.Output<${plain(bare(type))}${isOptional(type) ? ' | undefined' : ''}> }`,
  }));
  return [{ what: `names of ${name}`, actual: own, expected: names.join(' | ') }, ...each];
}

/** The type of a value that is given: everything may be an output of something else. */
function lifted(type: string): string {
  return `pulumi.Input<${inner(type, 'input', lifted)}>`;
}

function plain(type: string): string {
  return inner(type, 'output', plain);
}

function inner(type: string, side: 'input' | 'output', write: (type: string) => string): string {
  if (type.endsWith('[]')) return `${write(type.slice(0, -2))}[]`;
  if (type.startsWith('{')) return `{ [key: string]: ${write(type.slice(1, -1))} }`;
  if (type === 'integer') return 'number';
  return type in digest.types ? `gitlab.types.${side}.${type}` : type;
}

function allOptional(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, `${bare(type)}?`]));
}

function isOptional(type: string): boolean {
  return type.endsWith('?');
}

function bare(type: string): string {
  return type.replace('?', '');
}

/** What the compiler says of each comparison that does not hold. */
function differences(all: readonly Comparison[]): string[] {
  const head = [
    `import type * as gitlab from '@pulumi/gitlab';`,
    `import type * as pulumi from '@pulumi/pulumi';`,
    // Identical, and not only assignable to each other.
    `type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;`,
  ];
  const lines = all.map(({ actual, expected }, at) => `export const c${at}: Same<${actual}, ${expected}> = true;`);
  const { source, diagnostics } = check([...head, ...lines].join('\n'));
  return diagnostics.map(({ start, messageText }) => {
    const line = source.getLineAndCharacterOfPosition(start ?? 0).line;
    const { what, expected } = all[line - head.length] ?? { what: head[line], expected: '' };
    return `${what}: is not ${expected} (${ts.flattenDiagnosticMessageText(messageText, ' ')})`;
  });
}

/** Compiles the text as if it were a file beside this one, with the options of the project. */
function check(text: string) {
  const file = fileURLToPath(new URL('gitlab-types.generated.ts', import.meta.url));
  const config = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config.config, include: [], files: [file] }, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022);
  const { getSourceFile, fileExists } = host;
  host.getSourceFile = (name, ...rest) => (name === file ? source : getSourceFile(name, ...rest));
  host.fileExists = (name) => name === file || fileExists(name);
  const program = ts.createProgram([file], options, host);
  return {
    source,
    diagnostics: [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)],
  };
}
