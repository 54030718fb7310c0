/** Secrets that the stack's file holds in clear text. Pulumi itself refuses that only of whole keys, such as gitlabToken. */
import type { Settings } from './settings.ts';

/** `isSecret` tells whether Pulumi keeps a key of the stack encrypted. A warning names the key and how to encrypt its value. */
export function clearTextWarnings(
  { cluster, lab, secrets, tokens }: Pick<Settings, 'cluster' | 'lab' | 'secrets' | 'tokens'>,
  isSecret: (key: 'notify' | 'tokens') => boolean,
): string[] {
  if (lab) return [];
  const keys = [
    ...(secrets.webhook && !isSecret('notify') ? ['notify.webhook'] : []),
    ...(isSecret('tokens') ? [] : Object.keys(tokens.given).map((part) => `tokens.${part}`)),
  ];
  return keys.map(
    (key) =>
      `${key}: is in clear text in Pulumi.${cluster}.yaml; encrypt it with: pulumi config set --secret --path ${key}`,
  );
}
