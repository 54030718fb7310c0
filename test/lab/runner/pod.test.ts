import assert from 'node:assert/strict';
import { runCommand } from '../../../infra/runners/scripts.ts';
import { RUNNER_DIR } from '../../../infra/kubernetes/paths.ts';
import { startCluster, type LabCluster } from '../../../lab/kubernetes/cluster.ts';
import { bundleRunner } from '../../../lab/runner/bundle.ts';
import { one, pod } from '../kubernetes/workloads.ts';
import { until } from '../until.ts';
import { job, startStub, type Stub } from './stub.ts';
import { closedAfter, temporaryFolder } from '../../support/closed-after.ts';

describe('lab runner in a pod of the lab cluster', () => {
  const opened = closedAfter();
  let cluster: LabCluster;
  let stub: Stub;
  before(async () => {
    const runner = await bundleRunner(await temporaryFolder(opened, 'runner-pod'));
    stub = opened.add(await startStub());
    cluster = opened.add(await startCluster({ name: 'runner', runner, runnerHeartbeatSeconds: 0.1 }));
  });

  it('is found on PATH, takes a job, and when its pod is deleted finishes it first', async () => {
    stub.onPoll = (count) => (count === 1 ? job(1, 1) : { status: 204 });
    const config = `listen_address = "127.0.0.1:9252"\n[[runners]]\nurl = "${stub.url}"\ntoken = "glrt-x"\n`;
    await cluster.client.apply(
      pod('runner', {
        terminationGracePeriodSeconds: 30,
        initContainers: [
          {
            name: 'prepare',
            image: 'lab',
            command: ['sh', '-c', `printf '%s' "$CONFIG" > ${RUNNER_DIR}/config.toml`],
            env: [{ name: 'CONFIG', value: config }],
            volumeMounts: [{ name: 'state', mountPath: RUNNER_DIR }],
          },
        ],
        containers: [
          {
            name: 'runner',
            image: 'lab',
            command: runCommand(),
            volumeMounts: [{ name: 'state', mountPath: RUNNER_DIR }],
            readinessProbe: { httpGet: { path: '/metrics', port: 9252 }, periodSeconds: 1 },
          },
        ],
        volumes: [{ name: 'state', emptyDir: {} }],
      }),
    );
    const reports = () => stub.seen.filter((each) => each.method === 'PUT').map((each) => each.body.state);
    await until('it reports its job more than once', () => reports().length > 2);
    await cluster.client.delete({ apiVersion: 'v1', kind: 'Pod', name: 'runner' }, { waitMs: 8000 });
    assert.equal(reports().at(-1), 'success');
    assert.equal(stub.polls().length, 1);
    assert.equal(one(cluster, 'runner'), undefined);
  });
});
