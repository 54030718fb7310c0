import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkerConfigSchema, problemsOf } from '../../runtime/config.ts';
import { DEFAULT_TIMING } from '../../runtime/timing.ts';

const CONFIG = {
  version: 1,
  cluster: 'cluster-a',
  fleet: ['cluster-a', 'cluster-b'],
  preferred: true,
  mainTags: ['rnd-runner'],
  ownTags: ['runner-a'],
  gitlab: { url: 'https://gitlab.example.com' },
  statusProject: { id: 1, branch: 'main' },
  kubernetes: {
    server: 'https://kubernetes.default.svc',
    namespace: 'gitlab-runner',
    deployments: ['runner-cluster-a'],
  },
  policy: {},
  timing: DEFAULT_TIMING,
};

const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `x${index}`);

describe('checker.json', () => {
  const problems = (over: object): string[] => {
    const parsed = checkerConfigSchema.safeParse({ ...CONFIG, ...over });
    return parsed.success ? [] : problemsOf(parsed.error);
  };

  it('is accepted as the stack writes it', () => assert.deepEqual(problems({}), []));

  const refused: [string, object, readonly string[]][] = [
    [
      'E8 a fleet without this cluster',
      { cluster: 'cluster-c' },
      ['fleet: does not name cluster: add this cluster, or correct cluster'],
    ],
    [
      'E8 a fleet that names a cluster twice',
      { fleet: ['cluster-a', 'cluster-b', 'cluster-b'] },
      ['fleet: must not name a cluster twice'],
    ],
    [
      'E8 an own tag that is a main tag',
      { ownTags: ['runner-a', 'rnd-runner'] },
      ['ownTags: has a tag that mainTags has too: a tag either moves or stays, so remove it from one of them'],
    ],
    [
      'all problems at once',
      { cluster: 'cluster-c', ownTags: ['rnd-runner'] },
      [
        'fleet: does not name cluster: add this cluster, or correct cluster',
        'ownTags: has a tag that mainTags has too: a tag either moves or stays, so remove it from one of them',
      ],
    ],
    ['a fleet of one', { fleet: ['cluster-a'] }, ['fleet: must name at least two clusters']],
    ['a fleet of 21', { fleet: ['cluster-a', ...many(20)] }, ['fleet: must name at most 20 clusters']],
    [
      'more tags than GitLab takes',
      { mainTags: many(30), ownTags: many(21).map((tag) => `own-${tag}`) },
      ['ownTags: has more than 50 tags together with mainTags: GitLab takes at most 50 for a runner'],
    ],
    [
      'a tag with a line break',
      { ownTags: ['a\nb'] },
      ['ownTags.0: must not contain commas or line breaks, or begin or end with blanks'],
    ],
    [
      'a branch that is none',
      { statusProject: { id: 1, branch: 'a b' } },
      ['statusProject.branch: must be the name of a branch'],
    ],
    [
      'an API server that is no URL',
      { kubernetes: { ...CONFIG.kubernetes, server: 'kubernetes' } },
      ['kubernetes.server: must be a URL like https://kubernetes.default.svc'],
    ],
    [
      'numbers beyond all measure',
      { policy: { minOnline: 1e9, holdForSeconds: 1e12 } },
      ['policy.minOnline: must be at most 10000', 'policy.holdForSeconds: must be at most a year'],
    ],
  ];
  for (const [name, over, expected] of refused)
    it(`is refused with ${name}`, () => assert.deepEqual(problems(over), expected));

  it('E8: makes the checker exit with 64 and one sentence, before its first call', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hadr-config-'));
    const file = join(folder, 'checker.json');
    await writeFile(file, JSON.stringify({ ...CONFIG, cluster: 'cluster-c' }));
    const env = {
      PATH: process.env['PATH'] ?? '',
      HADR_CONFIG: file,
      HADR_TOKENS: folder,
      HADR_SERVICE_ACCOUNT: folder,
    };
    const child = spawn(process.execPath, ['--import', 'tsx', 'runtime/checker/main.ts'], { env });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    assert.deepEqual(await once(child, 'close'), [64, null]);
    assert.equal(
      said,
      `${file}: fleet: does not name cluster: add this cluster, or correct cluster; run pulumi up to write it again\n`,
    );
    await rm(folder, { recursive: true, force: true });
  });
});
