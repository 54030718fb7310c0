/** Runs each scanner on a file of manifests, and parses what it found. */
import { execFile } from 'node:child_process';
import * as z from 'zod';
import { ToolError } from '../build.ts';
import { CHECKOV, toolNamed, type Command } from '../catalogue.ts';
import { findTool } from '../find.ts';
import { SCHEMA_LOCATION } from './openapi.ts';
import { kubernetesSchemas } from './schemas.ts';

export interface Verdict {
  /** How many checks passed: 0 if the scanner did not understand the file. */
  readonly passed: number;
  /** What is wrong, each as a line. */
  readonly findings: readonly string[];
  /** What the manifests themselves except, each as a line with its reason. */
  readonly exceptions: readonly string[];
}

export interface Scanner {
  readonly name: string;
  scan(file: string): Promise<Verdict>;
}

/** Throws a ToolError where one of the scanners is not there. */
export async function scanners(): Promise<readonly Scanner[]> {
  const { folder, version } = await kubernetesSchemas();
  const location = `${folder}/${SCHEMA_LOCATION}`;
  const minor = version.split('.').slice(0, 2).join('.');
  return Promise.all([
    scanner(toolNamed('kubeconform'), conformity, (file) => [
      ...['-strict', '-verbose', '-output', 'json', '-schema-location', location, file],
    ]),
    scanner(toolNamed('kube-score'), score, (file) => [
      ...['score', '--output-format', 'json', '--kubernetes-version', `v${minor}`, file],
    ]),
    // Its downloads are of a vendor's own rules and need the internet.
    scanner(CHECKOV, checks, (file) => [
      ...['--framework', 'kubernetes', '--skip-download', '--compact', '--output', 'json', '--file', file],
    ]),
  ]);
}

async function scanner(
  tool: Command,
  verdict: (output: unknown) => Verdict,
  args: (file: string) => string[],
): Promise<Scanner> {
  const found = await findTool(tool);
  if (!found) throw new ToolError(`There is no ${tool.name} here; get it once with: npm run real:tools`);
  return {
    name: `${tool.name} ${found.version}`,
    scan: async (file) => verdict(await output(tool.name, found.path, args(file))),
  };
}

/** A scanner that found something exits badly as well; what it says decides. */
function output(name: string, path: string, args: readonly string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    execFile(path, [...args], { maxBuffer: 64 * 1024 * 1024 }, (_error, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout));
      } catch {
        reject(new Error(`${name} gave no JSON: ${stderr.trim().slice(0, 2000) || stdout.slice(0, 2000)}`));
      }
    });
  });
}

const conformitySchema = z.object({
  resources: z.array(z.object({ kind: z.string(), name: z.string(), status: z.string(), msg: z.string() })),
});

function conformity(output: unknown): Verdict {
  const { resources } = conformitySchema.parse(output);
  const bad = resources.filter(({ status }) => status !== 'statusValid');
  return {
    passed: resources.length - bad.length,
    findings: bad.map(({ kind, name, status, msg }) => `${kind} ${name}: ${msg || status}`),
    exceptions: [],
  };
}

const ALL_OK = 10;
const scoreSchema = z.array(
  z.object({
    object_name: z.string(),
    checks: z.array(
      z.object({
        check: z.object({ id: z.string(), optional: z.boolean() }),
        grade: z.number(),
        skipped: z.boolean(),
        comments: z.array(z.object({ path: z.string(), summary: z.string() })).nullable(),
      }),
    ),
  }),
);

function score(output: unknown): Verdict {
  const all = scoreSchema.parse(output).flatMap(({ object_name, checks }) =>
    checks.map(({ check, comments, ...rest }) => {
      const said = (comments ?? []).map(({ path, summary }) => [path, summary].filter(Boolean).join(': '));
      return { ...rest, ...check, line: `${object_name}: ${check.id}: ${said.join('; ')}` };
    }),
  );
  const graded = all.filter(({ skipped }) => !skipped);
  return {
    passed: graded.filter(({ grade }) => grade >= ALL_OK).length,
    findings: graded.filter(({ grade }) => grade < ALL_OK).map(({ line }) => line),
    // Optional checks are off, and some do not apply; neither is an exception of ours.
    exceptions: all
      .filter(({ skipped, optional, line }) => skipped && !optional && line.includes('is ignored'))
      .map(({ line }) => line),
  };
}

const checkSchema = z.object({ check_id: z.string(), check_name: z.string(), resource: z.string() });
const checksSchema = z.object({
  summary: z.object({ passed: z.number(), parsing_errors: z.number() }),
  results: z.object({
    failed_checks: z.array(checkSchema),
    skipped_checks: z.array(checkSchema.extend({ check_result: z.object({ suppress_comment: z.string() }) })),
    parsing_errors: z.array(z.string()),
  }),
});

function checks(output: unknown): Verdict {
  const { summary, results } = checksSchema.parse(output);
  const line = ({ check_id, check_name, resource }: z.infer<typeof checkSchema>): string =>
    `${resource}: ${check_id} ${check_name}`;
  return {
    passed: summary.passed,
    findings: [
      ...results.failed_checks.map(line),
      ...results.parsing_errors.map((file) => `${file}: checkov cannot read it`),
    ],
    exceptions: results.skipped_checks.map((skip) => `${line(skip)}: ${skip.check_result.suppress_comment}`),
  };
}
