import assert from 'node:assert/strict';
import { labelsOf, namesOf, selectorOf } from '../../infra/names.ts';

const LONGEST = 'c'.repeat(40);

describe('names', () => {
  it('have at most the length that Kubernetes allows, for the longest cluster name', () => {
    const names = namesOf(LONGEST);
    // A CronJob appends 11 characters to make its Jobs' names, of which 63 are allowed.
    assert.ok(names.checker.length <= 52, names.checker);
    assert.ok(names.runner.length <= 63, names.runner);
    for (const value of Object.values(labelsOf(LONGEST, 'checker'))) assert.ok(value.length <= 63, value);
  });

  it('differ between clusters, so that two stacks may share a Kubernetes cluster', () => {
    const a = JSON.stringify(namesOf('cluster-a'));
    const b = JSON.stringify(namesOf('cluster-b'));
    assert.equal(a.replaceAll('cluster-a', 'cluster-b'), b);
    for (const name of Object.values(namesOf('cluster-a').tokens)) assert.match(name, /cluster-a/);
  });

  it('select the pods of one part of one cluster', () => {
    assert.notDeepEqual(selectorOf('a', 'runner'), selectorOf('a', 'checker'));
    assert.notDeepEqual(selectorOf('a', 'runner'), selectorOf('b', 'runner'));
    for (const [key, value] of Object.entries(selectorOf('a', 'runner')))
      assert.equal(labelsOf('a', 'runner')[key], value);
  });
});
