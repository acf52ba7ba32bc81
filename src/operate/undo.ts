import type { Cluster } from '../cluster/port.ts';
import type { Resize } from '../core/model/moves.ts';
import { type Resized, sameParts } from '../core/model/stated.ts';
import type { JournalEntry, Operation } from './journal.ts';
import { stateOf } from './journal.ts';

/**
 * The newest operation on this cluster that resized something and was not undone, reversed: the last resize first, each
 * from what the task has now back to what it had, container by container. Tasks that have ended or were changed since
 * are left out, and so are resizes of version 0.1, which did not keep what each container had.
 * @returns undefined when there is nothing to undo
 */
export async function inverseOperation(
  operations: readonly Operation[],
  cluster: Cluster,
): Promise<Omit<Extract<JournalEntry, { type: 'begin' }>, 'type'> | undefined> {
  const undone = new Set(operations.map(({ undoes }) => undoes));
  const candidates = operations.filter(
    ({ cluster: name, undoes, planId }) => name === cluster.name && undoes === undefined && !undone.has(planId),
  );
  for (const operation of candidates.reverse()) {
    const moves = (await Promise.all(doneResizes(operation).map((done) => inverse(done, cluster)))).filter(
      (move) => move !== undefined,
    );
    if (moves.length === 0) continue;
    const { planId, target } = operation;
    return {
      planId: `${UNDO}${planId}`,
      cluster: cluster.name,
      ...(target && { target }),
      atSeconds: cluster.nowSeconds(),
      moves: moves.reverse(),
      undoes: planId,
    };
  }
  return undefined;
}

/** Id of the move that an undo's move takes back. */
export function undoneMoveId(moveId: string): string {
  return moveId.replace(UNDO, '');
}

const UNDO = 'undo ';

type Done = { readonly move: Resize; readonly parts: Resized };

function doneResizes(operation: Operation): Done[] {
  return operation.moves.flatMap((move) => {
    const state = stateOf(operation, move.id);
    if (move.kind !== 'resize' || state.kind !== 'done') return [];
    const { outcome } = state;
    const parts = typeof outcome === 'object' && outcome.code === 'resized' ? outcome.parts : undefined;
    return parts ? [{ move, parts }] : [];
  });
}

async function inverse({ move, parts }: Done, cluster: Cluster): Promise<Resize | undefined> {
  const found = await cluster.readTask(move.task);
  if (found?.phase !== 'running' || !sameParts(found.parts, parts.after)) return undefined;
  return {
    ...move,
    id: `${UNDO}${move.id}`,
    task: { ...move.task, generation: found.generation },
    direction: move.direction === 'shrink' ? 'expand' : 'shrink',
    from: move.to,
    to: move.from,
    takesBack: parts,
  };
}
