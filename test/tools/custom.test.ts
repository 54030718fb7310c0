/** kubeconform's schemas of custom resources, from a definition that is small enough to read. */
import assert from 'node:assert/strict';
import { customSchemasOf } from '../../tools/scan/custom.ts';

describe('a schema that is made from a custom resource definition', () => {
  const spec = {
    type: 'object',
    description: 'What is wanted.',
    properties: {
      port: { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
      rules: { type: 'array', items: { type: 'object', properties: { description: { type: 'string' } } } },
      free: { type: 'object', properties: {}, 'x-kubernetes-preserve-unknown-fields': true },
    },
  };
  const properties = { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { type: 'object' }, spec };
  const files = customSchemasOf({
    spec: {
      group: 'monitoring.example.com',
      names: { kind: 'Watch' },
      versions: [{ name: 'v1', schema: { openAPIV3Schema: { type: 'object', properties } } }],
    },
  });

  it('has one schema for each version, which refuses another kind and an undescribed field', () =>
    assert.deepEqual(Object.fromEntries(files), {
      'watch-monitoring-v1.json': {
        type: 'object',
        properties: {
          apiVersion: { enum: ['monitoring.example.com/v1'] },
          kind: { enum: ['Watch'] },
          metadata: { type: 'object' },
          spec: {
            type: 'object',
            properties: {
              port: { anyOf: [{ type: 'integer' }, { type: 'string' }] },
              labels: { type: 'object', additionalProperties: { type: 'string' } },
              rules: {
                type: 'array',
                items: {
                  type: 'object',
                  properties: { description: { type: 'string' } },
                  additionalProperties: false,
                },
              },
              free: { type: 'object', properties: {} },
            },
            additionalProperties: false,
          },
        },
        additionalProperties: false,
        required: ['apiVersion', 'kind', 'spec'],
      },
    }));
});
