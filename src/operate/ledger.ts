import { appendFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { errorMessage } from '../core/model/errorMessage.ts';
import type { FinishedTask } from '../core/model/finished.ts';
import type { Move } from '../core/model/moves.ts';
import type { Plan } from '../core/plan/plan.ts';
import type { FinalState } from './journal.ts';
import { StateError } from './stateError.ts';

/** One move: what was predicted when it was planned, and what has happened, as far as it is known. */
export type LedgerRow = {
  readonly planId: string;
  readonly moveId: string;
  readonly cluster: string;
  readonly taskId: string;
  /** Name of the owner in its namespace, under which history knows a migrated task. */
  readonly ownerId?: string;
  readonly move: Move['kind'];
  readonly predictedAtSeconds: number;
  readonly predicted: Predicted;
  readonly outcome?: { readonly kind: FinalState['kind']; readonly atSeconds: number };
  /** When the task ended after the move, and how. */
  readonly ended?: { readonly atSeconds: number; readonly how: FinishedTask['outcome'] };
};

/** All in seconds or node-seconds; absent where the plan does not say. */
export type Predicted = {
  /** Median runtime of a task to place, or of what a moved or resized one has left. */
  readonly remainingSeconds?: number;
  readonly lostSeconds?: number;
  /** Of all migrations for the same goal together. */
  readonly gainNodeSeconds?: number;
  readonly costNodeSeconds?: number;
};

export interface Ledger {
  /** All rows, the oldest first. */
  rows(): readonly LedgerRow[];
  /** Adds a row, or replaces the one of the same plan and move. */
  put(row: LedgerRow): Promise<void>;
}

/** The rows a plan begins with. */
export function predictedRows(
  plan: Pick<Plan, 'id' | 'snapshot' | 'placements' | 'resizes' | 'migrations' | 'moves'>,
): LedgerRow[] {
  return plan.moves.map((move) => ({
    planId: plan.id,
    moveId: move.id,
    cluster: plan.snapshot.cluster,
    taskId: move.task.id,
    ...(move.kind === 'migration' && { ownerId: `${move.owner.namespace}/${move.owner.name}` }),
    move: move.kind,
    predictedAtSeconds: plan.snapshot.takenAtSeconds,
    predicted: predictedOf(move, plan),
  }));
}

function predictedOf(
  move: Move,
  { placements, resizes, migrations }: Pick<Plan, 'placements' | 'resizes' | 'migrations'>,
): Predicted {
  const of = ({ taskId }: { readonly taskId: string }) => taskId === move.task.id;
  switch (move.kind) {
    case 'placement':
      return known({ remainingSeconds: placements.find(of)?.runtime?.p50 });
    case 'resize':
      return known({ remainingSeconds: resizes.find(of)?.remainingSeconds });
    case 'migration': {
      const { remainingSeconds, lostSeconds } = move.run;
      const advice = migrations.find(({ taskIds }) => taskIds.includes(move.task.id));
      const { gainNodeSeconds, costNodeSeconds } = advice ?? {};
      return known({ remainingSeconds, lostSeconds, gainNodeSeconds, costNodeSeconds });
    }
  }
}

function known(values: { readonly [key in keyof Predicted]: number | undefined }): Predicted {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** Rows whose task has ended since their move, with when and how; history is of the same cluster. */
export function endedRows(rows: readonly LedgerRow[], cluster: string, history: readonly FinishedTask[]): LedgerRow[] {
  const open = rows.filter((row) => row.cluster === cluster && row.outcome?.kind === 'done' && !row.ended);
  if (open.length === 0) return [];
  const finished = new Map(history.map((task) => [task.id, task]));
  return open.flatMap((row) => {
    const task = finished.get(row.taskId) ?? finished.get(row.ownerId ?? ownerGuess(row.taskId));
    if (!task || task.endedAtSeconds < row.predictedAtSeconds) return [];
    return [{ ...row, ended: { atSeconds: task.endedAtSeconds, how: task.outcome } }];
  });
}

/** History names some tasks by their Job: the pod's name without its generated end. */
function ownerGuess(taskId: string): string {
  return taskId.replace(/-[a-z0-9]{5}$/, '');
}

/**
 * Opens `<directory>/ledger.jsonl`: each line is a row, a later one of the same move replaces an earlier.
 * @throws StateError when it cannot be read
 */
export async function openLedger(directory: string): Promise<Ledger> {
  await mkdir(directory, { recursive: true });
  const file = path.join(directory, 'ledger.jsonl');
  const text = await readText(file);
  const rows = new Map(rowsOf(text).map((row) => [keyOf(row), row]));
  // A line that a crash cut off stays alone.
  if (text !== '' && !text.endsWith('\n')) await appendFile(file, '\n');
  return {
    rows: () => [...rows.values()],
    async put(row) {
      rows.set(keyOf(row), row);
      await appendFile(file, `${JSON.stringify(row)}\n`);
    },
  };
}

function keyOf({ planId, moveId }: LedgerRow): string {
  return `${planId} ${moveId}`;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new StateError({ code: 'unreadable', what: 'ledger', file, message: errorMessage(error) });
  }
}

/** Lines that a crash cut off, or that are not rows, are passed over: the ledger decides nothing. */
function rowsOf(text: string): LedgerRow[] {
  return text.split('\n').flatMap((line) => {
    try {
      const row: unknown = JSON.parse(line);
      return isRow(row) ? [row] : [];
    } catch {
      return [];
    }
  });
}

function isRow(value: unknown): value is LedgerRow {
  if (typeof value !== 'object' || value === null) return false;
  const { planId, moveId, taskId, predicted } = value as Record<string, unknown>;
  return [planId, moveId, taskId].every((text) => typeof text === 'string') && typeof predicted === 'object';
}
