import ts from 'typescript';

/** A fenced block of TypeScript in a document or a docstring. */
export interface Snippet {
  /** The file it stands in, as it was handed in. */
  readonly file: string;
  /** The line of its first line of code in that file, counted from 1. */
  readonly line: number;
  readonly code: string;
  /** Marked ```ts run: it is executed too. */
  readonly run: boolean;
  /** Whether it is a ```tsx block, with elements in it. */
  readonly jsx?: true;
  /** The ```text block right behind one that is run, blank lines aside: the whole of what it prints. */
  readonly output?: string;
}

/** Every ```ts and ```tsx block of a Markdown file. Throws on a fence that is never closed: what follows would go unchecked. */
export function snippetsOfMarkdown(file: string, text: string): Snippet[] {
  return snippetsOfLines(file, text.split('\n'), 1);
}

/** The ```ts blocks under an `@example` tag in the docstrings of a TypeScript file. */
export function snippetsOfSource(file: string, text: string): Snippet[] {
  const snippets: Snippet[] = [];
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length;
  for (const match of text.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    const lines = match[0]
      .slice(3, -2)
      .split('\n')
      .map((line) => line.replace(/^\s*\* ?/, ''));
    const firstLine = lineAt(match.index);
    for (const [start, end] of exampleRanges(lines)) {
      snippets.push(...snippetsOfLines(file, lines.slice(start, end), firstLine + start));
    }
  }
  return snippets;
}

/** From each `@example` to the next tag; an `@` inside a fence is code. */
function exampleRanges(lines: readonly string[]): [start: number, end: number][] {
  const ranges: [number, number][] = [];
  let start = -1;
  let inFence = false;
  lines.forEach((line, index) => {
    if (/^\s*```/.test(line)) inFence = !inFence;
    else if (!inFence && /^\s*@\w/.test(line)) {
      if (start >= 0) ranges.push([start, index]);
      start = /^\s*@example\b/.test(line) ? index : -1;
    }
  });
  if (start >= 0) ranges.push([start, lines.length]);
  return ranges;
}

function snippetsOfLines(file: string, lines: readonly string[], firstLine: number): Snippet[] {
  const snippets: Snippet[] = [];
  let open: { info: string; indent: number; line: number; code: string[] } | undefined;
  let printsNext = false;
  lines.forEach((line, index) => {
    const fence = /^(\s*)```\s*(.*?)\s*$/.exec(line);
    if (!fence) {
      if (open) open.code.push(line.slice(Math.min(open.indent, line.length - line.trimStart().length)));
      else if (line.trim() !== '') printsNext = false;
    } else if (!open)
      open = { info: fence[2] ?? '', indent: fence[1]?.length ?? 0, line: firstLine + index + 1, code: [] };
    else {
      const [language, ...words] = open.info.split(/\s+/);
      const code = open.code.join('\n');
      const printing = printsNext ? snippets.at(-1) : undefined;
      const isTypeScript = language === 'ts' || language === 'typescript' || language === 'tsx';
      const jsx = language === 'tsx' ? { jsx: true as const } : {};
      if (isTypeScript) snippets.push({ file, line: open.line, code, run: words.includes('run'), ...jsx });
      else if (printing && language === 'text') snippets.splice(-1, 1, { ...printing, output: code });
      printsNext = isTypeScript && words.includes('run');
      open = undefined;
    }
  });
  if (open) throw new Error(`${file}:${open.line - 1}: this fence is never closed`);
  return snippets;
}

/**
 * Type-checks snippets in one program against the sources and returns the problems as `file:line: message`, the line being that
 * of the document. `paths` maps what a snippet imports to the file that it means.
 */
export function typeCheck(root: string, snippets: readonly Snippet[], paths: Record<string, string[]>): string[] {
  const { config } = ts.readConfigFile(`${root}/tsconfig.json`, (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
  const virtual = new Map(
    snippets.map((snippet, index) => [`${root}/snippet-${index}.${snippet.jsx ? 'tsx' : 'ts'}`, snippet]),
  );

  const compilerOptions: ts.CompilerOptions = {
    ...options,
    baseUrl: root,
    paths,
    noEmit: true,
    jsx: ts.JsxEmit.ReactJSX,
    // As Angular's own compiler has it.
    experimentalDecorators: true,
  };
  const host = ts.createCompilerHost(compilerOptions);
  const { fileExists, readFile } = host;
  // Each snippet is a module of its own, so that names do not meet.
  const codeOf = (path: string): string | undefined => {
    const snippet = virtual.get(path);
    return snippet && `${snippet.code}\nexport {};`;
  };
  host.fileExists = (path) => virtual.has(path) || fileExists(path);
  host.readFile = (path) => codeOf(path) ?? readFile(path);

  const program = ts.createProgram([...virtual.keys()], compilerOptions, host);
  return [...virtual].flatMap(([path, snippet]) => {
    const file = program.getSourceFile(path);
    if (!file) return [`${snippet.file}:${snippet.line}: this snippet was not read`];
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map((diagnostic) => {
      const { line } = file.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
      return `${snippet.file}:${snippet.line + line}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`;
    });
  });
}

/**
 * The exported names of an entry file that lack a docstring, or an example in it. A name counts as documented where it is
 * declared, whichever file that is.
 */
export function undocumentedExports(root: string, entries: readonly string[]): string[] {
  const { config } = ts.readConfigFile(`${root}/tsconfig.json`, (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
  const files = entries.map((entry) => `${root}/${entry}`);
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();
  return files.flatMap((path, index) => {
    const file = program.getSourceFile(path);
    const module = file && checker.getSymbolAtLocation(file);
    if (!module) return [`${entries[index]}: exports nothing`];
    return checker.getExportsOfModule(module).flatMap((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const hasText = symbol.getDocumentationComment(checker).length > 0;
      const hasExample = symbol.getJsDocTags(checker).some((tag) => tag.name === 'example');
      if (hasText && hasExample) return [];
      return [`${entries[index]}: ${exported.name} has no ${hasText ? '@example' : 'docstring'}`];
    });
  });
}
