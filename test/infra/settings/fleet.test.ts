import { manyTags, refusalTests } from './values.ts';

describe('settings: the fleet and its tags', () =>
  refusalTests([
    {
      name: 'a stack outside its fleet',
      change: {},
      stack: 'cluster-c',
      problems: [
        'fleet: ["cluster-a","cluster-b"] does not name this stack, "cluster-c"; add it, or select another stack',
      ],
    },
    {
      name: 'a stack whose name is no cluster name',
      change: { fleet: ['cluster-a', 'cluster-b'] },
      stack: 'Cluster_A',
      problems: [
        'stack: "Cluster_A" is not a valid name of a cluster; use lower-case letters, digits and dashes, at most 40 characters',
        'fleet: ["cluster-a","cluster-b"] does not name this stack, "Cluster_A"; add it, or select another stack',
      ],
    },
    {
      name: 'a fleet of one',
      change: { fleet: ['cluster-a'] },
      problems: ['fleet: ["cluster-a"] must name at least two clusters'],
    },
    {
      name: 'a cluster that is named twice',
      change: { fleet: ['cluster-a', 'cluster-a'] },
      problems: ['fleet: ["cluster-a","cluster-a"] must not name a cluster twice'],
    },
    {
      name: 'a fleet that is no list',
      change: { fleet: 'cluster-a' },
      problems: ['fleet: "cluster-a" must be a list'],
    },
    {
      name: 'no fleet',
      change: { fleet: undefined },
      problems: ['fleet: is missing; list the names of all clusters, for example ["cluster-a", "cluster-b"]'],
    },
    {
      name: 'an empty list of own tags',
      change: { ownTags: [] },
      problems: ['ownTags: [] must name at least one tag'],
    },
    { name: 'an empty tag', change: { mainTags: [''] }, problems: ['mainTags.0: "" must not be empty'] },
    {
      name: 'a tag with a comma',
      change: { mainTags: ['a,b'] },
      problems: ['mainTags.0: "a,b" must not contain commas or line breaks, or begin or end with blanks'],
    },
    {
      name: 'a tag twice',
      change: { ownTags: ['runner-a', 'runner-a'] },
      problems: ['ownTags: ["runner-a","runner-a"] must not name a tag twice'],
    },
    {
      name: 'an own tag that is a main tag',
      change: { ownTags: ['runner-a', 'rnd-runner'] },
      problems: [
        'ownTags: "rnd-runner" is also one of mainTags; a tag either moves or stays, so remove it from one of them',
      ],
    },
    {
      name: 'more tags than GitLab takes',
      change: { ownTags: manyTags(50) },
      problems: ['ownTags: has 51 tags together with mainTags, but GitLab allows 50 for a runner; remove some'],
    },
  ]));
