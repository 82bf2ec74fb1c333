// What a new user does: an empty folder, this package as it would be published, each framework's own starter, and the first page of the guide to the letter.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'new-user-'));
const quiet = {
  npm_config_fund: 'false',
  npm_config_audit: 'false',
  npm_config_loglevel: 'error',
  NG_CLI_ANALYTICS: 'false',
};

const run = (cwd, command, ...args) =>
  execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...quiet },
  });

/** The blocks of a page in one language, and the text that each is to print where there is one. */
function blocksOf(page, language) {
  const text = readFileSync(join(ROOT, 'docs', page), 'utf8');
  const pattern = new RegExp('^```' + language + '( run)?\\n([^]*?)^```$(?:\\n\\n```text\\n([^]*?)^```$)?', 'gm');
  return [...text.matchAll(pattern)].map(([, runs, code, output]) => ({ runs: runs !== undefined, code, output }));
}

/** The first block of a page. */
function firstOf(page, language) {
  const [first] = blocksOf(page, language);
  if (!first) throw new Error(`There is no ${language} in ${page}.`);
  return first.code;
}

/** `npm install` as the page says it, the package being the packed one. */
function install(cwd, page, tarball) {
  const [, names] = firstOf(page, 'sh').match(/^npm install (.+)$/m) ?? [];
  if (!names) throw new Error(`${page} does not say how to install.`);
  run(cwd, 'npm', 'install', ...names.split(' ').map((name) => (name === 'rx-relay-pool' ? tarball : name)));
}

function built(cwd, output) {
  run(cwd, 'npm', 'run', 'build');
  const files = readdirSync(join(cwd, output), { recursive: true }).filter((name) => String(name).endsWith('.js'));
  if (files.length === 0) throw new Error(`There is no script in ${output}.`);
  return files.length;
}

/** The version of the builder of the example app: a registry may have a newer starter without the builder that goes with it. */
function angularVersion() {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'examples/angular/package-lock.json'), 'utf8'));
  return packages['node_modules/@angular/build'].version;
}

const steps = {
  Node(tarball) {
    const cwd = join(folder, 'node');
    mkdirSync(cwd);
    writeFileSync(join(cwd, 'package.json'), '{ "type": "module", "private": true }');
    install(cwd, 'getting-started.md', tarball);
    run(cwd, 'npm', 'install', 'tsx');
    const blocks = blocksOf('getting-started.md', 'ts').filter(({ runs }) => runs);
    for (const [index, { code, output }] of blocks.entries()) {
      writeFileSync(join(cwd, `${index}.ts`), code);
      const printed = run(cwd, 'npx', 'tsx', `${index}.ts`);
      if (output !== undefined && printed.trim() !== output.trim()) {
        throw new Error(`Block ${index + 1} of the page printed\n${printed}instead of\n${output}`);
      }
    }
    const version = run(cwd, 'npx', 'rx-relay-pool', '--version').trim();
    return `${blocks.length} programs of the page print what it says; the command line is there, ${version}`;
  },
  React(tarball) {
    run(folder, 'npm', 'create', '--yes', 'vite@latest', 'react', '--', '--template', 'react-ts', '--no-interactive');
    const cwd = join(folder, 'react');
    run(cwd, 'npm', 'install');
    install(cwd, 'react.md', tarball);
    writeFileSync(join(cwd, 'src/main.tsx'), firstOf('react.md', 'tsx'));
    return `built, ${built(cwd, 'dist')} scripts`;
  },
  Svelte(tarball) {
    run(folder, 'npm', 'create', '--yes', 'vite@latest', 'svelte', '--', '--template', 'svelte', '--no-interactive');
    const cwd = join(folder, 'svelte');
    run(cwd, 'npm', 'install');
    install(cwd, 'svelte.md', tarball);
    const [top, below] = blocksOf('svelte.md', 'svelte');
    writeFileSync(join(cwd, 'src/Top.svelte'), top.code);
    writeFileSync(join(cwd, 'src/Notes.svelte'), below.code);
    const imports = "import Top from './Top.svelte';\n  import Notes from './Notes.svelte';";
    const app = `<script>\n  ${imports}\n</script>\n\n<Top><Notes author={'a'.repeat(64)} /></Top>\n`;
    writeFileSync(join(cwd, 'src/App.svelte'), app);
    return `built, ${built(cwd, 'dist')} scripts`;
  },
  Angular(tarball) {
    run(
      folder,
      'npx',
      '--yes',
      `@angular/cli@${angularVersion()}`,
      'new',
      'angular',
      '--defaults',
      '--skip-git',
      '--skip-tests',
      '--ssr=false',
    );
    const cwd = join(folder, 'angular');
    install(cwd, 'angular.md', tarball);
    writeFileSync(join(cwd, 'src/app/notes.ts'), firstOf('angular.md', 'ts'));
    writeFileSync(
      join(cwd, 'src/main.ts'),
      `import { Component } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { config, Notes } from './app/notes';

@Component({ selector: 'app-root', imports: [Notes], template: '<app-notes [author]="author" />' })
class App {
  readonly author = 'a'.repeat(64);
}

void bootstrapApplication(App, config);
`,
    );
    return `built, ${built(cwd, 'dist')} scripts`;
  },
};

try {
  const [{ filename }] = JSON.parse(
    run(ROOT, 'npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', folder),
  );
  // `npm run test:new-user -- Angular` takes one of them.
  const wanted = process.argv.slice(2);
  for (const [name, step] of Object.entries(steps)) {
    if (wanted.length === 0 || wanted.includes(name)) console.log(`${name}: ${step(join(folder, filename))}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
