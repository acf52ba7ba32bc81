import type { OwnerRef, TaskRef } from '../../core/model/moves.ts';
import { amountOf, type Resources, resourceNames, sameResources, shortage } from '../../core/model/resources.ts';
import {
  type ActOptions,
  type ActResult,
  type MoveName,
  type MoveRecord,
  type Pin,
  type ResumeOptions,
  sameMove,
} from '../port.ts';
import { type Attempt, acting, placing, type Refused, refuse, refuseChanged, resizing } from '../refused.ts';
import { MISSING_RIGHTS } from './hosts.ts';
import { actuateSoon, stop } from './kubelet.ts';
import { budgetsOf } from './look.ts';
import { addTask, onlyOn } from './owners.ts';
import { scheduleSoon } from './scheduler.ts';
import type { LiveOwner, LiveTask, World } from './world.ts';

/** What was asked of the sample and done: the part of its state that seed and clock do not tell. */
export type Act =
  | { readonly kind: 'place'; readonly task: TaskRef; readonly to: string }
  | { readonly kind: 'resize'; readonly task: TaskRef; readonly to: Resources; readonly record: MoveRecord }
  | { readonly kind: 'suspend'; readonly owner: OwnerRef; readonly record: MoveRecord }
  | ({ readonly kind: 'resume'; readonly owner: OwnerRef; readonly pin: Pin } & Omit<ResumeOptions, keyof ActOptions>)
  | { readonly kind: 'release'; readonly owner: OwnerRef; readonly move: MoveName };

/**
 * Does what is asked, or refuses as a real cluster would: what is gone, what has changed since it was read, a missing
 * right, a budget, more than a node has. What is already so needs no change, and is done.
 * @param dryRun says what would happen and changes nothing
 */
export function perform(world: World, act: Act, dryRun: boolean): ActResult {
  switch (act.kind) {
    case 'place':
      return place(world, act.task, act.to, dryRun);
    case 'resize':
      return resize(world, act, dryRun);
    case 'suspend':
      return suspend(world, act.owner, act.record, dryRun);
    case 'resume':
      return resume(world, act, dryRun);
    case 'release':
      return release(world, act.owner, act.move, dryRun);
  }
}

function place(world: World, ref: TaskRef, to: string, dryRun: boolean): ActResult {
  const attempt = placing(ref, to);
  const found = findTask(world, ref, attempt);
  if ('code' in found) return found;
  const { task } = found;
  if (!world.capacity.indexOf.has(to)) return refuse('invalid', attempt, { code: 'noNode', node: to });
  if (!task.gated && isOnlyOn(found, to)) return done(task.generation);
  if (!task.gated) return refuse('notMovable', attempt, { code: 'notGated' });
  const changed = refuseChanged(attempt, ref.generation, task.generation);
  if (changed) return changed;
  if (dryRun) return done(task.generation);
  found.task = { ...task, gated: false, constraints: onlyOn(task.constraints, to), generation: task.generation + 1 };
  scheduleSoon(world);
  return done(found.task.generation);
}

function isOnlyOn({ task }: LiveTask, node: string): boolean {
  const wanted = (task.constraints.nodeAffinity ?? []).flatMap(({ fields }) => fields.flatMap(({ values }) => values));
  return task.node === node || wanted.includes(node);
}

function resize(world: World, { task: ref, to, record }: Extract<Act, { kind: 'resize' }>, dryRun: boolean): ActResult {
  const attempt = resizing(ref.id);
  const found = findTask(world, ref, attempt);
  if ('code' in found) return found;
  const { task } = found;
  const { namespace, phase } = task;
  const missing = missingRight('resize', namespace);
  if (missing) return refuse('forbidden', attempt, { code: 'right', missing, namespace });
  if (phase !== 'running') return refuse('invalid', attempt, { code: 'notRunning', phase });
  const fixed = resourceNames(task.desired, to).find(
    (name) => name !== 'milliCpu' && name !== 'memoryBytes' && amountOf(to, name) !== amountOf(task.desired, name),
  );
  if (fixed) return refuse('invalid', attempt, { code: 'fixedResource', resource: fixed });
  const emptied = (['milliCpu', 'memoryBytes'] as const).find((resource) => to[resource] <= 0);
  if (emptied) return refuse('invalid', attempt, { code: 'notPositive', resource: emptied });
  if (sameResources(task.desired, to)) return done(task.generation);
  const changed = refuseChanged(attempt, ref.generation, task.generation);
  if (changed) return changed;
  const { node } = world.capacity.nodes[world.capacity.indexOf.get(task.node!)!]!;
  const short = shortage(to, node.allocatable);
  if (short) {
    const { resource, requested, free: allocatable } = short;
    return refuse('noCapacity', attempt, { code: 'nodeTooSmall', node: node.name, resource, requested, allocatable });
  }
  if (dryRun) return done(task.generation);
  found.record = record;
  found.task = {
    ...task,
    desired: to,
    generation: task.generation + 1,
    resizeState: { kind: 'inProgress', message: '', sinceSeconds: world.nowSeconds },
  };
  actuateSoon(world, found);
  return done(found.task.generation);
}

function suspend(world: World, ref: OwnerRef, record: MoveRecord, dryRun: boolean): ActResult {
  const attempt = acting('suspend', ref);
  const owner = findOwner(world, ref, attempt);
  if ('code' in owner) return owner;
  const refusal = refusedChange(owner, attempt);
  if (refusal) return refusal;
  if (owner.suspended) {
    if (owner.record && sameMove(owner.record, record)) return done(owner.generation);
    return refuse('conflict', attempt, { code: 'suspended', ...(owner.record && { byPlan: owner.record.planId }) });
  }
  const changed = refuseChanged(attempt, ref.generation, owner.generation);
  if (changed) return changed;
  const own = tasksOf(world, owner);
  const ids = new Set(own.map(({ task }) => task.id));
  const budget = budgetsOf(world.tasks.values()).find(
    ({ disruptionsAllowed, taskIds }) => taskIds.filter((id) => ids.has(id)).length > disruptionsAllowed,
  );
  if (budget) {
    const { name, disruptionsAllowed: allowed, taskIds } = budget;
    const tasks = taskIds.filter((id) => ids.has(id)).length;
    return refuse('budget', attempt, { code: 'budget', budget: name, tasks, allowed });
  }
  if (dryRun) return done(owner.generation);
  owner.suspended = true;
  owner.generation += 1;
  owner.record = { ...record, generation: owner.generation };
  for (const live of own) stop(world, live);
  return done(owner.generation);
}

function resume(
  world: World,
  { owner: ref, pin, allocation, generation }: Extract<Act, { kind: 'resume' }>,
  dryRun: boolean,
): ActResult {
  const attempt = acting('resume', ref);
  const owner = findOwner(world, ref, attempt);
  if ('code' in owner) return owner;
  const refusal = refusedChange(owner, attempt);
  if (refusal) return refusal;
  if (!owner.suspended) return done(owner.generation);
  const changed = refuseChanged(attempt, generation ?? owner.generation, owner.generation);
  if (changed) return changed;
  if (pin.kind !== 'none' && !world.capacity.indexOf.has(pin.node)) {
    return refuse('invalid', attempt, { code: 'noNode', node: pin.node });
  }
  const active = tasksOf(world, owner).length;
  if (active > 0) return refuse('conflict', attempt, { code: 'stopping', tasks: active });
  if (dryRun) return done(owner.generation);
  owner.suspended = false;
  owner.pin = pin;
  if (allocation) owner.allocation = allocation;
  owner.generation += 1;
  delete owner.record;
  for (const [index, member] of owner.members.entries()) if (!member.done) addTask(world, owner, index, false);
  scheduleSoon(world);
  return done(owner.generation);
}

function release(world: World, ref: OwnerRef, move: MoveName, dryRun: boolean): ActResult {
  const attempt = acting('release', ref);
  const owner = findOwner(world, ref, attempt);
  if ('code' in owner) return owner;
  if (!standsOn(owner, move)) return done(owner.generation);
  const finished = owner.members.every(({ done }) => done);
  if (owner.suspended && !finished) return refuse('conflict', attempt, { code: 'suspended', byPlan: move.planId });
  if (!dryRun) delete owner.record;
  return done(owner.generation);
}

/** Whether the record of a move is on an owner. */
export function standsOn({ record }: LiveOwner, move: MoveName): boolean {
  return record !== undefined && sameMove(record, move);
}

/** The tasks an owner has now, those that are being stopped among them. */
export function tasksOf(world: World, owner: LiveOwner): LiveTask[] {
  return [...world.tasks.values()].filter((live) => live.owner === owner);
}

function findTask(world: World, { id, uid }: TaskRef, attempt: Attempt): LiveTask | Refused {
  const live = world.tasks.get(id);
  if (!live) return refuse('notFound', attempt, { code: 'gone' });
  return live.task.uid === uid ? live : refuse('conflict', attempt, { code: 'replaced' });
}

function findOwner(world: World, { kind, namespace, name, uid }: OwnerRef, attempt: Attempt): LiveOwner | Refused {
  const owner = world.owners.get(`${namespace}/${name}`);
  if (!owner || owner.kind !== kind) return refuse('notFound', attempt, { code: 'gone' });
  return owner.uid === uid ? owner : refuse('conflict', attempt, { code: 'replaced' });
}

function refusedChange({ kind, namespace, members }: LiveOwner, attempt: Attempt): Refused | undefined {
  const missing = missingRight('migrate', namespace);
  if (missing) return refuse('forbidden', attempt, { code: 'right', missing, namespace });
  if (kind !== 'Job') return refuse('notMovable', attempt, { code: 'ownerKind', kind });
  return members.every(({ done }) => done) ? refuse('notMovable', attempt, { code: 'ended' }) : undefined;
}

function missingRight(action: 'resize' | 'migrate', namespace: string): string | undefined {
  const rights: Readonly<Record<string, string>> = MISSING_RIGHTS[action];
  return rights[namespace];
}

function done(generation: number): ActResult {
  return { kind: 'done', generation };
}
