import type { OwnerRef, TaskRef } from '../../core/model/moves.ts';
import { amountOf, type Resources, resourceNames, sameResources, shortage } from '../../core/model/resources.ts';
import { type Resized, type StatedPart, sameParts } from '../../core/model/stated.ts';
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
import { podNamed } from './traces.ts';
import type { LiveOwner, LiveTask, World } from './world.ts';

/** What was asked of the sample and done: the part of its state that seed and clock do not tell. */
export type Act =
  | { readonly kind: 'place'; readonly task: TaskRef; readonly to: string }
  | { readonly kind: 'resize'; readonly task: TaskRef; readonly to: Resources; readonly record: MoveRecord }
  | { readonly kind: 'restore'; readonly task: TaskRef; readonly resized: Resized }
  | { readonly kind: 'releaseTask'; readonly task: TaskRef; readonly move: MoveName }
  | { readonly kind: 'eraseTraces'; readonly task: TaskRef }
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
    case 'restore':
      return restore(world, act, dryRun);
    case 'releaseTask':
      return releaseTask(world, act, dryRun);
    case 'eraseTraces':
      return eraseTraces(world, act.task, dryRun);
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
  const found = runningTask(world, ref, attempt);
  if ('code' in found) return found;
  const { task } = found;
  const fixed = resourceNames(task.desired, to).find(
    (name) => name !== 'milliCpu' && name !== 'memoryBytes' && amountOf(to, name) !== amountOf(task.desired, name),
  );
  if (fixed) return refuse('invalid', attempt, { code: 'fixedResource', resource: fixed });
  const emptied = (['milliCpu', 'memoryBytes'] as const).find((resource) => to[resource] <= 0);
  if (emptied) return refuse('invalid', attempt, { code: 'notPositive', resource: emptied });
  if (sameResources(task.desired, to)) {
    const { resized } = hasRecordOf(found, record) ? found.record! : {};
    return { ...done(task.generation), ...(resized && { resized }) };
  }
  const changed = refuseChanged(attempt, ref.generation, task.generation);
  if (changed) return changed;
  const result = desire(world, found, to, { attempt, dryRun });
  if (dryRun || result.kind === 'refused') return result;
  const { generation, resized } = result;
  found.record = { ...record, generation, ...(resized && { resized }) };
  const isShrink = to.milliCpu < task.desired.milliCpu || to.memoryBytes < task.desired.memoryBytes;
  if (isShrink) found.task = { ...found.task, lastShrunkAtSeconds: world.nowSeconds };
  return result;
}

function restore(world: World, { task: ref, resized }: Extract<Act, { kind: 'restore' }>, dryRun: boolean): ActResult {
  const attempt = resizing(ref.id);
  const found = runningTask(world, ref, attempt);
  if ('code' in found) return found;
  const { desired, generation } = found.task;
  const { before, after } = resized;
  if (sameParts(partsOf(desired), before)) return { ...done(generation), resized: { before: after, after: before } };
  if (!sameParts(partsOf(desired), after)) return refuse('conflict', attempt, { code: 'resizedByOther' });
  return desire(world, found, { ...desired, ...statedAmounts(before) }, { attempt, dryRun });
}

function releaseTask(
  world: World,
  { task: ref, move }: Extract<Act, { kind: 'releaseTask' }>,
  dryRun: boolean,
): ActResult {
  const found = findTask(world, ref, resizing(ref.id));
  if ('code' in found) return found;
  if (!dryRun && hasRecordOf(found, move)) delete found.record;
  return done(found.task.generation);
}

/** Takes off a task when it was last shrunk. */
function eraseTraces(world: World, ref: TaskRef, dryRun: boolean): ActResult {
  const found = findTask(world, ref, { act: 'eraseTraces', object: podNamed(ref.id) });
  if ('code' in found) return found;
  const { lastShrunkAtSeconds: _, ...task } = found.task;
  if (!dryRun) found.task = task;
  return done(task.generation);
}

/** Whether the record of a move is on a task. */
export function hasRecordOf({ record }: LiveTask, move: MoveName): boolean {
  return record !== undefined && sameMove(record, move);
}

/** What a task of the sample states: it has one container. */
export function partsOf({ milliCpu, memoryBytes }: Resources): StatedPart[] {
  return [{ name: 'main', requests: { cpu: `${milliCpu}m`, memory: `${memoryBytes}` } }];
}

/** The amounts in parts that `partsOf` made. */
function statedAmounts([part]: readonly StatedPart[]): Pick<Resources, 'milliCpu' | 'memoryBytes'> {
  const { cpu = '', memory = '' } = part?.requests ?? {};
  return { milliCpu: Number.parseInt(cpu, 10), memoryBytes: Number.parseInt(memory, 10) };
}

/** Lets a task ask for other amounts, which its kubelet acts on in a moment. */
function desire(
  world: World,
  found: LiveTask,
  to: Resources,
  { attempt, dryRun }: { readonly attempt: Attempt; readonly dryRun: boolean },
): ActResult {
  const { task } = found;
  const { node } = world.capacity.nodes[world.capacity.indexOf.get(task.node!)!]!;
  const short = shortage(to, node.allocatable);
  if (short) {
    const { resource, requested, free: allocatable } = short;
    return refuse('noCapacity', attempt, { code: 'nodeTooSmall', node: node.name, resource, requested, allocatable });
  }
  const resized = { before: partsOf(task.desired), after: partsOf(to) };
  if (dryRun) return { ...done(task.generation), resized };
  found.task = {
    ...task,
    desired: to,
    generation: task.generation + 1,
    resizeState: { kind: 'inProgress', message: '', sinceSeconds: world.nowSeconds },
  };
  actuateSoon(world, found);
  return { ...done(found.task.generation), resized };
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
  return live.task.uid === uid ? live : refuse('notFound', attempt, { code: 'replaced' });
}

/** A task that may be resized. */
function runningTask(world: World, ref: TaskRef, attempt: Attempt): LiveTask | Refused {
  const found = findTask(world, ref, attempt);
  if ('code' in found) return found;
  const { namespace, phase } = found.task;
  const missing = missingRight('resize', namespace);
  if (missing) return refuse('forbidden', attempt, { code: 'right', missing, namespace });
  return phase === 'running' ? found : refuse('invalid', attempt, { code: 'notRunning', phase });
}

function findOwner(world: World, { kind, namespace, name, uid }: OwnerRef, attempt: Attempt): LiveOwner | Refused {
  const owner = world.owners.get(`${namespace}/${name}`);
  if (!owner || owner.kind !== kind) return refuse('notFound', attempt, { code: 'gone' });
  return owner.uid === uid ? owner : refuse('notFound', attempt, { code: 'replaced' });
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

function done(generation: number): Extract<ActResult, { kind: 'done' }> {
  return { kind: 'done', generation };
}
