/**
 * Every command of the documentation, entered as it stands there: Pulumi's CLI with the shipped program, kubectl and the
 * scanners, on real control planes whose nodes are the lab's, and on the lab's GitLab.
 */
import assert from 'node:assert/strict';
import { LAB_POLICY } from '../../lab/demo/times.ts';
import { SCHEMA_LOCATION } from '../../tools/scan/openapi.ts';
import { kubernetesSchemas } from '../../tools/scan/schemas.ts';
import { blocksOf, linesOf, PAGES, shellLinesOf } from '../docs/pages.ts';
import { A, B } from '../support/stacks.ts';
import { followAdoption } from './adoption.ts';
import { notRun } from './coverage.ts';
import type { Desk } from './desk.ts';
import { configure, DRILL, DRILLED, holds, ofB, takeOut, YES } from './habits.ts';
import { startWorld, TIMING, type Office, type World } from './world.ts';

const IN_60_DAYS = new Date(Date.now() + 60 * 86_400_000).toISOString().slice(0, 10);
const DIGEST = 'a'.repeat(64);
/** All lines of some pages. */
const linesOfPages = (which: RegExp): string[] => PAGES.filter((page) => which.test(page)).flatMap(shellLinesOf);

describe('the docs, followed', function () {
  this.timeout(400_000);
  let world: World;
  const desks: Desk[] = [];

  before(async () => {
    world = await startWorld();
  });
  after(() => world?.close());

  async function open(name: string): Promise<Office> {
    const office = await world.open(name);
    desks.push(office.desk);
    return office;
  }

  describe('docs/quickstart.md, and what comes after it', () => {
    let office: Office;
    const [install = '', config = '', look = '', up = '', see = '', drill = ''] = blocksOf('docs/quickstart.md', 'sh');

    before(async () => {
      office = await open('quickstart');
    });

    it('says what one has', async () => {
      const { desk, gitlab, layLab } = office;
      await desk.follow(linesOf(install));
      await configure(desk, [...linesOf(config), ...linesOf(config).map(ofB)], gitlab.adminToken);
      await layLab();
    });

    it('looks before it leaps', () => office.desk.follow(linesOf(look)));

    it('goes up', () => office.desk.follow(linesOf(up)));

    it('sees it work', async () => {
      const { desk } = office;
      const [status = '', doctor = ''] = linesOf(see);
      await desk.await(status, /★ {2}cluster-a/);
      await desk.enter(doctor);
      await desk.enter(linesOf(drill)[0] ?? '', DRILL);
    });

    it('docs/hadr.md', async () => {
      const { desk, gitlab } = office;
      const [yaml = ''] = blocksOf('docs/hadr.md', 'yaml');
      await desk.write('hadr.yaml', yaml);
      await desk.amend('hadr.yaml', [
        [['gitlab', 'allowHttp'], true],
        [['timing'], TIMING],
        [['policy'], LAB_POLICY],
      ]);
      desk.set('HADR_TOKEN', gitlab.adminToken);
      desk.replace('explain 7', 'explain 3');
      await desk.await('npx hadr status', /★ {2}cluster-a/);
      await desk.follow(shellLinesOf('docs/hadr.md'), { 'hadr status --watch': { until: /★ {2}cluster-a/ } });
      await desk.follow([
        'hadr history --limit 1',
        'export HADR_STACK=cluster-a; hadr history --limit 2',
        'hadr completion bash',
        'source <(hadr completion bash)',
        'hadr pause',
        'hadr resume',
        'hadr pin --to cluster-b --for 2h',
      ]);
      await desk.await('hadr status --stack cluster-a || true', /★ {2}cluster-b/);
      await desk.enter('hadr unpin');
      await holds(desk, B);
      await desk.enter('hadr switchover --to cluster-a --yes');
      await holds(desk, A);
      await desk.enter('hadr switchover --to cluster-b --yes');
      await holds(desk, B);
      await desk.enter('hadr switchover --to cluster-a --yes');
      await holds(desk, A);
      await desk.enter('hadr drill --to cluster-b --yes', { shows: DRILLED });
    });

    it('docs/operations.md', async () => {
      const { desk } = office;
      const [maintenance = '', upgrade = '', drilled = ''] = blocksOf('docs/operations.md', 'sh');
      const [switchover = '', pin = '', unpin = ''] = linesOf(maintenance);
      await desk.enter(switchover, YES);
      await desk.follow([pin, unpin]);
      for (const line of linesOf(upgrade))
        if (line === 'hadr status') await desk.await(line, /★ {2}cluster-b/);
        else await desk.enter(line);
      await holds(desk, B);
      await desk.follow([
        'hadr switchover --to cluster-a --yes',
        'kubectl -n gitlab-runner get jobs',
        'kubectl -n gitlab-runner create job --from=cronjob/checker-cluster-a by-hand',
      ]);
      await holds(desk, A);
      await desk.follow(linesOf(drilled), { 'hadr drill --to cluster-b': DRILL });
    });

    it('a failover by force, and the harder drill', async () => {
      const { desk } = office;
      const scale = (name: string, replicas: number): Promise<string> =>
        desk.enter(`kubectl --context ${name} -n gitlab-runner scale deployment runner-${name} --replicas ${replicas}`);
      await holds(desk, A);
      await scale(B, 0);
      await desk.await('hadr status || true', /cluster-b +0\/0/);
      await desk.enter('hadr failover --to cluster-b --force --yes');
      await scale(B, 2);
      // What is forced onto a cluster without runners does not stay there.
      await holds(desk, A);
      await scale(A, 0);
      await desk.await('hadr history', /faint/);
      await desk.await('hadr status || true', /★ {2}cluster-b/);
      await scale(A, 2);
      await holds(desk, B);
    });

    it('docs/runbooks', async () => {
      const { desk, gitlab } = office;
      desk.replace('2027-01-31', IN_60_DAYS);
      const { value } = gitlab.model.access.addToken(
        { kind: 'group', id: gitlab.groupId },
        'made by hand',
        ['manage_runner'],
        50,
        IN_60_DAYS,
      );
      await desk.follow(linesOfPages(/runbooks/), {
        'pulumi config set --secret --path tokens.fleet --stack cluster-a': { types: value },
        'npx hadr status --stack cluster-a': { code: 'any' },
      });
      await desk.enter('npx hadr pin --to cluster-a --for 10m --stack cluster-a');
      await desk.await('npx hadr status --stack cluster-a || true', /★ {2}cluster-a/);
      await desk.enter('npx hadr unpin --stack cluster-a');
      // The selected stack is the one that was made last.
      await desk.follow(shellLinesOf('docs/security.md'), {
        'pulumi config set --secret --path tokens.fleet': { types: value },
      });
    });

    it('docs/observability.md and the ways of docs/security.md', async () => {
      const { desk, gitlab } = office;
      await desk.follow(shellLinesOf('docs/observability.md'), {
        'pulumi config set --stack cluster-a --secret --path notify.webhook': { types: `${gitlab.url}/nobody` },
        'pulumi config set --stack cluster-b --secret --path notify.webhook': { types: `${gitlab.url}/nobody` },
      });
      await desk.enter('pulumi config set --secret gitlabToken', { types: gitlab.adminToken });
      await desk.enter('pulumi config set --secret --path runner.cacheToml', { types: 'Type = "s3"' });
      await desk.enter('pulumi up --run-program');
      const urns = await desk.enter('pulumi stack --show-urns');
      const record = /urn:\S+::runners-record/.exec(urns)?.[0];
      assert.ok(record, urns);
      await desk.enter(`pulumi up --replace '${record}'`);
      // The replaced record is gone, from the fleet's eyes too.
      await desk.await('hadr status', /★ {2}cluster-a .*\n.*runner-b$/m);
      await desk.enter('pulumi stack change-secrets-provider passphrase', { types: 'of the docs\nof the docs\n' });
    });

    it('README.md: take a cluster out for good', async () => {
      const { desk } = office;
      await desk.await('hadr status || true', /★ {2}cluster-a/);
      const out = blocksOf('README.md', 'sh').find((block) => /^pulumi destroy/m.test(block)) ?? '';
      await takeOut(desk, linesOf(out)[0] ?? '', linesOf(out)[1] ?? '');
    });
  });

  describe('other pages', () => {
    it('README.md: put it on your clusters', async () => {
      const { desk, gitlab, layLab } = await open('readme');
      await desk.install();
      const lines = linesOf(blocksOf('README.md', 'sh').find((block) => /^pulumi config/m.test(block)) ?? '');
      await configure(
        desk,
        lines.filter((line) => line.startsWith('pulumi ') && !line.startsWith('pulumi up')),
        gitlab.adminToken,
      );
      await layLab();
      await desk.enter('pulumi preview --stack cluster-a', { shows: /35 to create/ });
    });

    it('docs/adoption.md', async () => followAdoption(await open('adoption')));

    it('docs/hardening.md and docs/configuration.md', async () => {
      const { desk } = await open('hardening');
      await desk.install();
      await desk.run('pulumi stack init cluster-a', {});
      desk.replace('…', DIGEST);
      // By itself it asks the internet for them.
      const { folder } = await kubernetesSchemas();
      desk.replace('kubeconform ', `kubeconform -schema-location '${folder}/${SCHEMA_LOCATION}' `);
      const lines = shellLinesOf('docs/hardening.md').filter(
        (line) => !/^(docker|crane) |^npm run (real:tools|scan)$/.test(line),
      );
      await desk.follow(lines);
      await desk.enter('kubectl get endpointslices -n default -l kubernetes.io/service-name=kubernetes');
      await desk.follow(shellLinesOf('docs/configuration.md'));
      await desk.enter('npm run --silent render -- --stack cluster-a', { shows: /replicas: 4/ });
    });

    it('CONTRIBUTING.md and the rest', async () => {
      // What follows has clusters of its own, and bounds to keep.
      await world.endClusters();
      const { desk } = await open('contributing');
      await desk.install();
      await desk.follow([
        ...linesOfPages(/CONTRIBUTING/).filter((line) => /^npx mocha|simulate/.test(line)),
        'npm run docs:reference && git diff --exit-code',
        'npm run simulate -- --episode 1.187 --trace',
        'npm run simulate -- --adopted --hours 5',
        'npm run record',
      ]);
      desk.replace('--hours 500', '--hours 5');
      await desk.enter('npm run simulate:rules -- --seed 1 --hours 500');
      desk.replace('--port 8080', '--port 0');
      await desk.enter('npm run lab:gitlab -- --port 8080', { until: /http:/ });
    });
  });

  describe('all of them', () => {
    it('leave no command out', () => assert.deepEqual(notRun(desks.flatMap(({ entered }) => entered)), []));
  });
});
