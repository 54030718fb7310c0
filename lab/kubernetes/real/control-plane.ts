/**
 * A real control plane on this machine: etcd, kube-apiserver, kube-controller-manager and kube-scheduler as child processes,
 * on free ports of the loopback. Each has its own token, with the rights that it has on a real cluster.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireTool } from '../../../tools/find.ts';
import { KubernetesApi, type KubernetesAccess } from '../access.ts';
import { Processes, type Exit } from '../kubelet/processes.ts';
import type { KubeletTls } from '../kubelet/server.ts';
import { SYSTEM_PATH } from '../kubelet/shims.ts';
import { writeCredentials, type Credentials, type Named } from './credentials.ts';
import { freePort } from './free-port.ts';

const PARTS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
type Part = (typeof PARTS)[number];

export interface ControlPlaneOptions extends Named {
  /** The folder of everything that it writes. */
  readonly folder: string;
  readonly onError: (error: unknown) => void;
}

export interface ControlPlane {
  /** Access of an administrator. */
  readonly admin: KubernetesAccess;
  /** The path of an administrator's kubeconfig. Its context has the name of the cluster. */
  readonly kubeconfig: string;
  /** Access of the node. */
  readonly kubelet: KubernetesAccess;
  /** The certificate of the node's kubelet, and the CA of its client, the API server. */
  readonly kubeletTls: KubeletTls;
  /** The file in which the API server logs each call of a ServiceAccount, as lines of JSON (audit.k8s.io/v1, Event). */
  readonly auditLog: string;
  /** Starts all again after `kill`, with what etcd stored, and waits until the API server is ready. */
  start(): Promise<void>;
  /** Kills every process at once. */
  kill(): void;
  close(): Promise<void>;
}

/** It takes about 5 s on two idle cores; this limit is for busy machines. */
const READY_MS = 90_000;
const POLL_MS = 50;
/** How much of a part's output is kept, for the case that it ends by itself. */
const KEPT_LINES = 15;

/** Throws a ToolError if one of its parts is not installed. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { folder, cluster, node } = options;
  const paths = new Map<Part, string>();
  for (const part of PARTS) paths.set(part, (await requireTool(part)).path);
  await mkdir(folder, { recursive: true });
  const ports = { etcd: await freePort(), peer: await freePort(), api: await freePort() };
  const url = `https://127.0.0.1:${ports.api}`;
  const credentials = await writeCredentials(folder, url, { cluster, node });
  const processes = new Processes(folder);
  let running: Running[] = [];

  const launch = (part: Part, args: readonly string[]): Running => {
    const started = run(processes, paths.get(part) ?? part, args, folder);
    started.exited
      .then((why) => {
        if (running.includes(started)) options.onError(new Error(`${part} ended by itself: ${why}`));
      })
      .catch(options.onError);
    running.push(started);
    return started;
  };
  const start = async (): Promise<void> => {
    if (running.length > 0) return;
    launch('etcd', etcdArgs(folder, ports));
    const apiServer = launch('kube-apiserver', apiServerArgs(folder, ports, credentials));
    await ready(url, credentials, apiServer);
    launch('kube-controller-manager', controllerManagerArgs(credentials));
    launch('kube-scheduler', schedulerArgs(credentials));
  };
  const kill = (): void => {
    running = [];
    processes.killAll();
  };
  const close = async (): Promise<void> => {
    kill();
    await processes.idle();
    await processes.close();
  };
  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  const ca = await readFile(credentials.authority, 'utf8');
  return {
    admin: { url, token: credentials.tokens.admin, ca },
    kubeconfig: credentials.administrator,
    kubelet: { url, token: credentials.tokens.kubelet, ca },
    kubeletTls: credentials.kubelet,
    auditLog: auditLogOf(folder),
    start: async () => {
      await processes.idle();
      await start();
    },
    kill,
    close,
  };
}

interface Running {
  /** Why it ended: its exit code and the end of its output. */
  readonly exited: Promise<string>;
}

function run(processes: Processes, file: string, args: readonly string[], folder: string): Running {
  const lines: string[] = [];
  const child = processes.spawn({
    file,
    args,
    cwd: folder,
    env: { PATH: SYSTEM_PATH, HOME: folder },
    onLine: (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
    },
  });
  const why = ({ code, startError }: Exit): string => startError ?? [`exit code ${String(code)}`, ...lines].join('\n');
  return { exited: child.exited.then(why) };
}

async function ready(url: string, { tokens, authority }: Credentials, apiServer: Running): Promise<void> {
  let ended: string | undefined;
  void apiServer.exited.then((why) => (ended = why));
  const limit = performance.now() + READY_MS;
  let last = 'it did not answer';
  while (performance.now() < limit) {
    if (ended !== undefined) throw new Error(`kube-apiserver did not start: ${ended}`);
    last = await readyz(url, tokens.admin, authority);
    if (last === '') return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`kube-apiserver was not ready within ${READY_MS / 1000} s: ${last}`);
}

/** Why it is not ready; empty if it is. */
async function readyz(url: string, token: string, authority: string): Promise<string> {
  try {
    const api = new KubernetesApi({ url, token, ca: await readFile(authority, 'utf8') });
    const { status, text } = await api.send('GET', '/readyz').finally(() => api.close());
    return status === 200 ? '' : text;
  } catch (error) {
    return error instanceof Error ? error.message : 'no answer';
  }
}

interface Ports {
  readonly etcd: number;
  readonly peer: number;
  readonly api: number;
}

const etcdArgs = (folder: string, { etcd, peer }: Ports): string[] => [
  '--name=lab',
  `--data-dir=${join(folder, 'etcd')}`,
  `--listen-client-urls=http://127.0.0.1:${etcd}`,
  `--advertise-client-urls=http://127.0.0.1:${etcd}`,
  `--listen-peer-urls=http://127.0.0.1:${peer}`,
  `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
  `--initial-cluster=lab=http://127.0.0.1:${peer}`,
  // It must survive the death of its process, not of the machine.
  '--unsafe-no-fsync',
  '--log-level=warn',
];

const auditLogOf = (folder: string): string => join(folder, 'audit.log');

/** The API server makes its certificate and CA itself, in the given folder. */
const apiServerArgs = (folder: string, { etcd, api }: Ports, credentials: Credentials): string[] => [
  `--etcd-servers=http://127.0.0.1:${etcd}`,
  '--bind-address=127.0.0.1',
  '--advertise-address=127.0.0.1',
  `--secure-port=${api}`,
  `--cert-dir=${credentials.certificates}`,
  `--token-auth-file=${credentials.tokenFile}`,
  '--anonymous-auth=false',
  '--authorization-mode=Node,RBAC',
  '--enable-admission-plugins=NodeRestriction',
  '--service-account-issuer=https://kubernetes.default.svc',
  `--service-account-key-file=${credentials.accountKey}`,
  `--service-account-signing-key-file=${credentials.accountKey}`,
  `--kubelet-certificate-authority=${credentials.toKubelet.authority}`,
  `--kubelet-client-certificate=${credentials.toKubelet.certificate}`,
  `--kubelet-client-key=${credentials.toKubelet.key}`,
  // By default it would use the node's name, which only a real network can resolve.
  '--kubelet-preferred-address-types=InternalIP',
  '--service-cluster-ip-range=10.0.0.0/24',
  // There is no Service network, and endpoints must not have a loopback address.
  '--endpoint-reconciler-type=none',
  `--audit-policy-file=${credentials.auditPolicy}`,
  `--audit-log-path=${auditLogOf(folder)}`,
  '--audit-log-mode=blocking',
];

/** The defaults (20 and 50 calls per second) are for API servers with many more clients. */
const UNTHROTTLED = ['--kube-api-qps=500', '--kube-api-burst=1000'];

const controllerManagerArgs = (credentials: Credentials): string[] => [
  `--kubeconfig=${credentials.controllerManager}`,
  `--service-account-private-key-file=${credentials.accountKey}`,
  `--root-ca-file=${credentials.authority}`,
  '--use-service-account-credentials=true',
  '--leader-elect=false',
  // Its metrics are not used.
  '--secure-port=0',
  ...UNTHROTTLED,
];

const schedulerArgs = (credentials: Credentials): string[] => [
  `--kubeconfig=${credentials.scheduler}`,
  '--leader-elect=false',
  '--secure-port=0',
  ...UNTHROTTLED,
];
