import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openKubernetesCluster } from '../../../src/cluster/kubernetes/kubernetes.ts';
import type { Move, TaskRef } from '../../../src/core/model/moves.ts';
import { type Resources, sameResources } from '../../../src/core/model/resources.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import type { Task } from '../../../src/core/model/task.ts';
import { planOf } from '../planOf.ts';
import type { Intent } from './roundPlan.ts';

/** From where a plan is made, as by somebody who may read all of it, and by what kubeconfig it is carried out. */
export type Doors = {
  readonly reader: string;
  readonly namespace: string;
  readonly kubeconfig: string;
  /** As Stowage names the cluster that it reaches by that kubeconfig. */
  readonly cluster: string;
};

/**
 * Writes `plan.json` into a machine's folder, with the intended moves as far as their tasks are there now.
 * @returns the moves
 */
export async function writePlan(home: string, intents: readonly Intent[], doors: Doors, nodes: readonly string[]) {
  const cluster = await openKubernetesCluster({ kubeconfig: doors.reader, namespaces: [doors.namespace] });
  try {
    const snapshot = await cluster.readSnapshot();
    const moves = intents.flatMap((intent) => moveOf(intent, snapshot, nodes));
    const { cluster: name, kubeconfig } = doors;
    const plan = planOf(snapshot, moves, { target: { kind: 'kubernetes', kubeconfig }, cluster: name });
    writeFileSync(join(home, 'plan.json'), JSON.stringify(plan));
    return moves;
  } finally {
    await cluster.close();
  }
}

/** One move, or none where its task has ended, waits for its own start, or is stopped. */
function moveOf(intent: Intent, { tasks }: Snapshot, nodes: readonly string[]): Move[] {
  const own = tasks.filter(({ name, owner }) => (owner ? owner.name === intent.task : name === intent.task));
  const task = own.find(({ phase, gated }) => (intent.move === 'place' ? gated : phase === 'running'));
  if (!task) return [];
  switch (intent.move) {
    case 'place':
      return [
        {
          kind: 'placement',
          id: `place ${task.id}`,
          task: refOf(task),
          to: nodes[intent.node]!,
          request: task.request,
        },
      ];
    case 'resize': {
      const to = scaled(task.allocation, intent);
      if (sameResources(to, task.allocation)) return [];
      const grows = to.milliCpu > task.allocation.milliCpu || to.memoryBytes > task.allocation.memoryBytes;
      const direction = grows ? 'expand' : 'shrink';
      const amounts = { from: task.allocation, to, request: task.request };
      return [{ kind: 'resize', id: `resize ${task.id}`, task: refOf(task), direction, ...amounts }];
    }
    case 'migrate':
      return migrationOf(intent, task, own, nodes);
  }
}

function migrationOf({ node }: Intent, task: Task, own: readonly Task[], nodes: readonly string[]): Move[] {
  if (!task.owner || !task.node) return [];
  const { kind, name, uid, generation } = task.owner;
  const others = own.filter((each) => each !== task && each.node !== undefined);
  return [
    {
      kind: 'migration',
      id: `migrate ${task.id}`,
      task: refOf(task),
      ...(others.length > 0 && { others: others.map(refOf) }),
      owner: { kind, namespace: task.namespace, name, uid, generation },
      from: task.node,
      to: nodes.filter((each) => each !== task.node)[node]!,
      allocation: task.allocation,
      run: { elapsedSeconds: 1, remainingSeconds: 60, usageSoFar: task.allocation, lostSeconds: 1 },
    },
  ];
}

function scaled(allocation: Resources, { cpuFactor, memoryFactor }: Intent): Resources {
  const milliCpu = Math.round(allocation.milliCpu * cpuFactor);
  const memoryBytes = Math.round((allocation.memoryBytes * memoryFactor) / 4096) * 4096;
  return { ...allocation, milliCpu, memoryBytes };
}

function refOf({ id, uid, generation, node }: Task): TaskRef {
  return node === undefined ? { id, uid, generation } : { id, uid, generation, node };
}
