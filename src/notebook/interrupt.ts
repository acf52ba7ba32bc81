import { Session } from 'node:inspector/promises';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { parentPort, Worker } from 'node:worker_threads';

/** What the editor writes to the kernel's standard input to stop a run, by its number. */
export function interruptOf(run: number): string {
  return `interrupt ${run}\n`;
}

const PATIENCE_MILLISECONDS = 250;

/**
 * Listens for interrupts on a thread of its own, so that they are heard while a cell keeps the main thread busy.
 * @param script the file that calls `watchForInterrupts` when it runs on that thread
 * @param onInterrupt called with the run's number on the main thread as soon as that is free: at once, or after the
 *   endless loop was broken
 */
export function listenForInterrupts(script: URL, onInterrupt: (run: number) => void): void {
  const worker = new Worker(script, { stdin: false });
  worker.on('message', (run: number) => {
    worker.postMessage('free');
    onInterrupt(run);
  });
  worker.unref();
}

/**
 * The listening thread: asks the main thread to stop the cell; when that does not answer, it ends the JavaScript that
 * holds it, through the inspector. Variables survive that.
 */
export function watchForInterrupts(): void {
  if (!parentPort) throw new Error('Interrupts are watched on a thread of their own');
  const main = parentPort;
  let waiting: NodeJS.Timeout | undefined;
  main.on('message', () => clearTimeout(waiting));
  const input = new Socket({ fd: 0, readable: true, writable: false });
  createInterface({ input }).on('line', (line) => {
    clearTimeout(waiting);
    main.postMessage(Number(line.split(' ')[1]));
    waiting = setTimeout(() => void terminate(), PATIENCE_MILLISECONDS);
  });
}

async function terminate(): Promise<void> {
  const session = new Session();
  session.connectToMainThread();
  try {
    await session.post('Runtime.terminateExecution');
  } finally {
    session.disconnect();
  }
}
