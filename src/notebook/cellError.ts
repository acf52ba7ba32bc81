import { inspect } from 'node:util';
import { plainText } from '../core/model/plain.ts';
import { describeKnownError } from '../text/error.ts';
import { CellSyntaxError } from './cell.ts';
import type { CellError } from './messages.ts';

/** The name under which a run's code appears in stacks. */
export function cellName(run: number): string {
  return `Cell [${run}]`;
}

/**
 * What was thrown, as the notebook shows it: name, message, the line of the cell in words and in full, and those frames
 * that are the user's own.
 * @param run in which it was thrown
 * @param sources the code of each run so far
 * @param isOurs tells files of the kernel itself, whose frames say nothing to the user
 */
export function cellErrorOf(
  thrown: unknown,
  run: number,
  sources: ReadonlyMap<number, string>,
  isOurs: (file: string) => boolean,
): CellError {
  if (!isError(thrown)) {
    const message = inspect(thrown);
    return { name: 'Uncaught', message, stack: `Uncaught ${message}` };
  }
  const name = String(thrown.name || 'Error');
  const known = describeKnownError(thrown);
  const message = known === undefined ? String(thrown.message) : plainText(known);
  const head = message ? `${name}: ${message}` : name;
  if (thrown instanceof CellSyntaxError) {
    const excerpt = sourceLine(sources, run, thrown.line);
    const marked = excerpt === undefined ? [] : ['', `  ${excerpt}`, `  ${' '.repeat(thrown.column)}^`];
    const place = `    at ${cellName(run)}, line ${thrown.line}, column ${thrown.column + 1}`;
    return { name, message, stack: [head, place, ...marked].join('\n') };
  }
  const frames = framesOf(thrown, isOurs);
  const first = frames.find(({ cell }) => cell !== undefined);
  const excerpt = first ? sourceLine(sources, first.cell!.run, first.cell!.line) : undefined;
  const lines = [head, ...frames.map(({ text }) => `    at ${text}`)];
  if (excerpt !== undefined) lines.push('', `  ${excerpt.trim()}`);
  if (thrown.cause !== undefined) lines.push('', `Caused by: ${causeText(thrown.cause)}`);
  return { name, message, stack: lines.join('\n') };
}

type Frame = { readonly text: string; readonly cell?: { readonly run: number; readonly line: number } };

function framesOf(error: Error, isOurs: (file: string) => boolean): Frame[] {
  const lines = typeof error.stack === 'string' ? error.stack.split('\n') : [];
  return lines.flatMap((line): Frame[] => {
    const [, frame] = /^\s+at (.*)$/.exec(line) ?? [];
    if (frame === undefined) return [];
    const [place, run, at] = /Cell \[(\d+)\]:(\d+):\d+/.exec(frame) ?? [];
    if (place !== undefined) {
      return [
        {
          text: frame.replace(/^(async )?eval \((.*)\)$/, '$2').replace(place, `${cellName(Number(run))}, line ${at}`),
          cell: { run: Number(run), line: Number(at) },
        },
      ];
    }
    const [, file] = /(?:^|\()((?:file:\/\/|\/|[A-Za-z]:\\)[^)]*):\d+:\d+\)?$/.exec(frame) ?? [];
    return file === undefined || isOurs(file) ? [] : [{ text: frame }];
  });
}

function sourceLine(sources: ReadonlyMap<number, string>, run: number, line: number): string | undefined {
  return sources.get(run)?.split('\n')[line - 1];
}

function causeText(cause: unknown): string {
  return isError(cause) ? `${cause.name}: ${cause.message}` : inspect(cause);
}

/** Errors of other realms and subclasses with odd prototypes count too. */
function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}
