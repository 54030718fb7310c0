/**
 * A network of its own for each pod, for programs that run on Node: the pod's `node` loads this file first. On a cluster
 * each pod has its own ports; here all pods share one machine. A program that listens on port P gets a free port instead,
 * and writes its number into the file `P` of the pod's folder. A connection to P on the loopback from the same pod goes to
 * that port. Other ports are not changed, so pods reach the lab's GitLab and API servers.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Server, Socket, type AddressInfo } from 'node:net';
import { join } from 'node:path';

/** Nothing listens on port 1 (tcpmux): a connection to it is refused, as to a port of the pod whose listener is gone. */
const REFUSED = 1;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/;

interface Target {
  readonly port: number;
  readonly host?: string;
}

const folder = process.env['LAB_POD_PORTS'];
delete process.env['LAB_POD_PORTS'];
if (folder !== undefined) install(folder);

/** The original method, before ours replaced it. */
function methodOf(object: object, name: string): (self: unknown, args: unknown[]) => unknown {
  const method: unknown = Reflect.get(object, name);
  if (typeof method !== 'function') throw new Error(`Node has no ${name} to replace`);
  return (self, args) => {
    const result: unknown = Reflect.apply(method, self, args);
    return result;
  };
}

function install(ports: string): void {
  const listen = methodOf(Server.prototype, 'listen');
  const connect = methodOf(Socket.prototype, 'connect');
  const wrap = (object: object, name: string, method: unknown): boolean => Reflect.set(object, name, method);

  wrap(Server.prototype, 'listen', function (this: Server, ...args: unknown[]) {
    const target = targetOf(args);
    if (!target || target.port === 0) return listen(this, args);
    this.once('listening', () => {
      const address = this.address();
      if (isAddress(address)) publish(ports, target.port, address.port);
    });
    this.once('close', () => rmSync(join(ports, String(target.port)), { force: true }));
    const callback = args.findLast((each) => typeof each === 'function');
    const rest = callback === undefined ? [] : [callback];
    return listen(this, [{ port: 0, host: '127.0.0.1' }, ...rest]);
  });

  wrap(Socket.prototype, 'connect', function (this: Socket, ...args: unknown[]) {
    // net.connect has normalised its arguments already, and passes them as one array.
    const sorted: unknown = args[0];
    const given: readonly unknown[] = Array.isArray(sorted) ? Array.from<unknown>(sorted) : args;
    const target = targetOf(given);
    const actual = target && LOOPBACK.test(target.host ?? 'localhost') ? published(ports, target.port) : undefined;
    if (actual === undefined) return connect(this, args);
    const options = typeof given[0] === 'object' && given[0] !== null ? given[0] : {};
    const callback = given.findLast((each) => typeof each === 'function');
    const led = { ...options, port: actual, host: '127.0.0.1' };
    return connect(this, callback === undefined ? [led] : [led, callback]);
  });
}

/** `(port, host?)` or `({ port, host? })`; undefined for a path or a handle. */
function targetOf(args: readonly unknown[]): Target | undefined {
  const [first, second] = args;
  const isObject = typeof first === 'object' && first !== null;
  const port: unknown = isObject ? Reflect.get(first, 'port') : first;
  const host: unknown = isObject ? Reflect.get(first, 'host') : second;
  const number = typeof port === 'string' || typeof port === 'number' ? Number(port) : NaN;
  if (!Number.isInteger(number)) return undefined;
  return typeof host === 'string' ? { port: number, host } : { port: number };
}

const isAddress = (address: AddressInfo | string | null): address is AddressInfo =>
  address !== null && typeof address === 'object';

function publish(ports: string, port: number, actual: number): void {
  const file = join(ports, String(port));
  writeFileSync(file, `${String(actual)} ${String(process.pid)}`);
  process.once('exit', () => rmSync(file, { force: true }));
}

/**
 * The real port behind a pod's port; the one that refuses when the listener died; undefined when there never was one.
 */
function published(ports: string, port: number): number | undefined {
  try {
    const [actual, pid] = readFileSync(join(ports, String(port)), 'utf8')
      .split(' ')
      .map(Number);
    process.kill(pid ?? 0, 0);
    return actual;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH' ? REFUSED : undefined;
  }
}
