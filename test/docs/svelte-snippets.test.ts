import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile } from 'svelte/compiler';
import { describe, expect, it } from 'vitest';
import * as binding from '../../src/svelte/index.ts';

const page = readFileSync(fileURLToPath(new URL('../../docs/svelte.md', import.meta.url)), 'utf8');
const components = [...page.matchAll(/^```svelte\n(.*?)^```$/gms)].map(([, code = '']) => code);

describe('docs/svelte.md', () => {
  it('has components', () => expect(components).not.toEqual([]));

  it.for(components.map((code, index) => [`component ${index + 1}`, code] as const))(
    '%s compiles without a warning, and imports what there is',
    ([, code]) => {
      const { js, warnings } = compile(code, { generate: 'client' });
      expect(warnings.map(({ message }) => message)).toEqual([]);
      const names = [...js.code.matchAll(/import \{([^}]*)\} from 'rx-relay-pool\/svelte'/g)].flatMap(([, list = '']) =>
        list.split(',').map((name) => name.trim()),
      );
      expect(names).not.toEqual([]);
      expect(names.filter((name) => !(name in binding))).toEqual([]);
    },
  );
});
