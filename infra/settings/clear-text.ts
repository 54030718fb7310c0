/** Warns of secrets in clear text in the stack's file. Pulumi itself refuses them only for whole keys, such as gitlabToken. */

interface StackSecrets {
  readonly cluster: string;
  readonly lab: boolean;
  readonly secrets: { readonly webhook?: unknown };
  readonly tokens: { readonly given: object };
}

/** `isSecret` tells whether Pulumi keeps a key of the stack encrypted. A warning names the key and how to encrypt its value. */
export function clearTextWarnings(
  { cluster, lab, secrets, tokens }: StackSecrets,
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
