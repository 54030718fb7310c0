/** config.toml is judged by what a parser reads from it, not by its text. */
import assert from 'node:assert/strict';
import { parse } from 'smol-toml';
import * as z from 'zod';
import { runnerConfig, type RunnerConfigOptions } from '../../../infra/runners/runner-config.ts';
import { runnerToml } from '../../../infra/settings/runner-toml.ts';

const options: RunnerConfigOptions = {
  name: 'cluster-a',
  url: 'https://gitlab.example.com',
  token: 'glrt-"quoted"\\',
  caFile: undefined,
  concurrent: 7,
  checkInterval: 3,
  unhealthyInterval: 20,
  metricsPort: 9252,
  jobNamespace: 'jobs',
  jobImage: 'docker.io/library/alpine:3.22',
  kubernetesToml: '',
  cacheToml: '',
};

/** The parser's tables have no prototype, which deepEqual minds. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const fileSchema = z.looseObject({
  runners: z.tuple([z.looseObject({ kubernetes: z.unknown(), cache: z.unknown() })]),
});

const read = (change: Partial<RunnerConfigOptions> = {}) =>
  fileSchema.parse(plain(parse(runnerConfig({ ...options, ...change }))));

describe('config.toml', () => {
  it('contains what the runner needs, and a default image for jobs', () => {
    assert.deepEqual(read(), {
      concurrent: 7,
      check_interval: 3,
      listen_address: '127.0.0.1:9252',
      runners: [
        {
          name: 'cluster-a',
          url: 'https://gitlab.example.com',
          token: 'glrt-"quoted"\\',
          executor: 'kubernetes',
          unhealthy_interval: '20s',
          kubernetes: { image: 'docker.io/library/alpine:3.22', namespace: 'jobs' },
          cache: {},
        },
      ],
    });
  });

  it('names the file of the certificate authority of GitLab if there is one', () => {
    assert.equal(read({ caFile: 'gitlab-ca.crt' }).runners[0]['tls-ca-file'], 'gitlab-ca.crt');
  });

  it('prefers the tables of the user, with nested ones, over its own', () => {
    const [{ kubernetes, cache }] = read({
      kubernetesToml:
        'image = "debian:13"\ncpu_request = "1"\n[node_selector]\npool = "ci"\n[[volumes.empty_dir]]\nname = "x"',
      cacheToml: 'Type = "s3"\nShared = true\n[s3]\nBucketName = "cache"',
    }).runners;
    assert.deepEqual(
      { kubernetes, cache },
      {
        kubernetes: {
          image: 'debian:13',
          namespace: 'jobs',
          cpu_request: '1',
          node_selector: { pool: 'ci' },
          volumes: { empty_dir: [{ name: 'x' }] },
        },
        cache: { Type: 's3', Shared: true, s3: { BucketName: 'cache' } },
      },
    );
  });

  for (const header of ['[runners.kubernetes]', '[[runners]]\n[runners.kubernetes]'])
    it(`accepts a table that was pasted with its header: ${header.replace('\n', ' ')}`, () => {
      assert.deepEqual(plain(runnerToml(`${header}\nprivileged = true`, 'kubernetes')), {
        kind: 'table',
        table: { privileged: true },
      });
    });

  it('names the line of TOML that is not valid, without quoting it', () => {
    assert.deepEqual(runnerToml('a = 1\nb = "never shown', 'cache'), {
      kind: 'broken',
      why: 'is not TOML (line 2, column 5)',
    });
  });

  it('refuses the header of the other table', () => {
    assert.equal(runnerToml('[runners.cache]\nType = "s3"', 'kubernetes').kind, 'broken');
  });
});
