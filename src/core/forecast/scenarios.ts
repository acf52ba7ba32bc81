import { InputError } from '../model/input.ts';
import type { Move } from '../model/moves.ts';
import type { Node } from '../model/node.ts';
import type { Settings } from '../model/settings.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Task } from '../model/task.ts';
import { keptWork } from '../model/work.ts';

/** Scenarios are snapshots: what a forecast starts from is the cluster as it would be after the change. */

/** The kinds of moves a scenario may carry out. */
export type MoveKind = Move['kind'];

/**
 * The cluster with moves carried out now: pending tasks bound, running ones resized, others moved with all of their
 * owner's. A migrated task comes out younger by the work it loses and by the restart, so that its remaining runtime
 * grows by both. Moves of tasks that are gone are left out.
 */
export function withMoves(
  snapshot: Snapshot,
  moves: readonly Move[],
  settings: Pick<Settings, 'restartSeconds'>,
  kinds: readonly MoveKind[] = ['placement', 'resize', 'migration'],
): Snapshot {
  const byTask = new Map<string, Move[]>();
  for (const move of moves) {
    if (!kinds.includes(move.kind)) continue;
    const others = move.kind === 'migration' ? (move.others ?? []) : [];
    for (const { id } of [move.task, ...others]) byTask.set(id, [...(byTask.get(id) ?? []), move]);
  }
  return {
    ...snapshot,
    tasks: snapshot.tasks.map((task) =>
      (byTask.get(task.id) ?? []).reduce((moved: Task, move) => moveTask(moved, move, snapshot, settings), task),
    ),
  };
}

/** The cluster with gates lifted: each of these pending tasks starts as soon as it fits. */
export function withoutGates(snapshot: Snapshot, lifted: (task: Task) => boolean): Snapshot {
  return {
    ...snapshot,
    tasks: snapshot.tasks.map((task) => (task.gated && lifted(task) ? { ...task, gated: false } : task)),
  };
}

/** A question about a node: what if it goes, what if there were one more like it? */
export type NodeChange = { readonly kind: 'lost' | 'added'; readonly node: string };

/** The name of a change's scenario: `lost gpu-1`, `added gpu-1`. Names of nodes hold no spaces. */
export function changeName({ kind, node }: NodeChange): string {
  return `${kind} ${node}`;
}

/** The change whose scenario has this name; undefined for the other scenarios. */
export function changeOf(name: string): NodeChange | undefined {
  const [kind, node] = name.split(' ');
  return (kind === 'lost' || kind === 'added') && node !== undefined ? { kind, node } : undefined;
}

/**
 * The cluster with a change of its nodes.
 * @throws InputError for a node that the snapshot does not have
 */
export function withChange(snapshot: Snapshot, { kind, node: name }: NodeChange): Snapshot {
  const node = snapshot.nodes.find((each) => each.name === name);
  if (!node) {
    const some = snapshot.nodes.slice(0, 5).map((each) => each.name);
    throw new InputError(`There is no node ${name} in ${snapshot.cluster}. There are: ${some.join(', ')} …`);
  }
  return kind === 'lost' ? withoutNode(snapshot, name) : withNode(snapshot, likeNode(node, snapshot));
}

/** A new node of the same kind: ready, free, without the other's deadline. */
function likeNode(node: Node, { nodes, takenAtSeconds }: Snapshot): Node {
  const taken = new Set(nodes.map(({ name }) => name));
  let name = `${node.name}-new`;
  while (taken.has(name)) name += '-new';
  const { deadline: _, ...kept } = node;
  const labels = { ...node.labels, 'kubernetes.io/hostname': name };
  // Taints of the platform tell of this node's state (cordoned, under pressure, not ready), all others of its kind.
  const taints = node.taints.filter(({ key }) => !key.startsWith('node.kubernetes.io/'));
  const fresh = {
    name,
    uid: name,
    labels,
    taints,
    ready: true,
    unschedulable: false,
    createdAtSeconds: takenAtSeconds,
  };
  return { ...kept, ...fresh };
}

/** The cluster after a node is gone: its tasks start again from nothing somewhere else, infrastructure goes with it. */
export function withoutNode(snapshot: Snapshot, name: string): Snapshot {
  return {
    ...snapshot,
    nodes: snapshot.nodes.filter((node) => node.name !== name),
    tasks: snapshot.tasks.flatMap((task) => {
      if (task.node !== name) return [task];
      return task.infrastructure || task.phase === 'ending' ? [] : [pendingAgain(task)];
    }),
  };
}

/** The cluster with an empty node more. */
export function withNode(snapshot: Snapshot, node: Node): Snapshot {
  return { ...snapshot, nodes: [...snapshot.nodes, node] };
}

function moveTask(
  task: Task,
  move: Move,
  { takenAtSeconds }: Snapshot,
  settings: Pick<Settings, 'restartSeconds'>,
): Task {
  switch (move.kind) {
    case 'placement':
      return { ...task, phase: 'running', node: move.to, startedAtSeconds: takenAtSeconds };
    case 'resize':
      return { ...task, allocation: move.to, desired: move.to };
    case 'migration': {
      const { gpuIndex: _, ...moved } = task;
      const startedAtSeconds = takenAtSeconds + settings.restartSeconds - keptWork(task, takenAtSeconds);
      return { ...moved, node: move.to, startedAtSeconds };
    }
  }
}

function pendingAgain(task: Task): Task {
  const { node: _node, startedAtSeconds: _started, gpuIndex: _gpu, ...rest } = task;
  return { ...rest, phase: 'pending', allocation: task.request, desired: task.request };
}
