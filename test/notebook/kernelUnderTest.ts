import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CellLanguage } from '../../src/notebook/cell.ts';
import type { CellError, KernelContext } from '../../src/notebook/messages.ts';
import { type CellMessage, KernelProcess, type RunEnd } from '../../src/notebook/process.ts';

/** The source; STOWAGE_KERNEL=dist/kernel.js runs the same tests on the bundle. */
export const KERNEL_SCRIPT =
  process.env['STOWAGE_KERNEL'] ?? fileURLToPath(new URL('../../src/notebook/kernel.ts', import.meta.url));

/** A loaded machine takes long to come to an interrupt. */
const PATIENCE_MILLISECONDS = 120_000;

/** A run's end, and all it sent, as a reader of the notebook sees it. */
export type RunOutcome = {
  readonly end: RunEnd;
  /** Console text, both streams. */
  readonly text: string;
  /** What stands under the cell at the end, in order: the text form of each display. */
  readonly shown: readonly string[];
  /** The MIME types of each display. */
  readonly mimes: readonly (readonly string[])[];
  readonly error?: CellError;
};

/** A kernel on a folder of its own, driven as the editor drives it. */
export class KernelUnderTest {
  readonly messages: CellMessage[] = [];
  readonly directory = mkdtempSync(join(tmpdir(), 'stowage-kernel-'));
  readonly kernel: KernelProcess;

  constructor(options: { patienceMilliseconds?: number; context?: Partial<KernelContext>; script?: string } = {}) {
    const { patienceMilliseconds = PATIENCE_MILLISECONDS, context, script = KERNEL_SCRIPT } = options;
    this.kernel = new KernelProcess(
      {
        script,
        directory: this.directory,
        context: { folder: this.directory, ...context },
        patienceMilliseconds,
      },
      (message) => this.messages.push(message),
    );
  }

  async run(code: string, language: CellLanguage = 'javascript'): Promise<RunOutcome> {
    const { next: run } = this.kernel;
    const end = await this.kernel.run(code, language);
    return { end, ...this.outcome(run) };
  }

  /** What run number `run` has sent so far. */
  outcome(run: number): Omit<RunOutcome, 'end'> {
    const own = this.messages.filter((message) => message.run === run);
    const displays = new Map<number, Extract<CellMessage, { type: 'display' }>>();
    for (const message of own) if (message.type === 'display') displays.set(message.display, message);
    const bundles = [...displays.values()].map(({ bundle }) => bundle);
    const errors = own.flatMap((message) => (message.type === 'error' ? message.error : []));
    return {
      text: own.flatMap((message) => (message.type === 'text' ? message.text : [])).join(''),
      shown: bundles.map((bundle) => (bundle.find(({ mime }) => mime === 'text/plain') ?? bundle[0])?.text ?? ''),
      mimes: bundles.map((bundle) => bundle.map(({ mime }) => mime)),
      ...(errors[0] ? { error: errors[0] } : {}),
    };
  }

  async close(): Promise<void> {
    await this.kernel.dispose();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
