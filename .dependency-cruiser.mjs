// Which folder may import which: `npm run check:arrows`.
// A file belongs to the longest entry of ARROWS that its path begins with. It may import the files of its own entry, the folders in
// `may`, the packages in `packages`, and Node's modules if `node` is true. Imports of types count. No import may close a circle.

/** I/O as the use cases see it, and the events of the log. */
const PORTS = ['runtime/ports.ts', 'runtime/log-events.ts'];
const ADAPTERS = 'runtime/adapters';
const CORE = 'runtime/core';
const MODEL = 'runtime/core/model';
const FLEET = 'runtime/fleet';
/** The config's schema, the times and their rules, and the labels of the cluster's objects. */
const BASE = ['runtime/config.ts', 'runtime/values.ts', 'runtime/expiries.ts', 'runtime/timing.ts', 'runtime/names.ts'];

const PULUMI = ['@pulumi/pulumi', '@pulumi/kubernetes'];
const GITLAB_SDK = 'sdks/gitlab';
const INFRA = ['infra/names.ts', 'infra/providers.ts', 'infra/settings', 'infra/kubernetes'];

const ARROWS = {
  // Decisions: plain data in, plain data out. No I/O and no clock.
  'runtime/names.ts': {},
  'runtime/timing.ts': {},
  'runtime/values.ts': { packages: ['zod'], node: true },
  'runtime/expiries.ts': { packages: ['zod'] },
  'runtime/config.ts': { may: ['runtime/timing.ts', 'runtime/values.ts'], packages: ['zod'] },
  'runtime/core/model': { may: BASE, packages: ['zod'] },
  'runtime/core/decision': { may: [...BASE, MODEL], packages: ['zod'] },
  'runtime/core/outlook': { may: [...BASE, MODEL, 'runtime/core/decision'] },
  'runtime/core/page': { may: [...BASE, MODEL, 'runtime/core/decision', 'runtime/core/outlook'] },
  'runtime/core/evidence': { may: ['runtime/timing.ts', MODEL] },

  // I/O: an adapter knows the ports and the model, and of the other adapters only the HTTP client.
  'runtime/log-events.ts': {},
  'runtime/ports.ts': { may: ['runtime/log-events.ts', MODEL] },
  'runtime/adapters/http': { may: [MODEL], node: true },
  'runtime/adapters/gitlab': {
    may: [...BASE, ...PORTS, MODEL, 'runtime/adapters/http'],
    packages: ['@gitbeaker/rest', '@gitbeaker/requester-utils', 'zod'],
    node: true,
  },
  'runtime/adapters/kubernetes': { may: [...BASE, ...PORTS, MODEL], packages: ['zod'], node: true },
  'runtime/adapters/webhook': { may: [...PORTS, MODEL, 'runtime/adapters/http'], node: true },
  'runtime/adapters/process': { may: [...BASE, ...PORTS, MODEL], packages: ['zod'], node: true },
  'runtime/adapters/metrics': { node: true },

  // Use cases. Only the entries and the command line choose adapters.
  'runtime/fleet': { may: [...BASE, ...PORTS, CORE] },
  'runtime/operator': { may: [...BASE, ...PORTS, CORE, FLEET] },
  'runtime/checker': {
    may: [...BASE, ...PORTS, CORE, FLEET, 'runtime/adapters/metrics'],
    packages: ['zod'],
    node: true,
  },
  'runtime/checker/main.ts': {
    may: [...BASE, ...PORTS, CORE, FLEET, ADAPTERS, 'runtime/checker'],
    packages: ['zod'],
    node: true,
  },
  'runtime/sidecar': {
    may: [...BASE, ...PORTS, MODEL, 'runtime/core/evidence', 'runtime/adapters/metrics', 'runtime/adapters/process'],
    packages: ['zod'],
    node: true,
  },
  'runtime/sidecar/main.ts': {
    may: [...BASE, ...PORTS, MODEL, 'runtime/core/evidence', ADAPTERS, 'runtime/sidecar'],
    packages: ['zod'],
    node: true,
  },
  'runtime/cli': {
    may: [...BASE, ...PORTS, CORE, FLEET, ADAPTERS, 'runtime/operator'],
    packages: ['tsx', 'yaml', 'zod'],
    node: true,
  },

  // The Pulumi program. Its parts do not know each other.
  'infra/names.ts': { may: ['runtime/names.ts'] },
  'infra/providers.ts': { may: ['infra/settings', GITLAB_SDK], packages: PULUMI },
  'infra/settings': {
    may: [...BASE, CORE, 'infra/names.ts', 'infra/kubernetes'],
    packages: ['@pulumi/pulumi', 'smol-toml', 'zod'],
    node: true,
  },
  'infra/kubernetes': { may: [...BASE, 'infra/names.ts', 'infra/settings'], packages: PULUMI },
  'infra/gitlab': { may: [...BASE, 'infra/names.ts', 'infra/settings', GITLAB_SDK], packages: PULUMI },
  'infra/runners': {
    may: [...BASE, ...INFRA, 'infra/gitlab', GITLAB_SDK, 'runtime/sidecar/health.ts'],
    packages: [...PULUMI, 'smol-toml'],
  },
  'infra/checker': { may: [...BASE, ...INFRA, 'infra/gitlab'], packages: PULUMI },
  'infra/monitoring': { may: [...BASE, CORE, 'infra/names.ts', 'infra/settings'], packages: PULUMI, node: true },
  'infra/bundle': { may: ['runtime/cli/output-schema.ts'], packages: ['esbuild'], node: true },
  'infra/render': { may: ['infra'], packages: ['@pulumi/pulumi', 'yaml', 'zod'], node: true },
  infra: {
    may: [
      ...[...BASE, ...INFRA, 'infra/bundle', 'infra/checker', 'infra/gitlab', 'infra/monitoring', 'infra/runners'],
      ...[FLEET, 'runtime/operator', ADAPTERS],
    ],
    packages: PULUMI,
    node: true,
  },

  'sdks/gitlab': { packages: ['@pulumi/pulumi'], node: true },

  // What tries the product may know it. The product knows none of these.
  tools: { may: ['infra', 'runtime'], anything: true },
  lab: { may: ['infra', 'runtime', 'tools'], anything: true },
  simulation: { may: ['runtime', 'lab'], anything: true },
  test: { may: ['runtime', 'infra', 'lab', 'sdks', 'simulation', 'tools'], anything: true },
};

const escaped = (text) => text.replaceAll(/[.\\]/g, '\\$&');
const under = (path) => `^${escaped(path)}(/|$)`;
const LOCAL = '^(runtime|infra|lab|sdks|simulation|test|tools)/';

const rules = Object.entries(ARROWS).flatMap(([entry, { may = [], packages = [], node = false, anything = false }]) => {
  const from = {
    path: under(entry),
    pathNot: Object.keys(ARROWS)
      .filter((other) => other.startsWith(`${entry}/`))
      .map(under),
  };
  // `infra` may import its own files only: what lies in an entry below it is another's.
  const own = `^${escaped(entry)}/[^/]*$|${from.pathNot.length === 0 ? under(entry) : 'a^'}`;
  const folders = { path: LOCAL, pathNot: [own, ...may.map(under)] };
  const outside = { path: 'node_modules/', pathNot: packages.map((name) => `node_modules/${escaped(name)}/`) };
  return [
    { name: `${entry}: folder`, from, to: folders },
    ...(anything ? [] : [{ name: `${entry}: package`, from, to: outside }]),
    ...(anything || node ? [] : [{ name: `${entry}: no Node modules`, from, to: { dependencyTypes: ['core'] } }]),
  ].map((rule) => ({ severity: 'error', ...rule }));
});

export default {
  forbidden: [
    ...rules,
    {
      name: 'no entry',
      comment: 'A folder needs an entry in ARROWS.',
      severity: 'error',
      from: { path: LOCAL, pathNot: Object.keys(ARROWS).map(under) },
      to: {},
    },
    { name: 'circle', severity: 'error', from: {}, to: { circular: true } },
    { name: 'not found', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
    },
  },
};
