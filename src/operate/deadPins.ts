import type { OwnerRef } from '../core/model/moves.ts';
import type { Problem } from '../core/model/problem.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import type { Task } from '../core/model/task.ts';
import { lostWork } from '../core/model/work.ts';
import { settleOwner } from './settleOwner.ts';
import type { OrphanedMove, Settled } from './step.ts';
import { act, type StepContext } from './stepContext.ts';

/** A pin of ours that leads nowhere; what is lost of the owner's tasks that still run when it is taken off. */
export type DeadPin = {
  readonly move: OrphanedMove;
  readonly owner: OwnerRef;
  readonly node: string;
  readonly why: Extract<Problem, { code: 'deadPin' }>['why'];
  readonly tasks: number;
  readonly lostSeconds: number;
};

/** Every owner whose tasks wait for a node that our pin names and that takes none any more. */
export function findDeadPins({ problems, tasks, takenAtSeconds }: Snapshot): DeadPin[] {
  return problems.flatMap((problem): DeadPin[] => {
    if (problem.code !== 'deadPin') return [];
    const { owner: object, node, why, tasks: waiting } = problem;
    const own = tasks.filter(
      ({ namespace, owner }) => owner?.kind === 'Job' && `${namespace}/${owner.name}` === object,
    );
    const owner = own[0] && refOf(own[0]);
    if (!owner) return [];
    const running = own.filter((task) => task.node !== undefined);
    const lostSeconds = running.reduce((sum, task) => sum + lostWork(task, takenAtSeconds), 0);
    const move = { kind: 'orphan', id: `unpin ${object}`, of: 'pin', object } as const;
    return [{ move, owner, node, why, tasks: waiting, lostSeconds }];
  });
}

function refOf({ owner, namespace }: Task): OwnerRef | undefined {
  if (!owner) return undefined;
  const { kind, name, uid, generation } = owner;
  return { kind, namespace, name, uid, generation };
}

/**
 * A template changes only while its owner is suspended: it is stopped, with a record, and resumed without the pin.
 * Whoever finds it stopped in between resumes it by that record.
 */
export async function unpin(context: StepContext, { owner, move, node }: DeadPin): Promise<Settled | undefined> {
  const { cluster, planId } = context;
  const startedAtSeconds = Math.round(cluster.nowSeconds());
  const record = { planId, moveId: move.id, kind: 'migration', startedAtSeconds, from: node } as const;
  const result = await act(context, (options) => cluster.suspend(owner, record, options));
  if (result.kind === 'refused') return { kind: 'failed', reason: { code: 'refused', refused: result } };
  return settleOwner(context, { record: { ...record, generation: result.generation } }, owner);
}
