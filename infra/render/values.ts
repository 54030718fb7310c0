/** Values as Pulumi's wire format has them. */

export type Values = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The key and value that mark a secret; what is secret is beside them, under `value`. */
const SIGNATURE = '4dabf18193072939515e22adb298388d';
const SECRET = '1b47061264138c4ac30d75fd1eb44270';

export const isSecret = (value: Values): boolean => value[SIGNATURE] === SECRET;
