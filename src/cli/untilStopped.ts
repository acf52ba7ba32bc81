import { outliveReaders, printError } from './plain.ts';

/**
 * Runs work that is brought to a safe end when the system asks the process to end: by Ctrl-C, by SIGTERM (a service, a
 * container, a CI job that is cancelled) or by SIGHUP (a terminal that is closed). A second one ends the process at
 * once. A closing terminal sends SIGHUP several times; after the first they say nothing more.
 *
 * Who reads our output may go away meanwhile (a closed terminal, `| head`). That ends no move.
 */
export async function untilStopped<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const cancel = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    if (!cancel.signal.aborted) {
      printError(`Cancelling: what has begun is brought to a safe end. ${AGAIN[name]} to stop at once.\n`);
      cancel.abort();
    } else if (name !== 'SIGHUP') {
      stopListening();
      process.kill(process.pid, name);
    }
  };
  const stopListening = () => {
    for (const name of SIGNALS) process.removeListener(name, onSignal);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  // Left there, since the last line may fail after the work.
  outliveReaders();
  try {
    return await work(cancel.signal);
  } finally {
    stopListening();
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const AGAIN: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGINT: 'Ctrl-C again',
  SIGTERM: 'SIGTERM again',
  SIGHUP: 'SIGTERM',
};
