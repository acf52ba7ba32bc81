import { addResources, NO_RESOURCES, type Resources, shortage } from '../model/resources.ts';
import type { Settings } from '../model/settings.ts';
import type { Since } from '../model/since.ts';
import type { Task } from '../model/task.ts';
import { type ClusterCapacity, type NodeCapacity, nodeCapacity } from '../place/capacity.ts';
import { nodeFilter } from '../place/filter.ts';
import { dominantShare } from './candidates.ts';

/** What starts a defragmentation (S407), once it has held for `triggerHoldSeconds`. */
export type Trigger =
  /** (a) Two or more nodes keep a remaining amount above the preset. */
  | {
      readonly kind: 'freeNodes';
      readonly nodes: readonly string[];
      readonly sinceSeconds: number;
      readonly held: boolean;
    }
  /** (b) A task stays unscheduled although what the nodes have free together exceeds its request. */
  | {
      readonly kind: 'unscheduled';
      readonly taskId: string;
      /** Free together on the nodes that could take the task if they were empty. */
      readonly free: Resources;
      readonly sinceSeconds: number;
      readonly held: boolean;
    };

export type TriggersFound = { readonly triggers: readonly Trigger[]; readonly since: Since };

/**
 * Which triggers hold, and since when: by the cluster's own word (since when a task is unschedulable, when a gated one
 * was created), else since the first snapshot that showed it.
 * @param unplaced pending tasks that no node can take now
 * @returns no trigger for an empty cluster; `since` under `free <node>` and `unscheduled <task id>`
 */
export function findTriggers(
  unplaced: readonly Task[],
  capacity: ClusterCapacity,
  settings: Settings,
  since: Since,
  nowSeconds: number,
): TriggersFound {
  const held = (sinceSeconds: number) => nowSeconds - sinceSeconds >= settings.triggerHoldSeconds;
  const next: Record<string, number> = {};
  const remember = (key: string) => {
    next[key] = Math.min(nowSeconds, since[key] ?? nowSeconds);
    return next[key];
  };
  const triggers: Trigger[] = [];
  const free = capacity.nodes
    .filter(({ node }) => node.ready && !node.unschedulable)
    .filter((each) => 1 - dominantShare(each).fraction > settings.triggerFreeFraction)
    .map(({ node }) => ({ node: node.name, sinceSeconds: remember(`free ${node.name}`) }));
  if (free.length >= 2) {
    const sinceSeconds = free.map((node) => node.sinceSeconds).sort((a, b) => a - b)[1]!; // the second makes it two
    triggers.push({ kind: 'freeNodes', nodes: free.map(({ node }) => node), sinceSeconds, held: held(sinceSeconds) });
  }
  const empty = capacity.nodes.map(withoutWork);
  for (const task of unplaced) {
    const together = freeTogether(task, capacity, empty);
    if (!together || shortage(task.desired, together)) continue;
    const known = task.unschedulableSinceSeconds ?? (task.gated ? task.createdAtSeconds : undefined);
    const sinceSeconds = known ?? remember(`unscheduled ${task.id}`);
    triggers.push({ kind: 'unscheduled', taskId: task.id, free: together, sinceSeconds, held: held(sinceSeconds) });
  }
  return { triggers, since: next };
}

/** A node as it would be without all that can end or move: only infrastructure stays. */
export function withoutWork({ node, tasks }: NodeCapacity): NodeCapacity {
  return nodeCapacity(
    node,
    tasks.filter(({ infrastructure }) => infrastructure),
  );
}

function freeTogether(task: Task, capacity: ClusterCapacity, empty: readonly NodeCapacity[]): Resources | undefined {
  const filter = nodeFilter(task, capacity);
  const able = capacity.nodes.filter((_, index) => !filter(empty[index]!));
  return able.length === 0 ? undefined : able.reduce((sum, { free }) => addResources(sum, free), NO_RESOURCES);
}
