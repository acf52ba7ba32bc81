import type { Fleet } from '../fleet/fleet.ts';
import { copyFleet, holdGpus, release } from '../fleet/fleet.ts';
import type { Placed } from './saturatedCluster.ts';
import { fitsOnGpu } from './saturatedCluster.ts';

/** One GPU of a node. */
export type GpuSlot = { readonly node: number; readonly gpu: number };

/** A running share that is to go from one GPU to another. */
export type PlannedMove = { readonly task: Placed; readonly from: GpuSlot; readonly to: GpuSlot };

/** A task goes to its new place while it runs, or it stops, and goes on there later. */
export type MoveStep = { readonly type: 'go' | 'stop' | 'goOn'; readonly move: PlannedMove };

/**
 * An order in which every move fits when its turn comes; where none does, a task stops and frees its GPUs. Of the steps
 * that are possible, the one is taken after which the most others follow without a stop (the pilot method: Duin & Voß
 * 1999).
 * @param fleet as it is before; stays so
 * @param moves all of them fit where all are made
 */
export function orderMoves(fleet: Fleet, moves: readonly PlannedMove[]): MoveStep[] {
  const ordering: Ordering = { fleet: copyFleet(fleet), left: new Set(moves), stopped: new Set() };
  const steps: MoveStep[] = [];
  while (ordering.left.size + ordering.stopped.size > 0) {
    const next = possible(ordering);
    let best = next[0]!;
    if (next.length > 1) {
      let most = -1;
      for (const step of next) {
        const ahead = following(ordering, step);
        if (ahead > most) {
          most = ahead;
          best = step;
        }
      }
    }
    make(ordering, best);
    steps.push(best);
  }
  return steps;
}

/** What is still to come: tasks at their old place, and tasks that have stopped. */
type Ordering = { readonly fleet: Fleet; readonly left: Set<PlannedMove>; readonly stopped: Set<PlannedMove> };

/**
 * Tasks that can go; where there are none, stopped ones that can go on; where there are none either, all that can stop.
 */
function possible(ordering: Ordering): MoveStep[] {
  const steps = (type: MoveStep['type'], moves: readonly PlannedMove[]) => moves.map((move) => ({ type, move }));
  const go = [...ordering.left].filter((move) => canGo(ordering, move));
  if (go.length > 0) return steps('go', go);
  const goOn = [...ordering.stopped].filter((move) => fitsNow(ordering, move));
  return goOn.length > 0 ? steps('goOn', goOn) : steps('stop', [...ordering.left]);
}

/** How many moves are made until the next stop, from this step on. */
function following(ordering: Ordering, first: MoveStep): number {
  const made: MoveStep[] = [];
  for (let step: MoveStep | undefined = first; step; ) {
    make(ordering, step);
    made.push(step);
    const [next] = possible(ordering);
    step = next?.type === 'stop' ? undefined : next;
  }
  for (const step of made.reverse()) takeBack(ordering, step);
  return made.length;
}

function make(ordering: Ordering, { type, move }: MoveStep): void {
  if (type !== 'goOn') free(ordering, move);
  if (type !== 'stop') take(ordering, move, move.to);
  if (type === 'goOn') ordering.stopped.delete(move);
  else ordering.left.delete(move);
  if (type === 'stop') ordering.stopped.add(move);
}

function takeBack(ordering: Ordering, { type, move }: MoveStep): void {
  if (type !== 'stop') {
    release(ordering.fleet, move.to.node, move.task.classNumber, move.task.memoryBytes, 1 << move.to.gpu);
  }
  if (type !== 'goOn') take(ordering, move, move.from);
  if (type === 'goOn') ordering.stopped.add(move);
  else ordering.left.add(move);
  if (type === 'stop') ordering.stopped.delete(move);
}

function canGo(ordering: Ordering, move: PlannedMove): boolean {
  free(ordering, move);
  const can = fitsNow(ordering, move);
  take(ordering, move, move.from);
  return can;
}

function fitsNow({ fleet }: Ordering, { task, to }: PlannedMove): boolean {
  return fitsOnGpu(fleet, task, to.node, to.gpu);
}

function free({ fleet }: Ordering, { task, from }: PlannedMove): void {
  release(fleet, from.node, task.classNumber, task.memoryBytes, 1 << from.gpu);
}

function take({ fleet }: Ordering, { task }: PlannedMove, { node, gpu }: GpuSlot): void {
  holdGpus(fleet, node, task.classNumber, task.memoryBytes, 1 << gpu);
}
