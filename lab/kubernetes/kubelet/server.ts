/**
 * The kubelet's server, only for logs of containers. It listens on the loopback, and only takes clients with a certificate of
 * the CA for kubelets, which is the API server.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { onLoopback } from '../../loopback.ts';
import { ApiError } from '../errors.ts';
import type { PodStatus } from '../pods.ts';
import { chosen, logQuery, runOf, textOf } from './container-logs.ts';
import type { LogBook, LogLine } from './logs.ts';

/** PEM. */
export interface KubeletTls {
  /** PEM of the CA of its clients' certificates. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** What the server needs of the kubelet. */
export interface LoggedPods {
  /** Undefined if this node does not have the pod. */
  pod(namespace: string, name: string): LoggedPod | undefined;
}

export interface LoggedPod {
  readonly status: PodStatus;
  /** The state of the named container; `exited` resolves at the end of the present run. */
  containers(name: string): readonly { readonly exited: Promise<unknown> | undefined }[];
}

export interface KubeletServer {
  readonly port: number;
  /** Cuts every connection, as when the machine dies. */
  readonly close: () => void;
}

export async function serveKubelet(pods: LoggedPods, logs: LogBook, tls: KubeletTls): Promise<KubeletServer> {
  const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    try {
      answer(pods, logs, request, response);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // In plain text, as from a kubelet; the API server turns it into a Status.
      response.writeHead(error.code, { 'content-type': 'text/plain' }).end(error.message);
    }
  });
  const port = await onLoopback(server);
  return {
    port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer(pods: LoggedPods, logs: LogBook, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://kubelet');
  const [, what, namespace, pod, container, ...rest] = pathname.split('/');
  const isLog = request.method === 'GET' && what === 'containerLogs' && rest.length === 0;
  if (!isLog || namespace === undefined || pod === undefined || container === undefined)
    throw new ApiError(
      501,
      '',
      `the lab’s kubelet only serves logs of containers, not ${request.method ?? ''} ${pathname}`,
    );
  const query = logQuery(searchParams);
  const found = pods.pod(namespace, pod);
  if (!found) throw new ApiError(404, '', `pod "${pod}" does not exist`);
  const run = runOf(found.status, pod, container, query);
  const write = (line: LogLine): void => void response.write(textOf(line, query));
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.flushHeaders();
  const lines = logs.read(namespace, pod, container).filter((line) => line.run === run);
  chosen(lines, query, Date.now()).forEach(write);
  const exited = query.previous ? undefined : found.containers(container)[0]?.exited;
  if (!query.follow || !exited) {
    response.end();
    return;
  }
  const unsubscribe = logs.subscribe((line) => {
    const isIts = line.namespace === namespace && line.pod === pod && line.container === container && line.run === run;
    if (isIts) write(line);
  });
  response.once('close', unsubscribe);
  void exited.then(() => {
    unsubscribe();
    response.end();
  });
}
