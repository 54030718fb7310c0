/**
 * `npm run simulate:rules -- --seed 1 --hours 200`: other rules beside ours, on the same episodes: the table of docs/guarantees.md.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { episodesFor, simulate } from '../batch.ts';
import { quantile, sum, type Summary } from '../summary.ts';
import { RULES, type Rule } from './rules.ts';

const HEAD = [
  'rule',
  'moves',
  'false moves',
  'two holders',
  'longest',
  'no living holder',
  'half within',
  '90 % within',
  'longest',
];

function row({ name }: Rule, summary: Summary): string[] {
  const seconds = (value: number): string => `${value} s`;
  const { doubles, without } = summary;
  return [
    name,
    `${summary.tagMoves}`,
    `${summary.falseMoves.length}`,
    doubles.length === 0 ? 'never' : `${doubles.length} times`,
    seconds(Math.max(0, ...doubles)),
    `${without.length} times, ${(sum(without) / 3600).toFixed(1)} h`,
    seconds(quantile(without, 0.5)),
    seconds(quantile(without, 0.9)),
    seconds(Math.max(0, ...without)),
  ];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { seed: { type: 'string', default: '1' }, hours: { type: 'string', default: '200' } },
  });
  const clusters = [2, 3];
  const episodes = episodesFor(Number(values.hours), values.seed, clusters);
  const line = (cells: readonly string[]): void => void process.stdout.write(`| ${cells.join(' | ')} |\n`);
  line(HEAD);
  line(HEAD.map(() => '---'));
  for (const rule of RULES) {
    const batch = {
      seed: values.seed,
      clusters,
      episodes,
      workers: availableParallelism(),
      rule: rule.program,
      adopted: false,
    };
    const summary = await simulate(batch, rule.edits);
    line(row(rule, summary));
    const names = summary.falseMoves;
    process.stderr.write(`${rule.name}: ${names.length} moves without cause: ${names.slice(0, 12).join(', ')} …\n`);
  }
}

await main();
