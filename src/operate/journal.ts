import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Pin, ResizeOptions } from '../cluster/port.ts';
import { errorMessage } from '../core/model/errorMessage.ts';
import { isRecord } from '../core/model/isRecord.ts';
import { jsonText } from '../core/model/jsonText.ts';
import type { Move, RunInformation } from '../core/model/moves.ts';
import { withoutPasswords } from '../core/model/plain.ts';
import type { Resources } from '../core/model/resources.ts';
import { holdsNull, isDeeperThan } from '../core/model/shape.ts';
import type { Resized } from '../core/model/stated.ts';
import { naming } from '../core/model/systemError.ts';
import type { Task } from '../core/model/task.ts';
import { withCurrentWait } from '../core/model/waits.ts';
import type { Written } from '../core/model/written.ts';
import type { ClusterTarget } from '../core/plan/plan.ts';
import { writerOf } from '../io/holder.ts';
import { takeLock } from '../io/lock.ts';
import { makeFolder } from '../io/makeFolder.ts';
import { MIB, openRegular, readAll, readWhole, UnreadableFile } from '../io/readWhole.ts';
import { isEntry } from './entryShape.ts';
import type { Ending, Outcome, Reason } from './reasons.ts';
import { StateError } from './stateError.ts';

/** What is written before each step, one JSON line each. */
export type JournalEntry =
  | {
      readonly type: 'begin';
      readonly planId: string;
      readonly cluster: string;
      /** How to open the cluster again; absent where the plan does not say. */
      readonly target?: ClusterTarget;
      readonly atSeconds: number;
      readonly moves: readonly Move[];
      /** The plan whose resizes this one takes back. */
      readonly undoes?: string;
    }
  | {
      readonly type: 'step';
      readonly planId: string;
      readonly moveId: string;
      readonly atSeconds: number;
      readonly state: MoveState;
    };

/**
 * Where a move stands. The state is written first; what it says is done next, and can be done again: a process that is
 * killed between the two, or after, goes on from the state without doing anything twice.
 */
export type MoveState =
  /** Nothing was asked of the cluster yet. */
  | { readonly kind: 'planned' }
  /** A wait of the method before anything is done; `dueSeconds` is when to check again. */
  | ({ readonly kind: 'waiting'; readonly wait: WaitName } & Wait)
  /** Placement: the gate is being lifted; then the task is awaited on its node. */
  | { readonly kind: 'placing' }
  | ({ readonly kind: 'binding' } & Partial<Wait>)
  /**
   * Resize: asked for; awaited; being given back because of `reason`, and that awaited. Its waits count from one
   * `sinceSeconds`. `resized` is what was written; version 0.1 did not keep it.
   */
  | {
      readonly kind: 'resizing';
      readonly sinceSeconds?: number;
      /** What each container needs, margin included. */
      readonly needs?: ResizeOptions['needs'];
    }
  | ({ readonly kind: 'granting'; readonly sinceSeconds: number; readonly resized?: Resized } & Partial<Wait>)
  | ({ readonly kind: 'reverting'; readonly reason: Written<Reason>; readonly resized?: Resized } & Partial<Wait>)
  /**
   * Migration, S410: the owner is being suspended; its tasks stop; it is resumed; it starts. `stopped`: older versions
   * awaited the target once its tasks had stopped.
   */
  | { readonly kind: 'suspending'; readonly saved: SavedRun; readonly givenUp?: Written<Reason> }
  | { readonly kind: 'stopping'; readonly saved: SavedRun; readonly givenUp?: Written<Reason> }
  | ({ readonly kind: 'stopped'; readonly saved: SavedRun } & Wait)
  | {
      readonly kind: 'resuming';
      readonly saved: SavedRun;
      readonly pin: Pin;
      readonly givenUp?: Written<Reason>;
      /** It could not be resumed: why, and when it is tried again. Its tasks are stopped meanwhile. */
      readonly dueSeconds?: number;
      readonly reason?: Written<Reason>;
    }
  | { readonly kind: 'starting'; readonly saved: SavedRun; readonly pin: Pin; readonly givenUp?: Written<Reason> }
  | FinalState;

export type FinalState =
  | { readonly kind: 'done'; readonly outcome: Written<Outcome> }
  /** Not done, and nothing is left half done. */
  | { readonly kind: 'failed'; readonly reason: Written<Reason>; readonly ending?: Ending }
  | { readonly kind: 'cancelled' };

/**
 * What a move waits for: that its shrink leaves enough, that its node has enough free to expand, that its target has,
 * or (`earlier`) that an earlier move of its plan frees it.
 */
export type WaitName = 'shrink' | 'expand' | 'target' | 'earlier';

export type Wait = {
  readonly sinceSeconds: number;
  readonly dueSeconds: number;
  readonly reason: Written<Reason>;
};

/**
 * S410's run information, and the tasks with what they will ask for, so that the target can be checked again when they
 * are gone. `allocation`: what each of them holds where resizes changed it; it keeps that on the target.
 */
export type SavedRun = {
  readonly run: RunInformation;
  readonly tasks: readonly Task[];
  readonly allocation?: Resources;
  /** The owner's generation that our suspend has left; older journals do not say it. */
  readonly generation?: number;
  /** When its owner was suspended; absent before that, and in what 0.1.0 wrote. */
  readonly stoppedAtSeconds?: number;
};

/** A plan as far as it has been carried out. */
export type Operation = {
  readonly planId: string;
  readonly cluster: string;
  readonly target?: ClusterTarget;
  readonly atSeconds: number;
  readonly moves: readonly Move[];
  readonly undoes?: string;
  /** By move id. */
  readonly states: ReadonlyMap<string, MoveState>;
  /** Since when each move stands where it stands, by its id; absent for one that was not begun. */
  readonly sinceSeconds: ReadonlyMap<string, number>;
};

export interface Journal {
  /** Names who writes here: this directory on this machine, whichever process has it open. Absent: this process. */
  readonly writer?: string;
  /** All operations, the oldest first, with their latest states. */
  operations(): readonly Operation[];
  /** Returns once the entry is on disk. */
  append(entry: JournalEntry): Promise<void>;
  close(): Promise<void>;
}

/** Where a move stands in its operation. */
export function stateOf({ states }: Operation, moveId: string): MoveState {
  return states.get(moveId) ?? { kind: 'planned' };
}

/** True for a state that no step follows: done, failed or cancelled. */
export function isFinal(state: MoveState): state is FinalState {
  return state.kind === 'done' || state.kind === 'failed' || state.kind === 'cancelled';
}

/** Moves of an operation that are not at their end, in its order. */
export function unfinished(operation: Operation): readonly Move[] {
  return operation.moves.filter(({ id }) => !isFinal(stateOf(operation, id)));
}

/** Folds entries to operations. Steps of a plan that never began are passed over. */
export function operationsOf(entries: readonly JournalEntry[]): Operation[] {
  const operations = new Map<string, ReturnType<typeof operationOf>>();
  for (const entry of entries) {
    if (entry.type === 'begin') {
      if (!operations.has(entry.planId)) operations.set(entry.planId, operationOf(entry));
      continue;
    }
    const operation = operations.get(entry.planId);
    operation?.states.set(entry.moveId, entry.state);
    operation?.sinceSeconds.set(entry.moveId, entry.atSeconds);
  }
  return [...operations.values()];
}

/** Names of clusters once had the password of their address with them. */
function operationOf({ type: _, ...begin }: Extract<JournalEntry, { type: 'begin' }>) {
  return {
    ...begin,
    cluster: withoutPasswords(begin.cluster),
    states: new Map<string, MoveState>(),
    sinceSeconds: new Map<string, number>(),
  };
}

/**
 * Opens `<directory>/journal.jsonl` for one process at a time. A last line that a crash cut off is dropped; nothing else
 * is, and nothing of a file that is no journal.
 * @throws StateError when another process has it open, a whole line of it cannot be read, or it cannot be written
 */
export async function openJournal(directory: string): Promise<Journal> {
  const unlock = await lock(directory);
  try {
    const file = path.join(directory, FILE_NAME);
    const { O_RDWR, O_APPEND, O_CREAT } = constants;
    const handle = await openRegular(file, O_RDWR | O_APPEND | O_CREAT, { own: true }).catch((error: unknown) => {
      throw error instanceof UnreadableFile ? unreadable(file, error) : naming(file, error);
    });
    try {
      return { ...(await journalIn(handle, file, unlock)), writer: await writerOf(directory) };
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (error) {
    await unlock();
    throw error;
  }
}

const FILE_NAME = 'journal.jsonl';
/** Some hundred thousand moves. */
const MOST_BYTES = 512 * MIB;

async function journalIn(handle: FileHandle, file: string, unlock: () => Promise<void>): Promise<Journal> {
  const bytes = await readAll(handle, MOST_BYTES).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  const { entries, wholeBytes, isEnded } = parseJournal(bytes, file);
  let size = wholeBytes;
  let lead = isEnded ? '' : '\n';
  if (size < bytes.length) {
    await handle.truncate(size).catch((error: unknown) => {
      throw naming(file, error);
    });
  }
  return {
    operations: () => operationsOf(entries),
    async append(entry) {
      const line = `${lead}${jsonText(entry)}\n`;
      try {
        await handle.appendFile(line);
        await handle.sync();
      } catch (error) {
        // Half a line would make one line with the next.
        await handle.truncate(size).catch(() => {});
        throw naming(file, error);
      }
      size += Buffer.byteLength(line);
      lead = '';
      entries.push(entry);
    },
    async close() {
      await handle.close();
      await unlock();
    },
  };
}

/** What a journal holds, without opening it for writing; empty when there is none. */
export async function readOperations(directory: string): Promise<readonly Operation[]> {
  const file = path.join(directory, FILE_NAME);
  return operationsOf(parseJournal(await readIfThere(file), file).entries);
}

type Parsed = {
  readonly entries: JournalEntry[];
  /** Of the file without what a crash cut off. */
  readonly wholeBytes: number;
  /** Whether the last of its whole lines ends as a line does. */
  readonly isEnded: boolean;
};

/** By bytes: text that is not UTF-8 would count as other text. */
function parseJournal(bytes: Buffer, file: string): Parsed {
  const entries: JournalEntry[] = [];
  const broken = () => new StateError({ code: 'brokenLine', file, line: entries.length + 1 });
  let from = 0;
  for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, from)) {
    const entry = parseEntry(bytes.subarray(from, end));
    if (!entry) throw broken();
    entries.push(entry);
    from = end + 1;
  }
  const rest = bytes.subarray(from);
  const last = parseEntry(rest);
  if (last) return { entries: [...entries, last], wholeBytes: bytes.length, isEnded: false };
  if (!isCutOff(rest)) throw broken();
  return { entries, wholeBytes: from, isEnded: true };
}

const LINE_END = 0x0a;

/**
 * Whether this may be all that a crash left of one entry: its beginning, or the zeros of a write that never came. What is
 * not, is left alone: a file of somebody else's, or a line whose end was damaged.
 */
function isCutOff(rest: Buffer): boolean {
  if (rest.every((byte) => byte === 0)) return true;
  const text = rest.toString('latin1');
  return BEGINNINGS.some((begin) => text.startsWith(begin) || begin.startsWith(text)) && !holdsWholeObject(text);
}

const BEGINNINGS = ['{"type":"begin",', '{"type":"step",'];

/** Whether an object that begins here ends here, too. */
function holdsWholeObject(text: string): boolean {
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/gs)) {
    if (token === '{') depth += 1;
    else if (token === '}' && --depth === 0) return true;
  }
  return false;
}

/** Far more than an entry is. */
const DEEPEST = 100;

function parseEntry(line: Uint8Array): JournalEntry | undefined {
  try {
    const value: unknown = JSON.parse(STRICT.decode(line));
    if (!isRecord(value) || isDeeperThan(DEEPEST, value) || holdsNull(value)) return undefined;
    const { state } = value;
    const current = isRecord(state) ? { ...value, state: withOutcome(withCurrentWait(state)) } : value;
    return isEntry(current) ? (current as JournalEntry) : undefined;
  } catch {
    return undefined;
  }
}

const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Version 0.1.0 wrote what came of a move as a sentence, under another name. */
function withOutcome(state: object): object {
  if (!('text' in state)) return state;
  const { text, ...rest } = state;
  return { ...rest, outcome: text };
}

async function readIfThere(file: string): Promise<Buffer> {
  try {
    return await readWhole(file, { mostBytes: MOST_BYTES, own: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): StateError {
  return new StateError({ code: 'unreadable', what: 'journal', file, message: errorMessage(error) });
}

/** Makes the directory, and takes its lock. @returns what lets go of it */
async function lock(directory: string): Promise<() => Promise<void>> {
  const file = path.join(directory, 'journal.lock');
  const taken = await makeFolder(directory)
    .then(() => takeLock(file))
    .catch((error: unknown) => {
      throw naming(directory, error);
    });
  if (taken.kind === 'taken') return taken.release;
  if (taken.kind === 'busy') throw new StateError({ code: 'locked', file });
  const { pid: process, host, sinceSeconds } = taken.by;
  throw new StateError(
    taken.elsewhere ? { code: 'inUseElsewhere', host, process, sinceSeconds, file } : { code: 'inUse', process },
  );
}
