import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { constants, runInThisContext, Script } from 'node:vm';
import { CELL_HOOKS, type CellLanguage, prepareCell } from './cell.ts';
import { cellErrorOf, cellName } from './cellError.ts';
import type { FromKernel, MimeBundle } from './messages.ts';
import { bundleOf } from './show.ts';

/** The user stopped the cell. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor() {
    super('The cell was stopped; variables keep what they had.');
  }
}

export type RunnerOptions = {
  readonly send: (message: FromKernel) => void;
  /** A path in the notebook's folder; relative imports start there. */
  readonly notebookPath: string;
  /** Loads what a cell mentions before it runs (`tf` …), and answers imports of what comes with the product. */
  readonly prepareFor: (code: string) => Promise<void>;
  readonly bundled: (specifier: string) => Promise<object> | undefined;
  /** Tells files of the kernel itself, for stacks. */
  readonly isOurs: (file: string) => boolean;
};

type Run = { readonly run: number; readonly signal: AbortSignal; stop(): void };

/** Text of one run that goes to the notebook; what is more is counted, not sent. */
const MOST_TEXT = 1_000_000;

/** Runs cells, one at a time, in this process's global scope. */
export class Runner {
  private readonly options: RunnerOptions;
  private readonly sources = new Map<number, string>();
  private current: Run | undefined;
  private lastRun = 0;
  /** The run that was asked to stop last. */
  private interrupted = 0;
  private displays = 0;
  private textSent = 0;

  constructor(options: RunnerOptions) {
    this.options = options;
    this.defineHooks();
  }

  /** Runs a cell to its end and reports all of it; never throws. */
  async run(run: number, code: string, language: CellLanguage): Promise<void> {
    const aborter = new AbortController();
    const stopped = new Promise<never>((_, reject) => {
      aborter.signal.addEventListener('abort', () => reject(new Interrupted()), { once: true });
    });
    this.current = { run, signal: aborter.signal, stop: () => aborter.abort(new Interrupted()) };
    this.lastRun = run;
    this.textSent = 0;
    this.sources.set(run, code);
    if (this.interrupted === run) this.current.stop();
    try {
      const value = await Promise.race([this.evaluate(this.current, code, language), stopped]);
      this.show(bundleOf(value));
      this.options.send({ type: 'ended', run, how: 'done' });
    } catch (thrown) {
      this.fail(thrown);
      this.options.send({ type: 'ended', run, how: thrown instanceof Interrupted ? 'interrupted' : 'failed' });
    } finally {
      this.current = undefined;
    }
  }

  /**
   * Stops a run at its next await; variables stay. Runs and interrupts come by different ways, so that one may be stopped
   * before it has begun.
   */
  interrupt(run: number): void {
    this.interrupted = run;
    if (this.current?.run === run) this.current.stop();
  }

  /** Aborts when the running cell is stopped; for long work of ours that a cell awaits. */
  get signal(): AbortSignal | undefined {
    return this.current?.signal;
  }

  /** Reports what was thrown, for the running cell or, later, for the last one. */
  fail(thrown: unknown): void {
    const run = this.current?.run ?? this.lastRun;
    this.options.send({ type: 'error', run, error: cellErrorOf(thrown, run, this.sources, this.options.isOurs) });
  }

  /** Console text, as it comes. */
  print(stream: 'stdout' | 'stderr', text: string): void {
    const before = this.textSent;
    this.textSent += text.length;
    if (before > MOST_TEXT) return;
    const notice = this.textSent > MOST_TEXT ? `\n… output is cut after ${MOST_TEXT} characters\n` : '';
    this.options.send({ type: 'text', run: this.current?.run ?? this.lastRun, stream, text: text + notice });
  }

  /** Shows a value now. The handle shows another one in its place. */
  show(bundle: MimeBundle): { update(next: MimeBundle): void } {
    const run = this.current?.run ?? this.lastRun;
    const display = this.displays++;
    const send = (forms: MimeBundle) => {
      if (forms.length > 0) this.options.send({ type: 'display', run, display, bundle: forms });
    };
    send(bundle);
    return { update: send };
  }

  private async evaluate({ run, signal }: Run, code: string, language: CellLanguage): Promise<unknown> {
    const cell = prepareCell(code, language);
    await this.options.prepareFor(code);
    signal.throwIfAborted();
    for (const name of cell.declares) declareGlobal(name);
    const filename = cellName(run);
    for (const { code: text, lineOffset, columnOffset } of cell.functions) {
      const strict = `'use strict';\n${' '.repeat(columnOffset)}${text}`;
      runInThisContext(strict, { filename, lineOffset: lineOffset - 1 });
    }
    const body = new Script(`(async () => {'use strict';\n${cell.body}\n})`, { filename, lineOffset: -1 });
    const start = body.runInThisContext() as () => Promise<unknown>;
    // Breaking an endless loop drops all pending promise jobs; on a turn of its own the cell has none of ours beside it.
    return new Promise((resolve, reject) => {
      setImmediate(() => start().then(resolve, reject));
    });
  }

  private defineHooks(): void {
    const { notebookPath, bundled } = this.options;
    const importHere = runInThisContext('(specifier, options) => import(specifier, options)', {
      filename: notebookPath,
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }) as (specifier: string, options?: ImportCallOptions) => Promise<object>;
    const live = async (value: unknown) => {
      const run = this.current;
      const checkStopped = () => {
        if (run?.signal.aborted) throw new Interrupted();
      };
      try {
        const settled = await value;
        checkStopped();
        return settled;
      } catch (error) {
        checkStopped();
        throw error;
      }
    };
    const liveEach = async function* (values: AsyncIterable<unknown> | Iterable<unknown>) {
      for await (const value of values) yield await live(value);
    };
    const hooks = {
      [CELL_HOOKS.load]: (specifier: string, options?: ImportCallOptions) =>
        bundled(String(specifier)) ?? importHere(specifier, options),
      [CELL_HOOKS.meta]: {
        url: pathToFileURL(notebookPath).href,
        dirname: dirname(notebookPath),
        filename: notebookPath,
      },
      [CELL_HOOKS.live]: live,
      [CELL_HOOKS.liveEach]: liveEach,
      require: createRequire(notebookPath),
    };
    for (const [name, value] of Object.entries(hooks)) {
      Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
    }
  }
}

/** Makes room for a variable; one that is there keeps its value, so that `const n = n + 1` counts on. */
function declareGlobal(name: string): void {
  const present = Object.getOwnPropertyDescriptor(globalThis, name);
  if (present && ('value' in present || !present.configurable)) return;
  Object.defineProperty(globalThis, name, { value: undefined, writable: true, configurable: true, enumerable: true });
}
