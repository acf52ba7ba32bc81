import path from 'node:path';
import type { Band } from '../core/model/band.ts';
import { errorMessage } from '../core/model/errorMessage.ts';
import type { FinishedTask } from '../core/model/finished.ts';
import { jsonText } from '../core/model/jsonText.ts';
import { type Move, type NamedMove, namedMove } from '../core/model/moves.ts';
import { isResources } from '../core/model/resources.ts';
import { hasFields, isName, isNumber, isOneBy, isOneOf, isText } from '../core/model/shape.ts';
import { naming } from '../core/model/systemError.ts';
import type { Plan } from '../core/plan/plan.ts';
import { makeFolder } from '../io/makeFolder.ts';
import { appendOwn, readOwn } from '../io/ownFiles.ts';
import { MIB } from '../io/readWhole.ts';
import { isFinalState } from './entryShape.ts';
import { type FinalState, isFinal, type Operation, stateOf } from './journal.ts';
import { StateError } from './stateError.ts';
import { undoneMoveId } from './undo.ts';

/** One move: what was predicted when it was planned, and what has happened, as far as it is known. */
export type LedgerRow = {
  readonly planId: string;
  readonly moveId: string;
  readonly cluster: string;
  readonly taskId: string;
  /** Name of the owner in its namespace, under which history knows a migrated task. */
  readonly ownerId?: string;
  readonly move: Move['kind'];
  /** What it does, with amounts and nodes; 0.1.0 did not write it. */
  readonly what?: NamedMove;
  /** The plan whose move it takes back. */
  readonly undoes?: string;
  readonly predictedAtSeconds: number;
  readonly predicted: Predicted;
  /** How it came to its end; 0.1.0 wrote no state. */
  readonly outcome?: { readonly kind: FinalState['kind']; readonly atSeconds: number; readonly state?: FinalState };
  /** When the resize was taken back by its user. */
  readonly undone?: { readonly atSeconds: number };
  /** When the task ended after the move, and how; since when it ran, where 0.2.0 or later wrote it. */
  readonly ended?: {
    readonly atSeconds: number;
    readonly how: FinishedTask['outcome'];
    readonly startedAtSeconds?: number;
  };
};

/** All in seconds or node-seconds; absent where the plan does not say. */
export type Predicted = {
  /** Median runtime of a task to place, or of what a moved or resized one has left. */
  readonly remainingSeconds?: number;
  /** Its 80 % band. */
  readonly remainingBand?: Pick<Band, 'p10' | 'p90'>;
  readonly lostSeconds?: number;
  /** Of all migrations for the same goal together. */
  readonly gainNodeSeconds?: number;
  readonly costNodeSeconds?: number;
};

export interface Ledger {
  /** All rows, the oldest first. */
  rows(): readonly LedgerRow[];
  find(planId: string, moveId: string): LedgerRow | undefined;
  /** Adds rows, or replaces those of the same plan and move. */
  put(rows: readonly LedgerRow[]): Promise<void>;
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
    what: namedMove(move),
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
      return remaining(placements.find(of)?.runtime);
    case 'resize':
      return resizeOf(resizes.find(of));
    case 'migration': {
      const { remainingSeconds, lostSeconds } = move.run;
      const advice = migrations.find(({ taskIds }) => taskIds.includes(move.task.id));
      const { gainNodeSeconds, costNodeSeconds } = advice ?? {};
      const { remainingBand } = remaining(advice?.remaining);
      return known({ remainingSeconds, remainingBand, lostSeconds, gainNodeSeconds, costNodeSeconds });
    }
  }
}

/** Nothing of a task without an end: no end is predicted there. */
function resizeOf(advice: Plan['resizes'][number] | undefined): Predicted {
  return advice?.endless ? {} : known({ remainingSeconds: advice?.remainingSeconds });
}

function remaining(band: Band | undefined): Predicted {
  if (!band) return {};
  const { p10, p50, p90 } = band;
  return { remainingSeconds: p50, remainingBand: { p10, p90 } };
}

function known(values: { readonly [key in keyof Predicted]: Predicted[key] | undefined }): Predicted {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** The rows an undo begins with: nothing is predicted of it. */
export function undoRows(undo: Pick<Operation, 'planId' | 'cluster' | 'atSeconds' | 'moves' | 'undoes'>): LedgerRow[] {
  return undo.moves.map((move) => ({
    planId: undo.planId,
    moveId: move.id,
    cluster: undo.cluster,
    taskId: move.task.id,
    move: move.kind,
    what: namedMove(move),
    ...(undo.undoes !== undefined && { undoes: undo.undoes }),
    predictedAtSeconds: undo.atSeconds,
    predicted: {},
  }));
}

/**
 * The rows that change when a move comes to its end: its own, and that of the move which it takes back. None where the
 * ledger does not know it.
 */
export function rowsAtEnd(
  ledger: Pick<Ledger, 'find'>,
  { planId, undoes }: Pick<Operation, 'planId' | 'undoes'>,
  moveId: string,
  { state, atSeconds }: { readonly state: FinalState; readonly atSeconds: number },
): LedgerRow[] {
  const own = ledger.find(planId, moveId);
  const takenBack = undoes !== undefined && state.kind === 'done' && wasResized(state);
  const undone = takenBack ? ledger.find(undoes, undoneMoveId(moveId)) : undefined;
  return [
    ...(own ? [{ ...own, outcome: { kind: state.kind, atSeconds, state } }] : []),
    ...(undone ? [{ ...undone, undone: { atSeconds } }] : []),
  ];
}

/**
 * The rows of moves that are at their end in the journal and open in the ledger: a process ended between the two. They
 * end when the journal says.
 */
export function rowsBehind(ledger: Pick<Ledger, 'find'>, operations: readonly Operation[]): LedgerRow[] {
  return operations.flatMap((operation) =>
    operation.moves.flatMap(({ id }) => {
      const state = stateOf(operation, id);
      const row = ledger.find(operation.planId, id);
      if (!isFinal(state) || !row || row.outcome) return [];
      return rowsAtEnd(ledger, operation, id, { state, atSeconds: operation.sinceSeconds.get(id)! });
    }),
  );
}

/** An undo is done, too, where its task ended or its node did not grant it: then nothing was taken back. */
function wasResized({ outcome }: Extract<FinalState, { kind: 'done' }>): boolean {
  return typeof outcome !== 'string' && outcome.code === 'resized';
}

/** Rows whose task has ended since their move, with when and how; history is of the same cluster. */
export function endedRows(rows: readonly LedgerRow[], cluster: string, history: readonly FinishedTask[]): LedgerRow[] {
  return withEnds(rows, cluster, history).filter((row, index) => row !== rows[index]);
}

/** All rows in their order, those whose task has ended since their move with when and how. */
export function withEnds(rows: readonly LedgerRow[], cluster: string, history: readonly FinishedTask[]): LedgerRow[] {
  const isOpen = (row: LedgerRow) => row.cluster === cluster && row.outcome?.kind === 'done' && !row.ended;
  if (!rows.some(isOpen)) return [...rows];
  const finished = new Map(history.map((task) => [task.id, task]));
  return rows.map((row) => {
    if (!isOpen(row)) return row;
    const task = finished.get(row.taskId) ?? finished.get(row.ownerId ?? ownerGuess(row.taskId));
    if (!task || task.endedAtSeconds < row.predictedAtSeconds) return row;
    const { endedAtSeconds, startedAtSeconds, outcome } = task;
    return { ...row, ended: { atSeconds: endedAtSeconds, how: outcome, startedAtSeconds } };
  });
}

/** History names some tasks by their Job: the pod's name without its generated end. */
function ownerGuess(taskId: string): string {
  return taskId.replace(/-[a-z0-9]{5}$/, '');
}

/**
 * Opens `<directory>/ledger.jsonl`: each line is a row, a later one of the same move replaces an earlier. Nothing is
 * written until a row is put: whoever only looks may look while another writes.
 * @throws StateError when it cannot be read
 */
export async function openLedger(directory: string): Promise<Ledger> {
  const file = path.join(directory, 'ledger.jsonl');
  const text = await readIfThere(file);
  const rows = new Map(rowsOf(text).map((row) => [keyOf(row), row]));
  // A line that a crash cut off stays alone.
  let lead = text === '' || text.endsWith('\n') ? '' : '\n';
  return {
    rows: () => [...rows.values()],
    find: (planId, moveId) => rows.get(keyOf({ planId, moveId })),
    async put(more) {
      for (const row of more) rows.set(keyOf(row), row);
      if (more.length === 0) return;
      try {
        await makeFolder(directory);
        await appendOwn(file, lead + more.map((row) => `${jsonText(row)}\n`).join(''));
      } catch (error) {
        throw naming(file, error);
      }
      lead = '';
    },
  };
}

const MOST_BYTES = 512 * MIB;

function keyOf({ planId, moveId }: Pick<LedgerRow, 'planId' | 'moveId'>): string {
  return `${planId} ${moveId}`;
}

async function readIfThere(file: string): Promise<string> {
  try {
    return (await readOwn(file, MOST_BYTES)) ?? '';
  } catch (error) {
    throw new StateError({ code: 'unreadable', what: 'ledger', file, message: errorMessage(error) });
  }
}

/** Lines that a crash cut off, or that are not rows, are passed over: the ledger decides nothing. */
function rowsOf(text: string): LedgerRow[] {
  return text.split('\n').flatMap((line) => {
    try {
      const row: unknown = JSON.parse(line);
      return isRow(row) ? [row as LedgerRow] : [];
    } catch {
      return [];
    }
  });
}

const isNamedTask = hasFields({ id: isText });
const isNamedMove = isOneBy('kind', {
  placement: hasFields({ to: isText, task: isNamedTask }),
  resize: hasFields({ direction: isText, from: isResources, to: isResources, task: isNamedTask }),
  migration: hasFields({ from: isText, to: isText, owner: hasFields({ namespace: isText, name: isText }) }),
});

const isPredicted = hasFields(
  {},
  {
    ...{ remainingSeconds: isNumber, remainingBand: hasFields({ p10: isNumber, p90: isNumber }) },
    ...{ lostSeconds: isNumber, gainNodeSeconds: isNumber, costNodeSeconds: isNumber },
  },
);

const isRow = hasFields(
  {
    ...{ planId: isName, moveId: isName, cluster: isText, taskId: isName },
    ...{ move: isOneOf('placement', 'resize', 'migration'), predictedAtSeconds: isNumber, predicted: isPredicted },
  },
  {
    ...{ ownerId: isText, what: isNamedMove, undoes: isText },
    outcome: hasFields({ kind: isText, atSeconds: isNumber }, { state: isFinalState }),
    undone: hasFields({ atSeconds: isNumber }),
    ended: hasFields({ atSeconds: isNumber, how: isText }, { startedAtSeconds: isNumber }),
  },
);
