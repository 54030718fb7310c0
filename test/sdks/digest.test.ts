import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { digestFile, digestOf, digestSchema, FUNCTIONS } from './digest.ts';

const schemaFile = fileURLToPath(new URL('../../../shared/design/gitlab-schema.json', import.meta.url));

describe('the digest of the provider schema', () => {
  it('matches the schema beside the checkout', function () {
    if (!existsSync(schemaFile)) this.skip();
    const schema: unknown = JSON.parse(readFileSync(schemaFile, 'utf8'));
    const digest = digestSchema.parse(JSON.parse(readFileSync(digestFile, 'utf8')));
    // The schema is an extract, made before the program used getMetadata: that entry is from the Python package of the release.
    const { 'gitlab:index/getMetadata:getMetadata': _function, ...functions } = digest.functions;
    const { GetMetadataKas: _type, ...types } = digest.types;
    const names = FUNCTIONS.filter((name) => name !== 'getMetadata');
    assert.deepEqual({ ...digest, functions, types }, digestOf(schema, names));
  });

  it('contains the names, types, required marks and secrets of a schema, and the nested types in use', () => {
    const object = { properties: {} };
    const resource = { ...object, inputProperties: {} };
    const runner = {
      properties: { tags: { type: 'array', items: { type: 'string' } }, token: { type: 'string', secret: true } },
      required: ['tags', 'token'],
      inputProperties: {
        rules: { type: 'array', items: { $ref: '#/types/gitlab:index/Rule:Rule' } },
        kind: { type: 'string' },
      },
      requiredInputs: ['kind'],
    };
    const others = ['Project', 'GroupAccessToken', 'ProjectAccessToken', 'BranchProtection'].map((name) => [
      `gitlab:index/${name.charAt(0).toLowerCase()}${name.slice(1)}:${name}`,
      resource,
    ]);
    const digest = digestOf({
      version: '1.2.3',
      provider: resource,
      resources: { 'gitlab:index/userRunner:UserRunner': runner, ...Object.fromEntries(others) },
      functions: {
        'gitlab:index/getProject:getProject': { outputs: object },
        'gitlab:index/getGroup:getGroup': { outputs: object },
        'gitlab:index/getMetadata:getMetadata': { outputs: object },
      },
      types: {
        'gitlab:index/Rule:Rule': { properties: { deep: { $ref: '#/types/gitlab:index/Deep:Deep' } } },
        'gitlab:index/Deep:Deep': {
          properties: { counts: { type: 'object', additionalProperties: { type: 'integer' } } },
          required: ['counts'],
        },
        'gitlab:index/Unused:Unused': object,
      },
    });
    assert.deepEqual(digest.resources['gitlab:index/userRunner:UserRunner'], {
      inputs: { rules: 'Rule[]?', kind: 'string' },
      outputs: { tags: 'string[]', token: 'string' },
      secrets: ['token'],
    });
    assert.deepEqual(digest.types, { Rule: { deep: 'Deep?' }, Deep: { counts: '{integer}' } });
  });

  it('names a resource that a schema lacks', () => {
    const empty = { properties: {}, inputProperties: {} };
    const schema = { version: '1.2.3', provider: empty, resources: {}, functions: {}, types: {} };
    assert.throws(() => digestOf(schema), /no resource gitlab:index\/userRunner:UserRunner/);
  });
});
