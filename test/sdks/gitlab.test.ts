/**
 * sdks/gitlab at run time against the digest of the provider's schema. Pulumi's mocks show what is registered; the version and
 * the secret outputs are options that mocks never receive, so a transformation records those.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as gitlab from '@pulumi/gitlab';
import * as pulumi from '@pulumi/pulumi';
import * as z from 'zod';
import { digestFile, digestSchema, nameOf, type Fields } from './digest.ts';

const digest = digestSchema.parse(JSON.parse(readFileSync(digestFile, 'utf8')));
const exported: Readonly<Record<string, unknown>> = gitlab;

/** How Pulumi marks a secret on the wire. */
const SECRET = { '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270' };

interface Registered {
  readonly type: string;
  readonly id: string | undefined;
  readonly inputs: unknown;
}

let registered: Registered[];
let called: { readonly token: string; readonly inputs: unknown }[];

describe('the GitLab SDK', () => {
  before(async () => {
    await pulumi.runtime.setMocks({
      newResource: ({ type, id, inputs }) => {
        registered.push({ type, id, inputs });
        return { id: id ? id : '7', state: {} };
      },
      call: ({ token, inputs }) => {
        called.push({ token, inputs });
        return { answered: true };
      },
    });
  });

  beforeEach(() => {
    registered = [];
    called = [];
  });

  for (const [token, { inputs, outputs, secrets }] of Object.entries(digest.resources)) {
    describe(nameOf(token), () => {
      const all = samples(inputs);

      it('registers under its token and passes every input under its name', async () => {
        const { resource } = create(nameOf(token), all);
        await settled(resource);
        const expected = Object.entries(all).map(([name, value]) => [
          name,
          secrets.includes(name) ? { ...SECRET, value } : value,
        ]);
        assert.deepEqual(registered, [{ type: token, id: '', inputs: Object.fromEntries(expected) }]);
      });

      it('has every output, its own class, secret marks and the plugin version', () => {
        const { resource, opts } = create(nameOf(token), all);
        const fields = new Map<string, unknown>(Object.entries(resource));
        assert.deepEqual(
          Object.keys(outputs).filter((name) => !pulumi.Output.isInstance(fields.get(name))),
          [],
        );
        assert.equal(Reflect.apply(staticOf(nameOf(token), 'isInstance'), undefined, [resource]), true);
        assert.equal(Reflect.apply(staticOf(nameOf(token), 'isInstance'), undefined, [{}]), false);
        assert.equal(opts.version, digest.version);
        assert.deepEqual([...(opts.additionalSecretOutputs ?? [])].sort(), [...secrets].sort());
      });

      it("keeps the caller's own version and secret outputs", () => {
        const { opts } = create(nameOf(token), all, { version: '1.2.3', additionalSecretOutputs: ['mine'] });
        assert.equal(opts.version, '1.2.3');
        assert.deepEqual([...(opts.additionalSecretOutputs ?? [])].sort(), ['mine', ...secrets].sort());
      });

      for (const name of required(inputs)) {
        it(`throws without ${name}`, () => {
          const { [name]: _, ...rest } = all;
          assert.throws(() => create(nameOf(token), rest), new RegExp(`Missing required property '${name}'.*${token}`));
        });
      }

      it('reads an existing resource by its id alone, and passes given state on', async () => {
        const get = staticOf(nameOf(token), 'get');
        await settled(asResource(Reflect.apply(get, undefined, ['bare', '41'])));
        const state = samples({ ...inputs, ...outputs });
        await settled(asResource(Reflect.apply(get, undefined, ['known', '42', state])));
        assert.deepEqual(registered, [
          { type: token, id: '41', inputs: {} },
          { type: token, id: '42', inputs: state },
        ]);
      });
    });
  }

  describe('Provider', () => {
    it('sends text unchanged, other values as JSON, and the token as a secret', async () => {
      const { inputs, secrets } = digest.provider;
      const all = samples(inputs);
      const { resource, opts } = create('Provider', all);
      await settled(resource);
      const expected = Object.entries(all).map(([name, value]) => {
        if (secrets.includes(name)) return [name, { ...SECRET, value }];
        return [name, typeof value === 'string' ? value : JSON.stringify(value)];
      });
      assert.deepEqual(registered, [{ type: 'pulumi:providers:gitlab', id: '', inputs: Object.fromEntries(expected) }]);
      assert.equal(gitlab.Provider.isInstance(resource), true);
      assert.equal(gitlab.UserRunner.isInstance(resource), false);
      assert.equal(opts.version, digest.version);
      assert.deepEqual(opts.additionalSecretOutputs, secrets);
    });

    it('sends no value that is not set', async () => {
      await settled(new gitlab.Provider('bare'));
      assert.deepEqual(registered, [{ type: 'pulumi:providers:gitlab', id: '', inputs: {} }]);
    });
  });

  for (const [token, { inputs }] of Object.entries(digest.functions)) {
    const name = token.slice(token.lastIndexOf(':') + 1);

    it(`${name} and ${name}Output call the provider's function with every argument`, async () => {
      const all = samples(inputs);
      const lifted = Object.fromEntries(Object.entries(all).map(([key, value]) => [key, pulumi.output(value)]));
      // A function without inputs has no parameter for them.
      const given = (args: object): object[] => (Object.keys(args).length === 0 ? [] : [args]);
      const plain: unknown = await Reflect.apply(exportedFunction(name), undefined, given(all));
      const output: unknown = Reflect.apply(exportedFunction(`${name}Output`), undefined, given(lifted));
      assert.ok(pulumi.Output.isInstance(output));
      assert.deepEqual([plain, await valueOf(output)], [{ answered: true }, { answered: true }]);
      assert.deepEqual(called, [
        { token, inputs: all },
        { token, inputs: all },
      ]);
    });
  }

  it('names the plugin release of the digest in its package.json, where the engine looks for it', () => {
    const file = new URL('../../sdks/gitlab/package.json', import.meta.url);
    const pinned = z.object({
      version: z.string(),
      pulumi: z.object({ resource: z.boolean(), name: z.string(), version: z.string() }),
    });
    assert.deepEqual(pinned.parse(JSON.parse(readFileSync(file, 'utf8'))), {
      version: digest.version,
      pulumi: { resource: true, name: 'gitlab', version: digest.version },
    });
  });

  it('exports exactly what the digest names', () => {
    const resources = Object.keys(digest.resources).map(nameOf);
    const functions = Object.keys(digest.functions).map((token) => token.slice(token.lastIndexOf(':') + 1));
    const names = ['Provider', ...resources, ...functions.flatMap((name) => [name, `${name}Output`]), 'types'];
    assert.deepEqual(Object.keys(gitlab).sort(), names.sort());
  });
});

/** A value of the right type for every name, no two alike where the type allows. */
function samples(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, sample(name, type.replace('?', ''))]));
}

function sample(name: string, type: string): unknown {
  if (type.endsWith('[]')) return [sample(name, type.slice(0, -2))];
  if (type.startsWith('{')) return { [name]: sample(name, type.slice(1, -1)) };
  switch (type) {
    case 'string':
      return `the ${name}`;
    case 'integer':
      return [...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7);
    case 'boolean':
      return true;
    default: {
      const nested = digest.types[type];
      assert.ok(nested, `the digest mentions type ${type} and does not have it`);
      return samples(nested);
    }
  }
}

function required(fields: Fields): string[] {
  return Object.keys(fields).filter((name) => !fields[name]?.endsWith('?'));
}

/** `new gitlab[name]('it', args, opts)`, and the options that the class made of them. */
function create(name: string, args: object, opts: pulumi.CustomResourceOptions = {}) {
  const seen: pulumi.CustomResourceOptions[] = [];
  const record: pulumi.ResourceTransformation = (registration) => {
    seen.push(registration.opts);
    return undefined;
  };
  const made: unknown = Reflect.construct(exportedFunction(name), ['it', args, { ...opts, transformations: [record] }]);
  assert.ok(seen[0], `${name} was not registered`);
  return { resource: asResource(made), opts: seen[0] };
}

function exportedFunction(name: string) {
  const found = exported[name];
  assert.ok(typeof found === 'function', `@pulumi/gitlab does not export ${name}`);
  return found;
}

function staticOf(name: string, member: 'get' | 'isInstance') {
  const found: unknown = Reflect.get(exportedFunction(name), member);
  assert.ok(typeof found === 'function', `${name}.${member} is no function`);
  return found;
}

function asResource(made: unknown): pulumi.Resource {
  assert.ok(pulumi.Resource.isInstance(made));
  return made;
}

/** A registration has reached the mocks once the resource has its urn. */
function settled(resource: pulumi.Resource): Promise<unknown> {
  return valueOf(resource.urn);
}

function valueOf(output: pulumi.Output<unknown>): Promise<unknown> {
  return new Promise((resolve) => output.apply(resolve));
}
