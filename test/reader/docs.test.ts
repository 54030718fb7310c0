/**
 * Enters every command of the documentation unchanged: Pulumi's CLI with the shipped program, kubectl and the scanners, on real
 * control planes with nodes of the lab, and on the lab's GitLab.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { LAB_POLICY } from '../../lab/demo/times.ts';
import { SCHEMA_LOCATION } from '../../tools/scan/openapi.ts';
import { kubernetesSchemas } from '../../tools/scan/schemas.ts';
import { blocksOf, linesOf, PAGES, shellLinesOf } from '../docs/pages.ts';
import { A, B } from '../support/stacks.ts';
import { followAdoption } from './adoption.ts';
import { notRun } from './coverage.ts';
import type { Reader } from './reader.ts';
import { configure, DRILL, DRILLED, holds, ofB, takeOut, YES } from './steps.ts';
import { startEnvironments, TIMING, type Environment, type Environments } from './environment.ts';

const IN_60_DAYS = new Date(Date.now() + 60 * 86_400_000).toISOString().slice(0, 10);
const DIGEST = 'a'.repeat(64);
/** The commands of the pages whose names match. */
const linesOfPages = (which: RegExp): string[] => PAGES.filter((page) => which.test(page)).flatMap(shellLinesOf);

describe('commands of the docs', function () {
  this.timeout(400_000);
  let environments: Environments;
  const readers: Reader[] = [];

  before(async () => {
    environments = await startEnvironments();
  });
  after(() => environments?.close());

  async function open(name: string): Promise<Environment> {
    const environment = await environments.open(name);
    readers.push(environment.reader);
    return environment;
  }

  describe('docs/quickstart.md and the pages after it', () => {
    let environment: Environment;
    const [install = '', config = '', look = '', up = '', see = '', drill = ''] = blocksOf('docs/quickstart.md', 'sh');

    before(async () => {
      environment = await open('quickstart');
    });

    it('quickstart: configures both stacks', async () => {
      const { reader, gitlab, useLabSettings } = environment;
      await reader.follow(linesOf(install));
      await configure(reader, [...linesOf(config), ...linesOf(config).map(ofB)], gitlab.adminToken);
      await useLabSettings();
    });

    it('quickstart: previews both stacks', () => environment.reader.follow(linesOf(look)));

    it('quickstart: applies both stacks', () => environment.reader.follow(linesOf(up)));

    it('quickstart: shows the status, runs doctor and a drill', async () => {
      const { reader } = environment;
      const [status = '', doctor = ''] = linesOf(see);
      await reader.await(status, /★ {2}cluster-a/);
      await reader.enter(doctor);
      await reader.enter(linesOf(drill)[0] ?? '', DRILL);
    });

    it('docs/hadr.md: commands work', async () => {
      const { reader, gitlab } = environment;
      const [yaml = ''] = blocksOf('docs/hadr.md', 'yaml');
      await reader.write('hadr.yaml', yaml);
      await reader.edit('hadr.yaml', [
        [['gitlab', 'allowHttp'], true],
        [['timing'], TIMING],
        [['policy'], LAB_POLICY],
      ]);
      reader.set('HADR_TOKEN', gitlab.adminToken);
      reader.replace('explain 7', 'explain 3');
      reader.set('XDG_CONFIG_HOME', join(reader.folder, '..', 'config'));
      await reader.enter('hadr status --trust', { code: 'any' });
      await reader.await('npx hadr status', /★ {2}cluster-a/);
      await reader.follow(shellLinesOf('docs/hadr.md'), { 'hadr status --watch': { until: /★ {2}cluster-a/ } });
      await reader.follow([
        'hadr history --limit 1',
        'export HADR_STACK=cluster-a; hadr history --limit 2',
        'hadr completion bash',
        'source <(hadr completion bash)',
        'hadr pause',
        'hadr resume',
        'hadr pin --to cluster-b --for 2h',
      ]);
      await reader.await('hadr status --stack cluster-a || true', /★ {2}cluster-b/);
      await reader.enter('hadr unpin');
      await holds(reader, B);
      await reader.enter('hadr switchover --to cluster-a --yes');
      await holds(reader, A);
      await reader.enter('hadr switchover --to cluster-b --yes');
      await holds(reader, B);
      await reader.enter('hadr switchover --to cluster-a --yes');
      await holds(reader, A);
      await reader.enter('hadr drill --to cluster-b --yes', { shows: DRILLED });
    });

    it('docs/operations.md: commands work', async () => {
      const { reader } = environment;
      const [maintenance = '', upgrade = '', drilled = ''] = blocksOf('docs/operations.md', 'sh');
      const [switchover = '', pin = '', unpin = ''] = linesOf(maintenance);
      await reader.enter(switchover, YES);
      await reader.follow([pin, unpin]);
      for (const line of linesOf(upgrade))
        if (line === 'hadr status') await reader.await(line, /★ {2}cluster-b/);
        else await reader.enter(line);
      await holds(reader, B);
      await reader.follow([
        'hadr switchover --to cluster-a --yes',
        'kubectl -n gitlab-runner get jobs',
        'kubectl -n gitlab-runner create job --from=cronjob/checker-cluster-a by-hand',
      ]);
      await holds(reader, A);
      await reader.follow(linesOf(drilled), { 'hadr drill --to cluster-b': DRILL });
    });

    it('docs/operations.md: a forced failover and a drill with the runners scaled to 0', async () => {
      const { reader } = environment;
      const scale = (name: string, replicas: number): Promise<string> =>
        reader.enter(
          `kubectl --context ${name} -n gitlab-runner scale deployment runner-${name} --replicas ${replicas}`,
        );
      await holds(reader, A);
      await scale(B, 0);
      await reader.await('hadr status || true', /cluster-b +0\/0/);
      await reader.enter('hadr failover --to cluster-b --force --yes');
      await scale(B, 2);
      // A forced holder without runners does not keep the tags.
      await holds(reader, A);
      await scale(A, 0);
      await reader.await('hadr history', /faint|unhealthy/);
      await reader.await('hadr status || true', /★ {2}cluster-b/);
      await scale(A, 2);
      await holds(reader, B);
    });

    it('docs/runbooks: commands work', async () => {
      const { reader, gitlab } = environment;
      reader.replace('2027-01-31', IN_60_DAYS);
      const { value } = gitlab.model.access.addToken(
        { kind: 'group', id: gitlab.groupId },
        'made by hand',
        ['manage_runner'],
        50,
        IN_60_DAYS,
      );
      await reader.follow(linesOfPages(/runbooks/), {
        'pulumi config set --secret --path tokens.fleet --stack cluster-a': { types: value },
        'npx hadr status --stack cluster-a': { code: 'any' },
      });
      await reader.enter('npx hadr pin --to cluster-a --for 10m --stack cluster-a');
      await reader.await('npx hadr status --stack cluster-a || true', /★ {2}cluster-a/);
      await reader.enter('npx hadr unpin --stack cluster-a');
      // The selected stack is the newest one.
      await reader.follow(shellLinesOf('docs/security.md'), {
        'pulumi config set --secret --path tokens.fleet': { types: value },
      });
    });

    it('docs/observability.md and docs/security.md: commands work', async () => {
      const { reader, gitlab } = environment;
      await reader.follow(shellLinesOf('docs/observability.md'), {
        'pulumi config set --stack cluster-a --secret --path notify.webhook': { types: `${gitlab.url}/webhook` },
        'pulumi config set --stack cluster-b --secret --path notify.webhook': { types: `${gitlab.url}/webhook` },
      });
      await reader.enter('pulumi config set --secret gitlabToken', { types: gitlab.adminToken });
      await reader.enter('pulumi config set --secret --path runner.cacheToml', { types: 'Type = "s3"' });
      await reader.enter('pulumi up --run-program');
      const urns = await reader.enter('pulumi stack --show-urns');
      const record = /urn:\S+::runners-record/.exec(urns)?.[0];
      assert.ok(record, urns);
      await reader.enter(`pulumi up --replace '${record}'`);
      // The replaced record is gone from the fleet too.
      await reader.await('hadr status', /★ {2}cluster-a .*\n.*runner-b$/m);
      await reader.enter('pulumi stack change-secrets-provider passphrase', { types: 'of the docs\nof the docs\n' });
    });

    it('README.md: removes a cluster for good', async () => {
      const { reader } = environment;
      await reader.await('hadr status || true', /★ {2}cluster-a/);
      const out = blocksOf('README.md', 'sh').find((block) => /^pulumi destroy/m.test(block)) ?? '';
      await takeOut(reader, linesOf(out)[0] ?? '', linesOf(out)[1] ?? '');
    });
  });

  describe('other pages', () => {
    it('README.md: previews the stack on your clusters', async () => {
      const { reader, gitlab, useLabSettings } = await open('readme');
      await reader.install();
      const lines = linesOf(blocksOf('README.md', 'sh').find((block) => /^pulumi config/m.test(block)) ?? '');
      await configure(
        reader,
        lines.filter((line) => line.startsWith('pulumi ') && !line.startsWith('pulumi up')),
        gitlab.adminToken,
      );
      await useLabSettings();
      await reader.enter('pulumi preview --stack cluster-a', { shows: /35 to create/ });
    });

    it('docs/adoption.md: commands work', async () => followAdoption(await open('adoption')));

    it('docs/hardening.md and docs/configuration.md: commands work', async () => {
      const { reader } = await open('hardening');
      await reader.install();
      await reader.run('pulumi stack init cluster-a', {});
      reader.replace('…', DIGEST);
      // Without this option it downloads the schemas.
      const { folder } = await kubernetesSchemas();
      reader.replace('kubeconform ', `kubeconform -schema-location '${folder}/${SCHEMA_LOCATION}' `);
      const lines = shellLinesOf('docs/hardening.md').filter(
        (line) => !/^(docker|crane) |^npm run (real:tools|scan)$/.test(line),
      );
      await reader.follow(lines);
      await reader.enter('kubectl get endpointslices -n default -l kubernetes.io/service-name=kubernetes');
      await reader.follow(shellLinesOf('docs/configuration.md'));
      await reader.enter('npm run --silent render -- --stack cluster-a', { shows: /replicas: 4/ });
    });

    it('CONTRIBUTING.md and the remaining pages: commands work', async () => {
      // The next commands start clusters of their own and need the CPU.
      await environments.endClusters();
      const { reader } = await open('contributing');
      await reader.install();
      await reader.follow([
        ...linesOfPages(/CONTRIBUTING/).filter((line) => /^npx mocha|simulate/.test(line)),
        'npm run docs:reference && git diff --exit-code',
        'npm run simulate -- --episode 1.187 --trace',
        'npm run simulate -- --adopted --hours 5',
        'npm run record',
      ]);
      reader.replace('--hours 500', '--hours 5');
      await reader.enter('npm run simulate -- --seed 1 --hours 500');
      await reader.enter('npm run simulate:rules -- --seed 1 --hours 500');
      await reader.enter('npm run lab:gitlab -- --help');
      reader.replace('--port 8080', '--port 0');
      await reader.enter('npm run lab:gitlab -- --port 8080', { until: /http:/ });
    });
  });

  describe('all pages', () => {
    it('have no command that is not tested', () =>
      assert.deepEqual(notRun(readers.flatMap(({ entered }) => entered)), []));
  });
});
