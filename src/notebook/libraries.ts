import { resolve } from 'node:path';
import { loadEngine } from '../io/engine.ts';
import { makeStowage } from './api.ts';
import { loadDanfo } from './danfo/danfo.ts';
import type { KernelContext, MimeBundle } from './messages.ts';
import { makePlotly } from './plotly.ts';
import type { Runner } from './runner.ts';
import { ALREADY_SHOWN, bundleOf, rowsBundle } from './show.ts';

/** What every cell finds without importing it. */
export const LIBRARY_NAMES = ['stowage', 'tf', 'dfd', 'Plotly', 'display'] as const;

export type LibraryName = (typeof LIBRARY_NAMES)[number];

/** The same by the names of their packages, so that code from elsewhere finds them without an install. */
const PACKAGES: Readonly<Record<string, LibraryName>> = {
  stowage: 'stowage',
  '@tensorflow/tfjs': 'tf',
  '@tensorflow/tfjs-core': 'tf',
  '@tensorflow/tfjs-node': 'tf',
  danfojs: 'dfd',
  'danfojs-node': 'dfd',
  'plotly.js': 'Plotly',
  'plotly.js-dist': 'Plotly',
  'plotly.js-dist-min': 'Plotly',
};

export type Libraries = {
  /** Loads those libraries that the code mentions and that are not there yet. */
  prepareFor(code: string): Promise<void>;
  /** The library itself. */
  load(name: LibraryName): Promise<object>;
  /** A module for an import of a package that comes with the product; undefined for any other. */
  bundled(specifier: string): Promise<object> | undefined;
  setContext(context: KernelContext): void;
};

/** Shows a value under the cell; the handle shows another one in its place. */
export type Display = ((value: unknown) => Shown) & {
  /** A list of plain objects as a table. */
  table(rows: readonly unknown[]): Shown;
  markdown(text: string): Shown;
  html(text: string): Shown;
};

export type Shown = { update(value: unknown): void };

/** Puts `stowage`, `display` and `Plotly` into the global scope; `tf` and `dfd`, which take long to load, when they are mentioned. */
export function defineLibraries(runner: Runner, folder: string): Libraries {
  let context: KernelContext = { folder };
  const display = makeDisplay(runner);
  const plotly = makePlotly((bundle) => runner.show(bundle));
  const stowage = makeStowage({
    context: () => context,
    signal: () => runner.signal,
    resolvePath: (path) => resolve(folder, path),
    show: (bundle) => runner.show(bundle),
  });
  const loaders: Readonly<Record<LibraryName, () => Promise<object>>> = {
    stowage: async () => stowage,
    display: async () => display,
    Plotly: async () => plotly,
    tf: () => loadEngine(folder),
    dfd: () => loadDanfo(plotly),
  };
  const loaded = new Map<LibraryName, Promise<object>>();
  const load = (name: LibraryName) => {
    const library = loaded.get(name) ?? loaders[name]();
    loaded.set(name, library);
    return library;
  };
  const define = (name: LibraryName, library: object) => {
    if (Object.hasOwn(globalThis, name)) return;
    Object.defineProperty(globalThis, name, { value: library, writable: true, configurable: true, enumerable: false });
  };
  for (const [name, library] of Object.entries({ stowage, display, Plotly: plotly }))
    define(name as LibraryName, library);
  return {
    load,
    async prepareFor(code) {
      const mentioned = LIBRARY_NAMES.filter((name) => new RegExp(`\\b${name}\\b`).test(code));
      for (const name of mentioned) define(name, await load(name));
    },
    bundled(specifier) {
      const name = Object.hasOwn(PACKAGES, specifier) ? PACKAGES[specifier] : undefined;
      return name && load(name).then((library) => ({ default: library, ...library }));
    },
    setContext(next) {
      context = next;
    },
  };
}

function makeDisplay(runner: Runner): Display {
  const shown =
    (bundle: (value: unknown) => MimeBundle) =>
    (value: unknown): Shown => {
      const handle = runner.show(bundle(value));
      return { ...ALREADY_SHOWN, update: (next) => handle.update(bundle(next)) };
    };
  const textAs = (mime: string) => shown((text) => [{ mime, text: String(text) }]);
  return Object.assign(shown(bundleOf), {
    table: shown((rows) => rowsBundle(Array.isArray(rows) ? rows : [rows])),
    markdown: textAs('text/markdown'),
    html: textAs('text/html'),
  });
}
