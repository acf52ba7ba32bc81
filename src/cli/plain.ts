import { randomInt } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import { plainText, withoutPasswords } from '../core/model/plain.ts';

/**
 * The one place from which a command reaches the terminal. What it prints may hold anything that a cluster, a kubeconfig
 * or a program said: no control sequence of it passes, nor a password in a URL. Colours of ours do.
 */

type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan';

/** Prints to standard output. */
export function print(text: string): void {
  process.stdout.write(shown(text));
}

/** Prints what was made to be read by programs (JSON, CSV): control characters aside, as it is. */
export function printData(text: string): void {
  process.stdout.write(plainText(text));
}

/** Prints to standard error. */
export function printError(text: string): void {
  process.stderr.write(shown(text));
}

/** A text in a colour, which reaches the terminal when the text is printed; as it is where nobody could see colours. */
export function paint(style: Style, text: string): string {
  return styleText(
    style,
    shown(text, (code) => mark(code)),
    { stream: process.stdout },
  ).replace(SGR, (_, code) => mark(code));
}

/** Who reads the output may go away: that is no error from now on. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

/** Whether somebody sits at a terminal. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

/** Asks on the terminal; true for a yes. A cancel is a no; Ctrl-C is a signal here as elsewhere. */
export async function isConfirmed(question: string, signal?: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    // Who ends the input has not said yes.
    const ended = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
    const answer = await Promise.race([
      terminal.question(`${shown(question)} [y/N] `, signal ? { signal } : {}),
      ended,
    ]);
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    if (signal?.aborted) return false;
    throw error;
  } finally {
    terminal.close();
  }
}

/**
 * Progress on standard error: one line that is redrawn on a terminal, a new line every few seconds elsewhere. `show`
 * takes what is done of 1; with 0 the text is a line of its own, at once.
 */
export function progressLine(stream: NodeJS.WriteStream = process.stderr): {
  show(fraction: number, text: string): void;
  end(): void;
} {
  let last = 0;
  let drawn = false;
  return {
    show(fraction, text) {
      const now = performance.now();
      if (fraction > 0 && now - last < (stream.isTTY ? 100 : 5000)) return;
      last = now;
      const line = shown(fraction > 0 ? `${(100 * fraction).toFixed(0).padStart(3)} % ${text}` : text);
      if (stream.isTTY && fraction > 0) {
        stream.write(`\r\u001b[K${line}`);
        drawn = true;
      } else stream.write(`${line}\n`);
    },
    end() {
      if (drawn) stream.write('\r\u001b[K');
    },
  };
}

/** What a colour is until it is printed: as wide as nothing, and of this process alone, so that nobody else can write it. */
function mark(code: string): string {
  return `\u001b[${SECRET}${code.padStart(3, '0')}m`;
}

const SECRET = `9${randomInt(2 ** 47)}`.padEnd(16, '0');
const MARKS = new RegExp(`\\u001b\\[${SECRET}(\\d{3})m`);
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with the escape character
const SGR = /\u001b\[(\d{1,3})m/g;

/** A text as the terminal may have it, its marks as colours. */
function shown(text: string, colour: (code: string) => string = (code) => `\u001b[${Number(code)}m`): string {
  return text
    .split(MARKS)
    .map((part, index) => (index % 2 === 0 ? withoutPasswords(plainText(part)) : colour(part)))
    .join('');
}
