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

describe('schemas from the description of an API', () => {
  const files = schemasOf(description);

  it('are one a kind, named as kubeconform looks for them', () =>
    assert.deepEqual([...files.keys()].sort(), ['_definitions.json', 'other-v1.json', 'thing-apps-v1.json']));

  it('hold a kind to its own name and version', () =>
    assert.deepEqual(files.get('thing-apps-v1.json'), {
      allOf: [{ $ref: '_definitions.json#/definitions/io.k8s.api.apps.v1.Thing' }],
      properties: { apiVersion: { enum: ['apps.k8s.io/v1'] }, kind: { enum: ['Thing'] } },
      required: ['apiVersion', 'kind'],
    }));

  it('know no field that is not described, keep maps open, and drop what is for readers', () =>
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
