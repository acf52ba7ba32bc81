import type { OwnerRef, TaskRef } from '../../core/model/moves.ts';
import { amountOf, type Resources, resourceNames, sameResources, shortage } from '../../core/model/resources.ts';
import type { ActResult, MoveRecord, Pin, Refused } from '../port.ts';
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
  | { readonly kind: 'resume'; readonly owner: OwnerRef; readonly pin: Pin; readonly allocation?: Resources };

/**
 * Does what is asked, or refuses as a real cluster would: what is gone, what has changed since it was read, a missing
 * right, a budget, more than a node has. What is so already is done without a change.
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
  }
}

function place(world: World, ref: TaskRef, to: string, dryRun: boolean): ActResult {
  const found = findTask(world, ref);
  if ('code' in found) return found;
  const { task } = found;
  if (!world.capacity.indexOf.has(to))
    return refused('invalid', `Cannot place ${task.id}: there is no node ${to}. Plan again.`);
  if (!task.gated && isOnlyOn(found, to)) return done(task.generation);
  if (!task.gated) {
    const reason = `Cannot place ${task.id}: it is ${task.phase} and behind no gate, so its scheduler decides. Plan again.`;
    return refused('notMovable', reason);
  }
  const changed = staleTask(found, ref);
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
  const found = findTask(world, ref);
  if ('code' in found) return found;
  const { task } = found;
  const missing = missingRight('resize', task.namespace);
  if (missing) return refused('forbidden', `Cannot resize ${task.id}: you may not ${missing} in ${task.namespace}.`);
  if (task.phase !== 'running') {
    return refused('invalid', `Cannot resize ${task.id}: it is ${task.phase}. Only running tasks are resized.`);
  }
  const fixed = resourceNames(task.desired, to).find(
    (name) => name !== 'milliCpu' && name !== 'memoryBytes' && amountOf(to, name) !== amountOf(task.desired, name),
  );
  if (fixed) return refused('invalid', `Cannot resize ${task.id}: only CPU and memory can be resized, not ${fixed}.`);
  if (to.milliCpu <= 0 || to.memoryBytes <= 0) {
    return refused('invalid', `Cannot resize ${task.id}: its QoS class may not change by a resize to nothing.`);
  }
  if (sameResources(task.desired, to)) return done(task.generation);
  const changed = staleTask(found, ref);
  if (changed) return changed;
  const { node } = world.capacity.nodes[world.capacity.indexOf.get(task.node!)!]!;
  const short = shortage(to, node.allocatable);
  if (short) {
    const numbers = `${short.resource}: requested ${short.requested}, allocatable ${short.free}`;
    return refused(
      'noCapacity',
      `Cannot resize ${task.id}: node ${node.name} is too small, ${numbers}. Migrate it instead.`,
    );
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
  const owner = findOwner(world, ref);
  if ('code' in owner) return owner;
  const refusal = refusedChange(owner);
  if (refusal) return refusal;
  if (owner.suspended) {
    if (owner.record?.moveId === record.moveId && owner.record.planId === record.planId) return done(owner.generation);
    const by = owner.record ? `move ${owner.record.moveId} of plan ${owner.record.planId}` : 'its owner';
    return refused('conflict', `Cannot suspend ${owner.key}: ${by} has suspended it already. Plan again.`);
  }
  const changed = staleOwner(owner, ref);
  if (changed) return changed;
  const own = tasksOf(world, owner);
  const ids = new Set(own.map(({ task }) => task.id));
  const budget = budgetsOf(world.tasks.values()).find(
    ({ disruptionsAllowed, taskIds }) => taskIds.filter((id) => ids.has(id)).length > disruptionsAllowed,
  );
  if (budget) {
    const reason = `its disruption budget ${budget.name} allows ${budget.disruptionsAllowed} disruptions now`;
    return refused('budget', `Cannot suspend ${owner.key}: ${reason}. Try later, or ask who owns the budget.`);
  }
  if (dryRun) return done(owner.generation);
  owner.suspended = true;
  owner.record = record;
  owner.generation += 1;
  for (const live of own) stop(world, live);
  return done(owner.generation);
}

function resume(
  world: World,
  { owner: ref, pin, allocation }: Extract<Act, { kind: 'resume' }>,
  dryRun: boolean,
): ActResult {
  const owner = findOwner(world, ref);
  if ('code' in owner) return owner;
  const refusal = refusedChange(owner);
  if (refusal) return refusal;
  if (!owner.suspended) return done(owner.generation);
  if (pin.kind !== 'none' && !world.capacity.indexOf.has(pin.node)) {
    return refused(
      'invalid',
      `Cannot resume ${owner.key} on ${pin.node}: there is no such node. Resume it without a pin.`,
    );
  }
  const active = tasksOf(world, owner).length;
  if (active > 0) {
    return refused(
      'conflict',
      `Cannot resume ${owner.key}: ${active} of its tasks are still being stopped. Try again.`,
    );
  }
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

/** The tasks an owner has now, those that are being stopped among them. */
export function tasksOf(world: World, owner: LiveOwner): LiveTask[] {
  return [...world.tasks.values()].filter((live) => live.owner === owner);
}

function findTask(world: World, { id, uid }: TaskRef): LiveTask | Refused {
  const live = world.tasks.get(id);
  if (!live) return refused('notFound', `There is no task ${id} any more. Plan again.`);
  if (live.task.uid === uid) return live;
  return refused('conflict', `Task ${id} is another one now (uid ${live.task.uid}, not ${uid}). Plan again.`);
}

function staleTask({ task }: LiveTask, { generation }: TaskRef): Refused | undefined {
  if (task.generation === generation) return undefined;
  return refused(
    'conflict',
    `Task ${task.id} has changed (generation ${task.generation}, not ${generation}). Plan again.`,
  );
}

function findOwner(world: World, { kind, namespace, name, uid }: OwnerRef): LiveOwner | Refused {
  const owner = world.owners.get(`${namespace}/${name}`);
  if (!owner || owner.kind !== kind)
    return refused('notFound', `There is no ${kind} ${namespace}/${name} any more. Plan again.`);
  if (owner.uid === uid) return owner;
  return refused('conflict', `${kind} ${owner.key} is another one now (uid ${owner.uid}, not ${uid}). Plan again.`);
}

function staleOwner({ key, kind, generation }: LiveOwner, ref: OwnerRef): Refused | undefined {
  if (generation === ref.generation) return undefined;
  return refused(
    'conflict',
    `${kind} ${key} has changed (generation ${generation}, not ${ref.generation}). Plan again.`,
  );
}

function refusedChange({ key, kind, namespace, members }: LiveOwner): Refused | undefined {
  const missing = missingRight('migrate', namespace);
  if (missing) return refused('forbidden', `Cannot stop or resume ${key}: you may not ${missing} in ${namespace}.`);
  if (kind !== 'Job')
    return refused('notMovable', `Cannot stop ${key}: a ${kind} cannot be suspended. Only Jobs are moved.`);
  if (members.every(({ done }) => done)) return refused('notMovable', `Cannot stop or resume ${key}: it has finished.`);
  return undefined;
}

function missingRight(action: 'resize' | 'migrate', namespace: string): string | undefined {
  const rights: Readonly<Record<string, string>> = MISSING_RIGHTS[action];
  return rights[namespace];
}

function done(generation: number): ActResult {
  return { kind: 'done', generation };
}

function refused(code: Refused['code'], reason: string): Refused {
  return { kind: 'refused', code, reason };
}
