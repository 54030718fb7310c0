import assert from 'node:assert/strict';
import type { Kubelet } from '../../../lab/kubernetes/kubelet/kubelet.ts';
import type { NodeApi, NodePod } from '../../../lab/kubernetes/kubelet/node-api.ts';
import { Machine } from '../../../lab/kubernetes/machine.ts';
import { podSpecSchema, podStatusSchema, type PodStatus } from '../../../lab/kubernetes/pods.ts';
import { until } from '../until.ts';
import { pod, sh } from './workloads.ts';

/** An API server controlled by the test: it keeps one pod as long as the test wants, and can refuse writes. */
class OnePod implements NodeApi {
  pod: NodePod;
  readonly written: PodStatus[] = [];
  refused = 0;
  forgotten = 0;
  refuses = false;
  #listener: () => void = () => undefined;

  constructor(script: string) {
    const { metadata, spec } = pod('one', { containers: [{ name: 'c', ...sh(script) }] });
    const meta = { uid: 'uid-1', resourceVersion: '1', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' };
    this.pod = {
      metadata: { ...metadata, ...meta },
      spec: podSpecSchema.parse(spec),
      status: podStatusSchema.parse({}),
    };
  }

  change(metadata: Partial<NodePod['metadata']>): void {
    this.pod = { ...this.pod, metadata: { ...this.pod.metadata, ...metadata } };
    this.#listener();
  }

  get phases(): string[] {
    return this.written.map(({ phase }) => phase);
  }

  pods = async () => [this.pod];
  onChange = (listener: () => void) => {
    this.#listener = listener;
    return () => undefined;
  };
  writeStatus = async (_pod: unknown, status: PodStatus) => {
    if (this.refuses) {
      this.refused += 1;
      throw new Error('the API server is away');
    }
    this.written.push(status);
    this.pod = { ...this.pod, status };
  };
  forget = async () => void (this.forgotten += 1);
  configMap = async () => undefined;
  secret = async () => undefined;
  token = () => Promise.reject(new Error('no token here'));
}

describe('the kubelet with an API server that fails or delays', () => {
  let machine: Machine;
  let kubelet: Kubelet;
  const errors: string[] = [];

  const run = async (api: OnePod): Promise<void> => {
    machine = await Machine.start({ name: 'node', onError: (message) => errors.push(message) });
    kubelet = await machine.kubelet(api);
    kubelet.start();
  };

  afterEach(async () => {
    await kubelet.crash();
    await machine.close();
    errors.length = 0;
  });

  it('repeats a status write until it succeeds', async () => {
    const api = new OnePod('true');
    api.refuses = true;
    await run(api);
    await until('two writes are refused', () => api.refused >= 2);
    assert.match(errors[0] ?? '', /the API server is away/);
    api.refuses = false;
    await until('the end is known', () => api.phases.includes('Succeeded'));
  });

  it('does nothing for a stopped pod that a finalizer keeps', async () => {
    const api = new OnePod('true');
    await run(api);
    await until('it has ended', () => api.phases.includes('Succeeded'));
    const before = api.written.length;
    const deleted = { deletionTimestamp: '2026-01-01T00:01:00Z', deletionGracePeriodSeconds: 0 };
    api.change(deleted);
    await until('it may go', () => api.forgotten === 1);
    api.change(deleted);
    // A kubelet that starts now only knows what the API knows.
    await kubelet.crash();
    kubelet.start();
    await until('it is told so again', () => api.forgotten === 2);
    assert.deepEqual(api.phases.slice(before), []);
  });
});
