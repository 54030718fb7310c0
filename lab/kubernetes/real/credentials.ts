/** The files with which the parts of a control plane authenticate each other. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { issue } from '../../certificates.ts';
import type { KubeletTls } from '../kubelet/server.ts';

export interface Credentials {
  readonly tokens: { readonly admin: string; readonly kubelet: string };
  /** Paths. */
  readonly tokenFile: string;
  /** The key that signs and verifies tokens of ServiceAccounts. */
  readonly accountKey: string;
  /** The folder of the API server's own certificate. */
  readonly certificates: string;
  /** Path of the CA's PEM; it exists when the API server has started. */
  readonly authority: string;
  readonly auditPolicy: string;
  /** Paths of PEM files: the CA of the kubelet's certificate, and the API server's client certificate for kubelets. */
  readonly toKubelet: { readonly authority: string; readonly certificate: string; readonly key: string };
  readonly kubelet: KubeletTls;
  /** Paths of kubeconfigs. The context of the administrator's has the name of the cluster. */
  readonly administrator: string;
  readonly controllerManager: string;
  readonly scheduler: string;
}

interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** The names that Kubernetes' own roles are bound to. */
const users = (node: string) => ({
  admin: { name: 'lab-admin', groups: ['system:masters'] },
  kubelet: { name: `system:node:${node}`, groups: ['system:nodes'] },
  controllerManager: { name: 'system:kube-controller-manager', groups: [] },
  scheduler: { name: 'system:kube-scheduler', groups: [] },
});

/** Logs who called what, without content; calls of the four parts and the administrator are left out. */
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', namespaces: ['kube-system'] },
    { level: 'None', userGroups: ['system:serviceaccounts:kube-system'] },
    { level: 'Metadata', userGroups: ['system:serviceaccounts'] },
    { level: 'None' },
  ],
};

export interface Named {
  /** The cluster's name. */
  readonly cluster: string;
  /** The name of its only node; its kubelet gets a token. */
  readonly node: string;
}

export async function writeCredentials(folder: string, url: string, { cluster, node }: Named): Promise<Credentials> {
  const certificates = join(folder, 'certificates');
  await mkdir(certificates, { recursive: true });
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  const { admin, kubelet, controllerManager, scheduler } = users(node);
  const token = (): string => randomBytes(18).toString('hex');
  const tokens = { admin: token(), kubelet: token(), controllerManager: token(), scheduler: token() };
  const authority = join(certificates, 'apiserver.crt');
  /** A kubeconfig is YAML, and so is JSON. */
  const kubeconfig = (name: string, token: string): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster: { server: url, 'certificate-authority': authority } }],
      users: [{ name, user: { token } }],
      contexts: [{ name, context: { cluster: name, user: name } }],
      'current-context': name,
    });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kubelets = issue('lab-kubelets', 'authority');
  const client = issue('kube-apiserver-kubelet-client', 'client', kubelets);
  const server = issue(kubelet.name, 'server', kubelets);
  return {
    tokens: { admin: tokens.admin, kubelet: tokens.kubelet },
    tokenFile: await write(
      'tokens.csv',
      [
        tokenLine(tokens.admin, admin),
        tokenLine(tokens.kubelet, kubelet),
        tokenLine(tokens.controllerManager, controllerManager),
        tokenLine(tokens.scheduler, scheduler),
      ].join(''),
    ),
    accountKey: await write('service-accounts.key', privateKey.export({ type: 'sec1', format: 'pem' }).toString()),
    certificates,
    authority,
    toKubelet: {
      authority: await write('kubelets.crt', kubelets.certificate),
      certificate: await write('kubelet-client.crt', client.certificate),
      key: await write('kubelet-client.key', client.key),
    },
    kubelet: { ca: kubelets.certificate, cert: server.certificate, key: server.key },
    auditPolicy: await write('audit-policy.json', JSON.stringify(AUDIT_POLICY)),
    administrator: await write('admin.json', kubeconfig(cluster, tokens.admin)),
    controllerManager: await write('controller-manager.json', kubeconfig('lab', tokens.controllerManager)),
    scheduler: await write('scheduler.json', kubeconfig('lab', tokens.scheduler)),
  };
}

/** `token,user,uid,"groups"` (kubernetes.io/docs/reference/access-authn-authz/authentication, "Static token file"). */
const tokenLine = (token: string, { name, groups }: User): string => `${token},${name},${name},"${groups.join(',')}"\n`;
