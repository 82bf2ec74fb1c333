/** The rooms from the top down: an import points down this list, or to a sibling in the same room. */
const rooms = ['testing', 'pool', 'sources', 'operators', 'verifiers', 'policies', 'protocol'];

const room = (name) => `^src/${name}/`;

const upward = rooms.slice(1).map((name, index) => ({
  name: `${name}-imports-only-down`,
  comment: `${name} is below ${rooms.slice(0, index + 1).join(', ')}.`,
  severity: 'error',
  from: { path: room(name) },
  to: { path: rooms.slice(0, index + 1).map(room) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'rooms-do-not-know-the-surface',
      comment:
        'index.ts re-exports the rooms. Only the folders above it (angular, react, ...) may import it or each other.',
      severity: 'error',
      from: { path: `^src/(${rooms.join('|')})/` },
      to: { path: '^src/', pathNot: `^src/(${rooms.join('|')})/` },
    },
    {
      name: 'surface-without-extras',
      comment: 'index.ts goes to browsers: testing (Node only) and the folders above index have subpaths of their own.',
      severity: 'error',
      from: { path: '^src/index\\.ts$' },
      to: { path: '^src/', pathNot: `^src/(${rooms.slice(1).join('|')})/` },
    },
    {
      name: 'extras-stand-apart',
      comment: 'Each folder above index is a subpath of its own with its own optional peer.',
      severity: 'error',
      from: { path: '^src/([^/]+)/', pathNot: `^src/(${rooms.join('|')}|cli)/` },
      to: { path: '^src/[^/]+/', pathNot: ['^src/$1/', `^src/(${rooms.join('|')})/`] },
    },
    {
      name: 'cli-uses-what-users-may',
      comment:
        'The command line is a program beside the library: it imports what is published, and is loaded by nobody.',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: {
        path: '^src/',
        pathNot: [
          '^src/cli/',
          '^src/index\\.ts$',
          '^src/[^/]+/index\\.ts$',
          '^src/dashboard/serve-dashboard\\.node\\.ts$',
        ],
      },
    },
    {
      name: 'cli-is-no-library',
      comment: 'Nothing imports the command line.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'durable-outbox-goes-to-browsers',
      comment: 'The durable outbox runs in pages too: testing is for Node only.',
      severity: 'error',
      from: { path: '^src/durable-outbox/' },
      to: { path: '^src/testing/' },
    },
    {
      name: 'level-behind-a-store',
      comment: 'level is an optional peer: only the store that is made of it, in Node, may import it.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/durable-outbox/level-store\\.node\\.ts$' },
      to: { path: '(^|/)node_modules/(abstract-|browser-|classic-)?level/' },
    },
    {
      name: 'plots-in-the-dashboard',
      comment: 'uplot is built into what imports it: only the dashboard may.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/dashboard/latency-plot\\.ts$' },
      to: { path: '(^|/)node_modules/uplot/' },
    },
    {
      name: 'no-circles',
      comment: 'Circles are forbidden, those of types too.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'A file that nothing imports and that imports nothing is dead.',
      severity: 'error',
      from: { orphan: true, pathNot: '\\.((node|browser)|d)\\.ts$' },
      to: {},
    },
    {
      name: 'policies-are-plain',
      comment: 'Policies and the protocol decide and translate: no rxjs, no platform.',
      severity: 'error',
      from: { path: '^src/(policies|protocol)/' },
      to: { path: ['node_modules/(rxjs|ws)/'] },
    },
    {
      name: 'platform-behind-a-seam',
      comment:
        'What only Node has (its modules, ws) sits in *.node.ts, chosen by "imports" of package.json, or in testing.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['\\.node\\.ts$', '^src/testing/'] },
      to: { path: '(^|/)node_modules/ws/' },
    },
    {
      name: 'node-modules-behind-a-seam',
      comment:
        'What only Node has (its modules, ws) sits in *.node.ts, chosen by "imports" of package.json, or in testing.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['\\.node\\.ts$', '^src/(testing|cli)/'] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'declared-dependencies',
      comment:
        'What src imports must be a dependency or a peer, not a tool of ours; uplot is built into the dashboard.',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        pathNot: '(^|/)node_modules/uplot/',
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['npm', 'npm-peer', 'type-only'],
      },
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'src-stands-alone',
      comment: 'src must not import tests, examples or scripts.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|examples|scripts|bench|docs)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
