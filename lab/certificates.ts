/** Creates X.509 certificates (RFC 5280). Node can read and use them, but cannot create them. */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

export interface Issued {
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  readonly name: string;
  readonly privateKey: KeyObject;
}

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  time: 0x18,
  sequence: 0x30,
  set: 0x31,
  address: 0x87,
  version: 0xa0,
  extensions: 0xa3,
} as const;

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);
const sequence = (...parts: readonly Buffer[]): Buffer => der(TAG.sequence, ...parts);

/** Encodes an OID such as `2.5.29.19`: the first two numbers in one byte, the others in groups of seven bits. */
function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const groups = rest.flatMap((number) => {
    const parts = [number & 0x7f];
    for (let left = number >> 7; left > 0; left >>= 7) parts.unshift((left & 0x7f) | 0x80);
    return parts;
  });
  return der(TAG.oid, bytes(first * 40 + second, ...groups));
}

const nameOf = (common: string): Buffer =>
  sequence(der(TAG.set, sequence(oid('2.5.4.3'), der(TAG.utf8, Buffer.from(common)))));

const extension = (id: string, value: Buffer): Buffer => sequence(oid(id), der(TAG.octets, value));

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const VALIDITY = sequence(der(TAG.time, Buffer.from('20200101000000Z')), der(TAG.time, Buffer.from('21200101000000Z')));
/** The extension of each kind: basic constraints of a CA, the address of a server, client authentication. */
const EXTENSIONS = {
  authority: extension('2.5.29.19', sequence(der(TAG.boolean, bytes(0xff)))),
  server: extension('2.5.29.17', sequence(der(TAG.address, bytes(127, 0, 0, 1)))),
  client: extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.2'))),
};

/** Creates a certificate for a CA, for a server at 127.0.0.1, or for a client. Without an issuer it is self-signed. */
export function issue(name: string, kind: keyof typeof EXTENSIONS, issuer?: Issued): Issued {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = sequence(
    der(TAG.version, der(TAG.integer, bytes(2))),
    // The serial number: positive and random.
    der(TAG.integer, bytes(1), randomBytes(15)),
    ECDSA_SHA256,
    nameOf(issuer?.name ?? name),
    VALIDITY,
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(TAG.extensions, sequence(EXTENSIONS[kind])),
  );
  const signature = sign('sha256', body, issuer?.privateKey ?? privateKey);
  const whole = sequence(body, ECDSA_SHA256, der(TAG.bits, bytes(0), signature));
  const lines = whole.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return {
    name,
    privateKey,
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
