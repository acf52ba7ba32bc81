/**
 * Bundles everything that runs into dist/: the command line and the workers as ES modules that share chunks, the
 * extension as CommonJS (VS Code requires it), the browser code of the panel and of the notebook renderer.
 * `--watch` does so again whenever a source changes, for the debugger: readable, with source maps.
 */
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, context } from 'esbuild';
import { bundledPackages, writeBill } from './bundled.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');

/** Bundled CommonJS packages use `require` and `__dirname`; an ES module has neither. */
const REQUIRE = [
  "import { createRequire as makeRequire } from 'node:module';",
  "import { dirname as directoryOf } from 'node:path';",
  "import { fileURLToPath as pathOf } from 'node:url';",
  'const require = makeRequire(import.meta.url), __filename = pathOf(import.meta.url), __dirname = directoryOf(__filename);',
].join(' ');

const shared = { absWorkingDir: root, bundle: true, minify: true, legalComments: 'none', logLevel: 'warning' };
const node = { ...shared, platform: 'node', target: 'node22', mainFields: ['module', 'main'] };

/** danfojs brings packages that are abandoned, large or native; one TensorFlow.js is enough, and the rest has stand-ins. */
const DANFO = {
  '@tensorflow/tfjs-node': '@tensorflow/tfjs',
  request: './src/notebook/danfo/request.ts',
  'node-fetch': './src/notebook/danfo/nodeFetch.ts',
  xlsx: './src/notebook/danfo/xlsx.ts',
};

export async function buildAll() {
  prepareDist();
  const built = await Promise.all(bundles().map((bundle) => build({ ...bundle, metafile: true })));
  const packages = bundledPackages(
    built.map(({ metafile }) => metafile),
    root,
    COPIED.map((name) => join(root, 'node_modules', name)),
  );
  writeBill(packages, root);
  writeFileSync(join(dist, '.built'), new Date().toISOString());
}

/** Watches until the process ends. It leaves no `.built`, so that whatever needs a build for users makes one. */
async function watchAll() {
  prepareDist();
  const wanted = bundles();
  const unbuilt = new Set(wanted);
  console.log(BUILDING);
  const contexts = await Promise.all(
    wanted.map((bundle) =>
      context({ ...bundle, minify: false, sourcemap: 'inline', plugins: [progress(bundle, unbuilt)] }),
    ),
  );
  await Promise.all(contexts.map((each) => each.watch()));
}

/** `.vscode/tasks.json` waits for these lines. */
const BUILDING = 'Building …';
const WATCHING = 'Waiting for changes …';

/** Says when the first of the bundles is being built again, and when the last of them is built. */
function progress(bundle, unbuilt) {
  return {
    name: 'progress',
    setup({ onStart, onEnd }) {
      onStart(() => {
        if (unbuilt.size === 0) console.log(BUILDING);
        unbuilt.add(bundle);
      });
      onEnd(() => {
        unbuilt.delete(bundle);
        if (unbuilt.size === 0) console.log(WATCHING);
      });
    },
  };
}

function bundles() {
  return [commandLineAndWorkers(), extension(), panel(), renderer()];
}

function prepareDist() {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  copyWasm();
}

function commandLineAndWorkers() {
  const workers = readdirSync(join(root, 'src/worker')).filter((name) => name.endsWith('.ts'));
  return {
    ...node,
    entryPoints: {
      cli: 'src/cli/main.ts',
      kernel: 'src/notebook/kernel.ts',
      planner: 'src/planner/thread.ts',
      // A worker's entry stands directly in src/worker and starts itself; who starts it is in src/worker/threads.
      ...Object.fromEntries(workers.map((name) => [`worker/${name.slice(0, -3)}`, `src/worker/${name}`])),
    },
    alias: DANFO,
    // danfojs asks for it in a browser only.
    external: ['plotly.js-dist-min'],
    format: 'esm',
    splitting: true,
    outdir: 'dist',
    chunkNames: 'chunks/[name]-[hash]',
    banner: { js: REQUIRE },
  };
}

function extension() {
  return {
    ...node,
    entryPoints: { extension: 'src/extension.ts' },
    format: 'cjs',
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
    external: ['vscode'],
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  };
}

function panel() {
  return {
    ...shared,
    entryPoints: ['webview/panel.ts'],
    format: 'iife',
    target: 'es2022',
    outdir: 'dist/webview',
  };
}

function renderer() {
  return {
    ...shared,
    entryPoints: { renderer: 'webview/renderer/renderer.ts' },
    format: 'esm',
    target: 'es2022',
    outdir: 'dist/webview',
  };
}

/** Packages of which files are copied as they are. */
const COPIED = ['@tensorflow/tfjs-backend-wasm', 'highs'];

/** TensorFlow.js takes the one for threads in a browser only. */
function copyWasm() {
  const from = join(root, 'node_modules/@tensorflow/tfjs-backend-wasm/dist');
  for (const file of readdirSync(from).filter((name) => name.endsWith('.wasm') && !name.includes('threaded')))
    copyFileSync(join(from, file), join(dist, file));
  copyFileSync(join(root, 'node_modules/highs/build/highs.wasm'), join(dist, 'highs.wasm'));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await (process.argv.includes('--watch') ? watchAll() : buildAll());
