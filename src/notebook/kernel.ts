/**
 * The process that runs a notebook's cells. Messages come over IPC, interrupts over standard input; what cells print
 * goes back as messages. Started by `KernelProcess`; ends when the editor does.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { readerZone, useZone } from '../text/zone.ts';
import { completionsFor, describeValue } from './complete.ts';
import { listenForInterrupts, watchForInterrupts } from './interrupt.ts';
import { defineLibraries } from './libraries.ts';
import { type FromKernel, parseToKernel, type ToKernel } from './messages.ts';
import { Runner } from './runner.ts';

/** Set by `KernelProcess`: a path in the notebook's folder. */
const NOTEBOOK = 'STOWAGE_NOTEBOOK';

if (isMainThread) serve();
else watchForInterrupts();

function serve(): void {
  const send = process.send?.bind(process);
  if (!send) throw new Error('A notebook kernel is started by the editor, not by hand');
  const notebookPath = process.env[NOTEBOOK] ?? join(process.cwd(), 'notebook');
  const runner = new Runner({
    send: (message: FromKernel) => void send(message),
    notebookPath,
    prepareFor: (code) => libraries.prepareFor(code),
    bundled: (specifier) => libraries.bundled(specifier),
    isOurs: ownFiles(),
  });
  const libraries = defineLibraries(runner, dirname(notebookPath));
  captureText(runner);
  process.on('uncaughtException', (error) => runner.fail(error));
  process.on('unhandledRejection', (reason) => runner.fail(reason));
  process.on('disconnect', () => process.exit());
  listenForInterrupts(new URL(import.meta.url), (run) => runner.interrupt(run));
  let last: Promise<void> = Promise.resolve();
  process.on('message', (raw) => {
    const message = parseToKernel(raw);
    if (!message) return;
    if (message.type === 'run') last = last.then(() => runner.run(message.run, message.code, message.language));
    else void answer(message);
  });

  async function answer(message: Exclude<ToKernel, { type: 'run' }>): Promise<void> {
    switch (message.type) {
      case 'context':
        if (useZone(message.context.zone)) process.env['TZ'] = readerZone(); // what cells make of a Date is told in it too
        libraries.setContext(message.context);
        break;
      case 'complete':
        send?.({ type: 'completions', id: message.id, items: await completionsFor(message.text, libraries) });
        break;
      case 'describe': {
        const markdown = await describeValue(message.expression, libraries);
        send?.({ type: 'description', id: message.id, ...(markdown === undefined ? {} : { markdown }) });
        break;
      }
      default:
        message satisfies never;
    }
  }
}

/** `console` and all else that writes to standard output or error goes to the notebook. */
function captureText(runner: Runner): void {
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = ((chunk: string | Uint8Array, encoding?: unknown, done?: unknown) => {
      runner.print(name, typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
      const callback = typeof encoding === 'function' ? encoding : done;
      if (typeof callback === 'function') process.nextTick(callback as () => void);
      return true;
    }) as typeof process.stdout.write;
  }
}

/** Files of the product: the folder of the bundle, or of the sources and their packages. */
function ownFiles(): (file: string) => boolean {
  const here = dirname(fileURLToPath(import.meta.url));
  const folders = here.endsWith(join('src', 'notebook'))
    ? [join(here, '..'), join(here, '../../node_modules')]
    : [here];
  return (file) => {
    const path = file.startsWith('file://') ? fileURLToPath(file) : file;
    return folders.some((folder) => path.startsWith(folder));
  };
}
