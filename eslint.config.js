import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const timeAndChance =
  'Time and chance are injected: take the scheduler, the clock or the random source from the options instead.';

const rxjsOnly = "Import from 'rxjs' only: RxJS 8 has no other entry.";

/** Globals that would bring in a clock, a timer or a draw of their own. */
const forbiddenGlobals = ['setTimeout', 'setInterval', 'setImmediate', 'requestAnimationFrame'];
const forbiddenCalls = [
  { object: 'Date', property: 'now' },
  { object: 'performance', property: 'now' },
  { object: 'Math', property: 'random' },
  { object: 'crypto', property: 'getRandomValues' },
  ...['globalThis', 'window', 'self'].flatMap((object) => forbiddenGlobals.map((property) => ({ object, property }))),
];
const pureRooms = ['protocol', 'policies', 'operators', 'sources', 'pool', 'durable-outbox'].map(
  (room) => `src/${room}/**/*.ts`,
);

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'coverage/',
      '**/.cache/',
      '**/node_modules/',
      '**/dist/',
      'test/interop/',
      'examples/{angular,react,svelte}/',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/no-deprecated': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-imports': ['error', { patterns: [{ group: ['rxjs/*', '!rxjs/testing'], message: rxjsOnly }] }],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/ban-ts-comment': [
        'error',
        { 'ts-ignore': true, 'ts-expect-error': true, 'ts-nocheck': true },
      ],
      'no-restricted-imports': ['error', { patterns: [{ group: ['rxjs/*'], message: rxjsOnly }] }],
    },
  },
  {
    files: ['src/operators/**/*.ts'],
    rules: { 'max-lines': ['error', { max: 150, skipBlankLines: true, skipComments: true }] },
  },
  {
    files: pureRooms,
    rules: {
      'no-restricted-globals': ['error', ...forbiddenGlobals.map((name) => ({ name, message: timeAndChance }))],
      'no-restricted-properties': ['error', ...forbiddenCalls.map((call) => ({ ...call, message: timeAndChance }))],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: timeAndChance },
        { selector: "CallExpression[callee.name='Date']", message: timeAndChance },
      ],
    },
  },
  {
    // The one place that speaks to the console.
    files: ['src/verifiers/wasm/warn-once.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    // The one place that names the platform's random source.
    files: ['src/policies/platform-random.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Tests hand in wrong types on purpose and read what JSON.parse gives.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: { globals: { console: 'readonly', process: 'readonly', URL: 'readonly', module: 'writable' } },
  },
);
