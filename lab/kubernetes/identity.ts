/**
 * Authentication: the administrator's token, and ServiceAccount tokens, signed by this cluster and bound to existing objects.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { POD, SERVICE_ACCOUNT } from './kinds.ts';
import type { Store } from './store.ts';

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

export interface TokenRequest {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly expirationSeconds?: number;
  /** The pod that has the token. Without the pod the token is invalid. */
  readonly pod?: { readonly name: string; readonly uid: string };
}

const reference = z.object({ name: z.string(), uid: z.string() });
const claims = z.object({
  exp: z.number(),
  sub: z.string(),
  'kubernetes.io': z.object({ namespace: z.string(), serviceaccount: reference, pod: reference.optional() }),
});

export class Identity {
  readonly adminToken = `lab-admin-${randomBytes(18).toString('hex')}`;
  readonly #key = randomBytes(32);
  readonly #store: Store;
  readonly #now: () => number;

  constructor(store: Store, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
  }

  /** A token like one of the API's TokenRequest. */
  issue(request: TokenRequest): { readonly token: string; readonly expiresAt: number } {
    const account = this.#store.get(SERVICE_ACCOUNT, request.namespace, request.serviceAccount);
    const expiresAt = this.#now() + (request.expirationSeconds ?? 3600) * 1000;
    const payload: z.infer<typeof claims> = {
      exp: Math.floor(expiresAt / 1000),
      sub: `system:serviceaccount:${request.namespace}:${request.serviceAccount}`,
      'kubernetes.io': {
        namespace: request.namespace,
        serviceaccount: { name: request.serviceAccount, uid: account.metadata.uid },
        ...(request.pod ? { pod: request.pod } : {}),
      },
    };
    const unsigned = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(payload)}`;
    return { token: `${unsigned}.${this.#sign(unsigned)}`, expiresAt };
  }

  /** Undefined for a token that is unknown, expired, or whose account or pod is gone. */
  authenticate(token: string): User | undefined {
    if (token === this.adminToken) return { name: 'lab-admin', groups: ['system:masters', 'system:authenticated'] };
    const [header = '', payload = '', signature = ''] = token.split('.');
    const expected = Buffer.from(this.#sign(`${header}.${payload}`));
    const given = Buffer.from(signature);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const claim = claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
    const { namespace, serviceaccount, pod } = claim['kubernetes.io'];
    if (claim.exp * 1000 <= this.#now()) return undefined;
    if (this.#store.find(SERVICE_ACCOUNT, namespace, serviceaccount.name)?.metadata.uid !== serviceaccount.uid)
      return undefined;
    if (pod && this.#store.find(POD, namespace, pod.name)?.metadata.uid !== pod.uid) return undefined;
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
    return { name: claim.sub, groups };
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url');
  }
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
