/** A process with a cluster, for the test that kills it: prints the pids of the cluster's containers when they run. */
import { startCluster } from '../../../lab/kubernetes/cluster.ts';
import { deployment, sh } from './workloads.ts';

const cluster = await startCluster({ name: 'orphan' });
cluster.onLog((line) => void process.stdout.write(`${line.line}\n`));
const script = 'sleep 600 & echo "pid $$"; echo "pid $!"; echo "dir $HOME"; wait';
await cluster.client.apply(deployment('d', 2, { containers: [{ name: 'c', ...sh(script) }] }));
