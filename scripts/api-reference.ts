// Writes the API reference, docs/api/: a page for each subpath of the package, as tsup.config.ts builds them.
import { rmSync } from 'node:fs';
import { Application, Converter, type Context, type ProjectReflection, ReflectionKind } from 'typedoc';
import { load } from 'typedoc-plugin-markdown';
import tsup from '../tsup.config.ts';

const builds = Array.isArray(tsup) ? tsup : [];
const typed = builds.find((build) => typeof build.dts === 'object');
if (!typed?.entry || Array.isArray(typed.entry)) throw new Error('tsup.config.ts has no build of types by name');
const entries = Object.entries(typed.entry);

const packageName = 'rx-relay-pool';

const app = await Application.bootstrapWithPlugins({
  out: 'docs/api',
  entryPoints: entries.map(([, file]) => file),
  tsconfig: 'tsconfig.json',
  plugin: [load],
  readme: 'none',
  name: 'API',
  excludePrivate: true,
  excludeInternal: true,
  excludeExternals: true,
  // The docstrings of the sources are checked by the compiler and by test/docs.
  skipErrorChecking: true,
  // What is no part of the API has no page: a link to it becomes its name.
  externalSymbolLinkMappings: { [packageName]: { '*': '#' } },
  validation: { notExported: false, invalidLink: true },
  disableSources: true,
  logLevel: 'Warn',
});
// How the plugin writes: known to TypeDoc only once the plugin is there.
const markdown = {
  router: 'member',
  pageTitleTemplates: {
    module: ({ name }: { readonly name: string }) => (name === packageName ? name : `${packageName}/${name}`),
  },
  entryFileName: 'index',
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  sanitizeComments: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'list',
};
for (const [option, value] of Object.entries(markdown)) app.options.setValue(option, value);

/** Modules by what a user imports, not by the place of their file. */
const named = new Map(entries.map(([name, file]) => [file.replace(/^src\/|(\/index)?\.tsx?$/g, ''), name]));
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }: Context) => {
  for (const module of project.children ?? []) {
    const name = named.get(module.name);
    if (name === undefined) throw new Error(`${module.name} is no entry of tsup.config.ts`);
    module.name = name === 'index' ? packageName : name;
  }
  // An object that is taken apart in the list of parameters has no name of its own.
  for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter)) {
    if (parameter.name.startsWith('__namedParameters')) parameter.name = 'options';
  }
});

rmSync('docs/api', { recursive: true, force: true });
const project: ProjectReflection | undefined = await app.convert();
if (!project) throw new Error('the sources were not read');
app.validate(project);
await app.generateOutputs(project);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1;
