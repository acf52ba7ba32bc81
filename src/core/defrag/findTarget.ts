import type { Task } from '../model/task.ts';
import { lostWork } from '../model/work.ts';
import { type ClusterCapacity, type NodeCapacity, withoutTask, withTask } from '../place/capacity.ts';
import { nodeFilter } from '../place/filter.ts';
import type { RefusedNode } from '../place/rankNodes.ts';
import { probabilityEndsWithin } from '../predict/distribution.ts';
import type { Expectations } from '../predict/prediction.ts';
import type { Candidate } from './candidates.ts';
import type { Group } from './movable.ts';

export type Target = {
  readonly node: string;
  readonly usageFraction: number;
  /** The capacity once the group is there. */
  readonly capacity: ClusterCapacity;
};

/**
 * No other candidate can take the group; the busiest one that only has too little free stands for the rest, if there is
 * one.
 */
export type NoTarget = { readonly code: 'noTarget'; readonly candidates: number; readonly example?: RefusedNode };

/**
 * S409: of the candidates, the busiest that can take the whole group by all of S203.
 * @param candidates busiest first
 * @param closed nodes that are to be freed, and the group's own
 */
export function findTarget(
  group: Group,
  capacity: ClusterCapacity,
  candidates: readonly Candidate[],
  closed: ReadonlySet<string>,
  expectations: Expectations,
): Target | NoTarget {
  const others = candidates.filter(({ node }) => !closed.has(node));
  const stopped = group.tasks.reduce(withoutTask, capacity);
  const [first, ...rest] = group.tasks.map(unbound);
  const filter = nodeFilter(first!, stopped);
  let example: RefusedNode | undefined;
  for (const { node, usageFraction } of others) {
    const held = nodeOf(stopped, node);
    const refusal = filter(held) ?? group.tasks.map((task) => endsTooEarly(task, held, expectations)).find(Boolean);
    let filled = refusal ? undefined : withTask(stopped, first!, node);
    for (const task of rest) {
      const fits = filled && !nodeFilter(task, filled)(nodeOf(filled, node));
      filled = filled && fits ? withTask(filled, task, node) : undefined;
    }
    if (filled) return { node, usageFraction, capacity: filled };
    if (refusal && (!example || (isAboutCapacity(refusal) && !isAboutCapacity(example.refusal))))
      example = { node, refusal };
  }
  return { code: 'noTarget', candidates: others.length, ...(example && { example }) };
}

function isAboutCapacity({ code }: RefusedNode['refusal']): boolean {
  return code === 'resource' || code === 'gpuShare';
}

/** A running task as it will be asked for again: bound to no node. */
export function unbound(task: Task): Task {
  const { node: _, gpuIndex: __, ...rest } = task;
  const { nodeName: ___, ...constraints } = task.constraints;
  return { ...rest, constraints };
}

/** The node ends before the task, which runs what it lost once more, with more than the risk that is allowed. */
function endsTooEarly(
  task: Task,
  { node: { deadline } }: NodeCapacity,
  { predictions, settings, nowSeconds }: Expectations,
): RefusedNode['refusal'] | undefined {
  const prediction = predictions[task.id];
  if (!deadline || !prediction) return undefined;
  const inSeconds = deadline.atSeconds - nowSeconds;
  const elapsed = Math.max(0, nowSeconds - (task.startedAtSeconds ?? nowSeconds));
  const within = inSeconds - lostWork(task, nowSeconds) - settings.restartSeconds;
  const probability = within > 0 ? 1 - probabilityEndsWithin(prediction.runtime, elapsed, within) : 1;
  const allowed = settings.deadlineRiskFraction;
  return probability > allowed
    ? { code: 'deadline', source: deadline.source, inSeconds, probability, allowed }
    : undefined;
}

function nodeOf(capacity: ClusterCapacity, name: string): NodeCapacity {
  return capacity.nodes[capacity.indexOf.get(name)!]!;
}
