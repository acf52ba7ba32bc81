import type { Migration, Placement, Resize, TaskRef } from '../../src/core/model/moves.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import type { Task } from '../../src/core/model/task.ts';

/**
 * One move of each kind: the task `stays…` expands to 2 CPU, `gated…` is placed on the node `right`, and `moves…`
 * migrates from `left` to `right`.
 */
export function movesOf({ tasks }: Pick<Snapshot, 'tasks'>): [Resize, Placement, Migration] {
  const find = (prefix: string) => tasks.find(({ name }) => name.startsWith(prefix)) as Task;
  const [stays, gated, moves] = [find('stays'), find('gated'), find('moves')];
  const owner = moves.owner!;
  const { kind, name, uid, generation } = owner;
  return [
    {
      kind: 'resize',
      id: `resize ${stays.id}`,
      task: refOf(stays),
      direction: 'expand',
      from: stays.allocation,
      to: { ...stays.allocation, milliCpu: 2000 },
      request: stays.request,
    },
    { kind: 'placement', id: `place ${gated.id}`, task: refOf(gated), to: 'right', request: gated.request },
    {
      kind: 'migration',
      id: `migrate ${moves.id}`,
      task: refOf(moves),
      owner: { kind, namespace: moves.namespace, name, uid, generation },
      from: 'left',
      to: 'right',
      allocation: moves.allocation,
      run: { elapsedSeconds: 1, remainingSeconds: 1, usageSoFar: moves.allocation, lostSeconds: 1 },
    },
  ];
}

function refOf({ id, uid, generation, node }: Task): TaskRef {
  return node === undefined ? { id, uid, generation } : { id, uid, generation, node };
}
