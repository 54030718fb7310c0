import { randomInt } from 'node:crypto';

/**
 * Kubernetes' alphabet for generated names: without vowels, so that they do not form words (k8s.io/apimachinery, util/rand).
 */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

export const randomSuffix = (length = 5): string =>
  Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');

/** A short name for a text, the same for the same text (FNV-1a, spelled in the alphabet above). */
export function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return String(hash).replace(/\d/g, (digit) => ALPHABET[Number(digit)] ?? '');
}
