/** kubeconform's schemas, from a description of an API that is small enough to read. */
import assert from 'node:assert/strict';
import { schemasOf } from '../../tools/scan/openapi.ts';

const description = {
  paths: {},
  definitions: {
    'io.k8s.api.apps.v1.Thing': {
      description: 'A thing.',
      type: 'object',
      required: ['spec'],
      properties: {
        apiVersion: { description: 'Which.', type: 'string' },
        kind: { type: 'string' },
        spec: { $ref: '#/definitions/io.k8s.api.apps.v1.ThingSpec', description: 'What is wanted.' },
      },
      'x-kubernetes-group-version-kind': [{ group: 'apps.k8s.io', version: 'v1', kind: 'Thing' }],
    },
    'io.k8s.api.apps.v1.ThingSpec': {
      type: 'object',
      properties: {
        description: { type: 'string' },
        size: { $ref: '#/definitions/io.k8s.apimachinery.pkg.api.resource.Quantity' },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
      },
    },
    'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: 'string' },
    'io.k8s.api.core.v1.Other': {
      type: 'object',
      'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'Other' }],
    },
  },
};

describe('a schema that is made from an OpenAPI description', () => {
  const files = schemasOf(description);

  it('has one file for each kind, with the name that kubeconform expects', () =>
    assert.deepEqual([...files.keys()].sort(), ['_definitions.json', 'other-v1.json', 'thing-apps-v1.json']));

  it('accepts an object only with its own kind and apiVersion', () =>
    assert.deepEqual(files.get('thing-apps-v1.json'), {
      allOf: [{ $ref: '_definitions.json#/definitions/io.k8s.api.apps.v1.Thing' }],
      properties: { apiVersion: { enum: ['apps.k8s.io/v1'] }, kind: { enum: ['Thing'] } },
      required: ['apiVersion', 'kind'],
    }));

  it('refuses undescribed fields, accepts any key of a map, and has no descriptions', () =>
    assert.deepEqual(files.get('_definitions.json'), {
      definitions: {
        'io.k8s.api.apps.v1.Thing': {
          type: 'object',
          required: ['spec'],
          properties: {
            apiVersion: { type: 'string' },
            kind: { type: 'string' },
            spec: { $ref: '#/definitions/io.k8s.api.apps.v1.ThingSpec' },
          },
          additionalProperties: false,
        },
        'io.k8s.api.apps.v1.ThingSpec': {
          type: 'object',
          properties: {
            description: { type: 'string' },
            size: { $ref: '#/definitions/io.k8s.apimachinery.pkg.api.resource.Quantity' },
            labels: { type: 'object', additionalProperties: { type: 'string' } },
          },
          additionalProperties: false,
        },
        'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: ['string', 'number'] },
        'io.k8s.api.core.v1.Other': { type: 'object' },
      },
    }));
});
