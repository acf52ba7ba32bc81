import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { CellLanguage } from './cell.ts';
import { interruptOf } from './interrupt.ts';
import { type Completion, type FromKernel, type KernelContext, parseFromKernel, type ToKernel } from './messages.ts';

export type KernelOptions = {
  /** The kernel's code: `dist/kernel.js`, or its source. */
  readonly script: string;
  /** Folder of the notebook: working directory of its cells, start of relative imports. */
  readonly directory: string;
  readonly context: KernelContext;
  /** How long a stopped cell may take to end before the process is ended; default 5 s. */
  readonly patienceMilliseconds?: number;
};

/** What a cell sends while it runs, and after (a timer that prints). */
export type CellMessage = Extract<FromKernel, { readonly run: number }>;

export type RunEnd =
  | { readonly how: 'done' | 'failed' | 'interrupted' }
  /** The process ended with the cell; its variables are gone. `reason` is a whole sentence. */
  | { readonly how: 'died'; readonly reason: string };

const ANSWER_TIMEOUT_MILLISECONDS = 3000;
const PATIENCE_MILLISECONDS = 5000;
const STDERR_KEPT = 2000;

/**
 * One notebook's kernel: a process of the Node that runs the editor, started with the first cell, again after it died.
 * No code of the editor here, so that tests run it as they are.
 */
export class KernelProcess {
  private readonly options: KernelOptions;
  private readonly onMessage: (message: CellMessage) => void;
  private child: ChildProcess | undefined;
  private context: KernelContext;
  private running: { run: number; end: (how: RunEnd) => void } | undefined;
  private readonly asked = new Map<number, (answer: FromKernel) => void>();
  private nextId = 1;
  private nextRun = 1;
  private complaint = '';
  private killedBecause: string | undefined;

  /** @param onMessage everything that belongs to a run, in order, from before `run` resolves until long after */
  constructor(options: KernelOptions, onMessage: (message: CellMessage) => void) {
    this.options = options;
    this.onMessage = onMessage;
    this.context = options.context;
  }

  get alive(): boolean {
    return this.child !== undefined;
  }

  /** The number the next run will have; counts on over restarts of the process, from 1 after `restart`. */
  get next(): number {
    return this.nextRun;
  }

  /** What `stowage` in cells works on from now on. */
  setContext(context: KernelContext): void {
    this.context = context;
    if (this.child) this.tell({ type: 'context', context });
  }

  /**
   * Runs a cell; one at a time.
   * @throws Error when another one runs
   */
  run(code: string, language: CellLanguage): Promise<RunEnd> {
    if (this.running) throw new Error('A kernel runs one cell at a time');
    const run = this.nextRun++;
    this.start();
    return new Promise((resolve) => {
      this.running = { run, end: resolve };
      this.tell({ type: 'run', run, code, language });
    });
  }

  /** Stops the running cell: at its next await, in its endless loop, or, when neither helps, with the process. */
  async interrupt(): Promise<void> {
    const { running, child } = this;
    if (!running || !child) return;
    child.stdin?.write(interruptOf(running.run));
    const patience = this.options.patienceMilliseconds ?? PATIENCE_MILLISECONDS;
    for (const until = Date.now() + patience; Date.now() < until; await pause(20)) {
      if (this.running !== running) return;
    }
    this.killedBecause = `The cell did not stop within ${patience / 1000} s, so its kernel was ended. Variables are gone; run the cells again.`;
    child.kill('SIGKILL');
  }

  /** Ends the process; the next cell starts a new one, without variables, at run 1. */
  async restart(): Promise<void> {
    this.killedBecause = 'The kernel was restarted.';
    await this.end();
    this.nextRun = 1;
  }

  /** @param text the cell up to the cursor @returns nothing when the kernel is busy or not started */
  async complete(text: string): Promise<readonly Completion[]> {
    const answer = await this.ask((id) => ({ type: 'complete', id, text }));
    return answer?.type === 'completions' ? answer.items : [];
  }

  /** What an expression is, in Markdown. */
  async describe(expression: string): Promise<string | undefined> {
    const answer = await this.ask((id) => ({ type: 'describe', id, expression }));
    return answer?.type === 'description' ? answer.markdown : undefined;
  }

  async dispose(): Promise<void> {
    this.killedBecause = 'The notebook was closed.';
    await this.end();
  }

  private start(): ChildProcess {
    if (this.child) return this.child;
    const { script, directory } = this.options;
    this.complaint = '';
    this.killedBecause = undefined;
    const child = fork(script, [], {
      cwd: directory,
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', STOWAGE_NOTEBOOK: join(directory, 'notebook') },
      // An endless loop is broken from outside (interrupt.ts), which leaves the book-keeping of async hooks unbalanced.
      execArgv: ['--no-force-async-hooks-checks', '--disable-warning=ExperimentalWarning'],
      stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
    });
    this.child = child;
    child.stdin?.on('error', () => {});
    child.stderr?.on('data', (text) => {
      this.complaint = (this.complaint + String(text)).slice(-STDERR_KEPT);
    });
    child.on('message', (raw) => this.hear(raw));
    child.on('error', (error) => this.died(child, `it could not be started: ${error.message}`));
    child.on('close', (code, signal) => this.died(child, signal ? `signal ${signal}` : `exit code ${code}`));
    this.tell({ type: 'context', context: this.context });
    return child;
  }

  private hear(raw: unknown): void {
    const message = parseFromKernel(raw);
    if (!message) return;
    if (message.type === 'completions' || message.type === 'description') {
      this.asked.get(message.id)?.(message);
      return;
    }
    this.onMessage(message);
    if (message.type !== 'ended' || this.running?.run !== message.run) return;
    const { end } = this.running;
    this.running = undefined;
    end({ how: message.how });
  }

  private died(child: ChildProcess, how: string): void {
    if (this.child !== child) return;
    this.child = undefined;
    const complaint = this.complaint.trim();
    const { running, killedBecause } = this;
    this.running = undefined;
    const said = complaint ? `\n${complaint}` : '';
    const reason = killedBecause ?? `The kernel died (${how}). Variables are gone; run the cells again.${said}`;
    running?.end({ how: 'died', reason });
  }

  private async end(): Promise<void> {
    const { child } = this;
    if (!child) return;
    const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
    child.kill('SIGKILL');
    await gone;
  }

  private tell(message: ToKernel): void {
    this.child?.send(message, () => {});
  }

  private async ask(question: (id: number) => ToKernel): Promise<FromKernel | undefined> {
    this.start();
    const id = this.nextId++;
    try {
      return await new Promise((resolve) => {
        this.asked.set(id, resolve);
        setTimeout(() => resolve(undefined), ANSWER_TIMEOUT_MILLISECONDS).unref();
        this.tell(question(id));
      });
    } finally {
      this.asked.delete(id);
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
