// Builds the component: one module out of the sources, then the module together
// with its engine, with every feature of the engine that would import something
// left out. Writes dist/coverage.wasm.

import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { componentize } from '@bytecodealliance/componentize-js';
import { build } from 'esbuild';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const bundled = await build({
  entryPoints: [here('src/coverage.ts')],
  bundle: true,
  format: 'esm',
  target: 'es2022',
  write: false,
});

const { component, imports } = await componentize(bundled.outputFiles[0].text, {
  witPath: here('../../../wit/birth-policy/0.1'),
  worldName: 'coverage-plugin',
  disableFeatures: ['stdio', 'random', 'clocks', 'http', 'fetch-event'],
});
if (imports.length > 0) {
  throw new Error(`the component would import ${imports.join(', ')}`);
}
await mkdir(here('dist'), { recursive: true });
await writeFile(here('dist/coverage.wasm'), component);
