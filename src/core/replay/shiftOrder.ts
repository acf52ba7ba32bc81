import type { Fleet } from '../fleet/fleet.ts';
import { copyFleet, holdGpus, release } from '../fleet/fleet.ts';
import type { Placed } from './yard.ts';
import { fitsOnGpu } from './yard.ts';

/** One GPU of a node. */
export type Seat = { readonly node: number; readonly gpu: number };

/** A running share that is to go from one GPU to another. */
export type Shift = { readonly task: Placed; readonly from: Seat; readonly to: Seat };

/** A task goes to its new place while it runs, or it stops, and goes on there later. */
export type ShiftStep = { readonly type: 'go' | 'stop' | 'goOn'; readonly shift: Shift };

/**
 * An order in which every shift fits when its turn comes; where none does, a task stops to make room. Of the steps that are
 * possible, the one is taken after which the most others follow without a stop (the pilot method: Duin & Voß 1999).
 * @param fleet as it is before; stays so
 * @param shifts all of them fit where all are made
 */
export function orderShifts(fleet: Fleet, shifts: readonly Shift[]): ShiftStep[] {
  const scene: Scene = { fleet: copyFleet(fleet), left: new Set(shifts), stopped: new Set() };
  const steps: ShiftStep[] = [];
  while (scene.left.size + scene.stopped.size > 0) {
    const next = possible(scene);
    let best = next[0]!;
    if (next.length > 1) {
      let most = -1;
      for (const step of next) {
        const ahead = following(scene, step);
        if (ahead > most) {
          most = ahead;
          best = step;
        }
      }
    }
    make(scene, best);
    steps.push(best);
  }
  return steps;
}

/** What is still to come: tasks at their old place, and tasks that have stopped. */
type Scene = { readonly fleet: Fleet; readonly left: Set<Shift>; readonly stopped: Set<Shift> };

/** Tasks that can go; where there are none, stopped ones that can go on; where there are none either, all that can stop. */
function possible(scene: Scene): ShiftStep[] {
  const steps = (type: ShiftStep['type'], shifts: readonly Shift[]) => shifts.map((shift) => ({ type, shift }));
  const go = [...scene.left].filter((shift) => canGo(scene, shift));
  if (go.length > 0) return steps('go', go);
  const goOn = [...scene.stopped].filter((shift) => fitsNow(scene, shift));
  return goOn.length > 0 ? steps('goOn', goOn) : steps('stop', [...scene.left]);
}

/** How many shifts are made until the next stop, from this step on. */
function following(scene: Scene, first: ShiftStep): number {
  const made: ShiftStep[] = [];
  for (let step: ShiftStep | undefined = first; step; ) {
    make(scene, step);
    made.push(step);
    const [next] = possible(scene);
    step = next?.type === 'stop' ? undefined : next;
  }
  for (const step of made.reverse()) takeBack(scene, step);
  return made.length;
}

function make(scene: Scene, { type, shift }: ShiftStep): void {
  if (type !== 'goOn') free(scene, shift);
  if (type !== 'stop') take(scene, shift, shift.to);
  if (type === 'goOn') scene.stopped.delete(shift);
  else scene.left.delete(shift);
  if (type === 'stop') scene.stopped.add(shift);
}

function takeBack(scene: Scene, { type, shift }: ShiftStep): void {
  if (type !== 'stop') {
    release(scene.fleet, shift.to.node, shift.task.classNumber, shift.task.memoryBytes, 1 << shift.to.gpu);
  }
  if (type !== 'goOn') take(scene, shift, shift.from);
  if (type === 'goOn') scene.stopped.add(shift);
  else scene.left.add(shift);
  if (type === 'stop') scene.stopped.delete(shift);
}

function canGo(scene: Scene, shift: Shift): boolean {
  free(scene, shift);
  const can = fitsNow(scene, shift);
  take(scene, shift, shift.from);
  return can;
}

function fitsNow({ fleet }: Scene, { task, to }: Shift): boolean {
  return fitsOnGpu(fleet, task, to.node, to.gpu);
}

function free({ fleet }: Scene, { task, from }: Shift): void {
  release(fleet, from.node, task.classNumber, task.memoryBytes, 1 << from.gpu);
}

function take({ fleet }: Scene, { task }: Shift, { node, gpu }: Seat): void {
  holdGpus(fleet, node, task.classNumber, task.memoryBytes, 1 << gpu);
}
