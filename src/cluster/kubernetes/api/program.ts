import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';

/** A program that ended by itself: its exit code (null: a signal ended it), and what it printed. */
export type Ended = { readonly status: number | null; readonly output: string; readonly complaint: string };

export type RunOptions = {
  readonly env: NodeJS.ProcessEnv;
  readonly limitMilliseconds: number;
  /** Of standard output and of standard error each. */
  readonly mostCharacters: number;
  readonly signal?: AbortSignal;
};

/** It did not end within the limit. */
export class ProgramSlow extends Error {
  override readonly name = 'ProgramSlow';
}

/** It printed more than may be. */
export class ProgramEndless extends Error {
  override readonly name = 'ProgramEndless';
}

/** What a program leaves behind may hold its streams open; nobody waits longer than this for it. */
const LINGER_MILLISECONDS = 1000;

/**
 * Runs a program in a process group of its own and ends the whole group, whatever comes of it: what a wrapper started
 * does not outlive it, nor this process where a signal or an exit ends that. On Windows, which has no such groups, only
 * the program itself is ended.
 * @throws ProgramSlow, ProgramEndless; the system's error where it does not start; the signal's reason
 */
export async function runProgram(command: string, args: readonly string[], options: RunOptions): Promise<Ended> {
  const { env, limitMilliseconds, mostCharacters, signal } = options;
  signal?.throwIfAborted();
  const over = new AbortController();
  // Before the program begins: a signal that comes while it does would end this process and leave it behind.
  listen();
  let child: ProgramChild | undefined;
  try {
    child = spawn(command, [...args], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: HAS_GROUPS });
    running.add(child);
    return await Promise.race([
      ended(child, mostCharacters),
      after(limitMilliseconds, over.signal),
      aborted(signal, over.signal),
    ]);
  } finally {
    over.abort();
    if (child) leave(child);
    stopListening();
  }
}

type ProgramChild = ChildProcess & { readonly stdout: Readable; readonly stderr: Readable };

function leave(child: ProgramChild): void {
  running.delete(child);
  endGroup(child);
  child.stdout.destroy();
  child.stderr.destroy();
}

const HAS_GROUPS = process.platform !== 'win32';

function endGroup(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  try {
    if (HAS_GROUPS) process.kill(-pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    // nothing of it is left
  }
}

async function ended(child: ProgramChild, most: number): Promise<Ended> {
  const output = printed(child.stdout, most);
  const complaint = printed(child.stderr, most);
  const closed = Promise.all([output.closed, complaint.closed]);
  const exit = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.once('exit', resolve);
  });
  const status = await Promise.race([exit, closed.then(() => exit)]);
  await Promise.race([closed, pause(LINGER_MILLISECONDS, undefined, { ref: false })]);
  return { status, output: output.text(), complaint: complaint.text() };
}

/** What a stream has printed so far, and when it ends. `closed` rejects with ProgramEndless. */
function printed(stream: Readable, most: number): { readonly text: () => string; readonly closed: Promise<void> } {
  let all = '';
  stream.setEncoding('utf8');
  const closed = new Promise<void>((resolve, reject) => {
    stream.on('data', (chunk: string) => {
      all += chunk;
      if (all.length > most) reject(new ProgramEndless(`more than ${most} characters`));
    });
    stream.once('error', () => resolve());
    stream.once('close', () => resolve());
  });
  return { text: () => all, closed };
}

async function after(milliseconds: number, over: AbortSignal): Promise<never> {
  await pause(milliseconds, undefined, { signal: over });
  throw new ProgramSlow(`longer than ${milliseconds} ms`);
}

function aborted(signal: AbortSignal | undefined, over: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { signal: over });
  });
}

/** Programs that run now. While there are some, what ends this process ends them, too. */
const running = new Set<ChildProcess>();
const DEADLY = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** How many programs are waited for. */
let waits = 0;

function listen(): void {
  waits += 1;
  if (waits > 1) return;
  for (const name of DEADLY) process.on(name, onSignal);
  process.on('exit', endAll);
}

function stopListening(): void {
  waits -= 1;
  if (waits === 0) forgetSignals();
}

function forgetSignals(): void {
  for (const name of DEADLY) process.off(name, onSignal);
  process.off('exit', endAll);
}

function onSignal(name: NodeJS.Signals): void {
  if (process.listenerCount(name) > 1) return; // who else listens decides, and cancels what is under way
  endAll();
  forgetSignals();
  process.kill(process.pid, name);
}

function endAll(): void {
  for (const child of running) endGroup(child);
}
