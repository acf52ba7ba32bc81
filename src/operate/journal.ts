import { link, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Pin } from '../cluster/port.ts';
import { errorMessage } from '../core/model/errorMessage.ts';
import type { Move, RunInformation } from '../core/model/moves.ts';
import type { Resources } from '../core/model/resources.ts';
import type { Task } from '../core/model/task.ts';
import { withCurrentWait } from '../core/model/waits.ts';
import type { Written } from '../core/model/written.ts';
import type { ClusterTarget } from '../core/plan/plan.ts';
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
  /** Resize: asked for; awaited; being taken back because of `reason`. */
  | { readonly kind: 'resizing' }
  | ({ readonly kind: 'granting'; readonly sinceSeconds: number } & Partial<Wait>)
  | { readonly kind: 'reverting'; readonly reason: Written<Reason> }
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
};

export interface Journal {
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
  const operations = new Map<string, Operation & { states: Map<string, MoveState> }>();
  for (const entry of entries) {
    if (entry.type === 'step') operations.get(entry.planId)?.states.set(entry.moveId, entry.state);
    else if (!operations.has(entry.planId)) operations.set(entry.planId, operationOf(entry));
  }
  return [...operations.values()];
}

function operationOf({ type: _, ...begin }: Extract<JournalEntry, { type: 'begin' }>) {
  return { ...begin, states: new Map<string, MoveState>() };
}

/**
 * Opens `<directory>/journal.jsonl` for one process at a time. A last line that a crash cut off is dropped.
 * @throws StateError when another living process has it open, or a whole line of it cannot be read
 */
export async function openJournal(directory: string): Promise<Journal> {
  await mkdir(directory, { recursive: true });
  const unlock = await lock(path.join(directory, 'journal.lock'));
  try {
    const file = path.join(directory, 'journal.jsonl');
    const { entries, wholeBytes } = parseJournal(await readIfThere(file), file);
    const handle = await open(file, 'a');
    await handle.truncate(wholeBytes);
    return {
      operations: () => operationsOf(entries),
      async append(entry) {
        await handle.write(`${JSON.stringify(entry)}\n`);
        await handle.sync();
        entries.push(entry);
      },
      async close() {
        await handle.close();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** What a journal holds, without opening it for writing; empty when there is none. */
export async function readOperations(directory: string): Promise<readonly Operation[]> {
  const file = path.join(directory, 'journal.jsonl');
  return operationsOf(parseJournal(await readIfThere(file), file).entries);
}

function parseJournal(text: string, file: string): { entries: JournalEntry[]; wholeBytes: number } {
  const lines = text.split('\n');
  const cutOff = lines.pop()!;
  const entries = lines.map((line, index) => {
    const entry = parseEntry(line);
    if (entry) return entry;
    throw new StateError({ code: 'brokenLine', file, line: index + 1 });
  });
  return { entries, wholeBytes: Buffer.byteLength(text) - Buffer.byteLength(cutOff) };
}

function parseEntry(line: string): JournalEntry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return undefined;
    const { type, planId, moves, moveId, state } = value as Record<string, unknown>;
    if (typeof planId !== 'string') return undefined;
    if (type === 'begin' && Array.isArray(moves)) return value as JournalEntry;
    if (type === 'step' && typeof moveId === 'string' && typeof state === 'object' && state !== null) {
      return { ...value, state: withOutcome(withCurrentWait(state)) } as JournalEntry;
    }
    return undefined;
  } catch {
    return undefined;
  }
}

/** Version 0.1.0 wrote what came of a move as a sentence, under another name. */
function withOutcome(state: object): object {
  if (!('text' in state)) return state;
  const { text, ...rest } = state;
  return { ...rest, outcome: text };
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new StateError({ code: 'unreadable', what: 'journal', file, message: errorMessage(error) });
  }
}

/** Takes a lock file, whole at once; the lock of a dead process does not count. */
async function lock(file: string): Promise<() => Promise<void>> {
  const own = `${file}.${process.pid}`;
  await writeFile(own, String(process.pid));
  try {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      try {
        await link(own, file);
        return () => rm(file, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = Number(await readIfThere(file));
      if (isAlive(holder)) {
        throw new StateError({ code: 'inUse', process: holder });
      }
      await rm(file, { force: true });
    }
    throw new StateError({ code: 'locked', file });
  } finally {
    await rm(own, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
