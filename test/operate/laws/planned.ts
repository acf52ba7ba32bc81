import type { Migration, Move, Placement, Resize, TaskRef } from '../../../src/core/model/moves.ts';
import { NO_RESOURCES } from '../../../src/core/model/resources.ts';
import type { Task } from '../../../src/core/model/task.ts';
import { draftPlan, finishPlan } from '../../../src/core/plan/makePlan.ts';
import type { Plan } from '../../../src/core/plan/plan.ts';
import { fitPredictor, predictSnapshot } from '../../../src/core/predict/predictor.ts';
import { sha256 } from '../../../src/io/sha256.ts';
import { snapshotOf } from './modelCluster.ts';
import { SETTINGS } from './run.ts';
import { NAMESPACE, type World } from './world.ts';

/** Moves of a scenario, planned on its world. */

/** Of the Job `train`, with all its tasks. */
export function migration(world: World, to: string): Migration {
  const [first, ...more] = tasksOf(world, 'train');
  const { node, owner, allocation } = first!;
  const { kind, name, uid, generation } = owner!;
  return {
    ...{ kind: 'migration', id: `migrate train to ${to}`, from: node!, to, allocation },
    task: refOf(first!),
    ...(more.length > 0 && { others: more.map(refOf) }),
    owner: { kind, name, namespace: NAMESPACE, uid, generation },
    run: { elapsedSeconds: 60, remainingSeconds: 3600, usageSoFar: NO_RESOURCES, lostSeconds: 60 },
  };
}

/** @param cpu as a quantity: `3`, `901m` */
export function resize(world: World, name: string, cpu: string): Resize {
  const [task] = tasksOf(world, name);
  const { allocation, request } = task!;
  const milliCpu = cpu.endsWith('m') ? Number(cpu.slice(0, -1)) : Number(cpu) * 1000;
  return {
    ...{ kind: 'resize', id: `resize ${name}`, task: refOf(task!), from: allocation, request },
    direction: milliCpu < allocation.milliCpu ? 'shrink' : 'expand',
    to: { ...allocation, milliCpu },
  };
}

export function placement(world: World, name: string, to: string): Placement {
  const [task] = tasksOf(world, name);
  return { kind: 'placement', id: `place ${name}`, task: refOf(task!), to, request: task!.request };
}

/** Tasks by the name of their pod, or of the Job that made them. */
export function tasksOf(world: World, name: string): Task[] {
  return snapshotOf(world).tasks.filter((task) => task.name === name || task.owner?.name === name);
}

function refOf({ id, uid, generation, node }: Task): TaskRef {
  return { id, uid, generation, ...(node !== undefined && { node }) };
}

/** The planner's own plan of a world, with these moves in place of its own. */
export function planOf(world: World, moves: readonly Move[]): Plan {
  const snapshot = snapshotOf(world);
  const predictions = predictSnapshot(fitPredictor([]), snapshot);
  const predictor = { name: 'baselines', tasks: 0 };
  const draft = draftPlan({ snapshot, predictions, predictor, settings: SETTINGS, since: {}, hash: sha256 });
  const id = `plan of ${moves.map((move) => move.id).join(', ')} at ${world.version}`;
  return { ...finishPlan(draft, sha256), id, moves, placements: [], resizes: [], migrations: [] };
}
