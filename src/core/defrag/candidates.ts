import { amountOf, dominantResource, type ResourceName, subtractResources } from '../model/resources.ts';
import type { Settings } from '../model/settings.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Task } from '../model/task.ts';
import type { ClusterCapacity, NodeCapacity } from '../place/capacity.ts';

/** A node whose free capacity is worth defragmenting: at least `candidateFreeFraction` (S407). */
export type Candidate = {
  readonly node: string;
  /** Its dominant resource. */
  readonly resource: ResourceName;
  readonly freeFraction: number;
  /** Mean usage ÷ allocatable of that resource (S408). */
  readonly usageFraction: number;
};

/**
 * Candidates of S407, busiest first (S409 asks for the busiest), equal ones by name. Cordoned nodes and nodes that are
 * not ready are none.
 */
export function findCandidates(snapshot: Snapshot, capacity: ClusterCapacity, settings: Settings): Candidate[] {
  return capacity.nodes
    .filter(({ node }) => node.ready && !node.unschedulable)
    .map((held) => {
      const { resource, fraction } = dominantShare(held);
      const usageFraction = meanUsage(held, resource, snapshot.usage);
      return { node: held.node.name, resource, freeFraction: 1 - fraction, usageFraction };
    })
    .filter(({ freeFraction }) => freeFraction >= settings.candidateFreeFraction)
    .sort((left, right) => right.usageFraction - left.usageFraction || (left.node < right.node ? -1 : 1));
}

/** What of a node is held, by its dominant resource, 0…1; 1 for a node that offers nothing. */
export function dominantShare({ node, free }: NodeCapacity): {
  readonly resource: ResourceName;
  readonly fraction: number;
} {
  const resource = dominantResource(node.allocatable, subtractResources(node.allocatable, free));
  const total = amountOf(node.allocatable, resource);
  return { resource, fraction: total > 0 ? 1 - amountOf(free, resource) / total : 1 };
}

/**
 * Mean usage of a node over `nodeUsageWindowSeconds`: the sum over the tasks it has now, as far as their readings
 * reach. A task of which nothing is measured counts with what it holds; so does a device whose usage no exporter tells.
 */
function meanUsage({ node, tasks }: NodeCapacity, resource: ResourceName, usage: Snapshot['usage']): number {
  const total = amountOf(node.allocatable, resource);
  const used = tasks.reduce((sum, task) => sum + usageOf(task, resource, usage), 0);
  return total > 0 ? used / total : 0;
}

function usageOf(task: Task, resource: ResourceName, usage: Snapshot['usage']): number {
  const measured = usage[task.id];
  const known = measured && (resource === 'milliCpu' || amountOf(measured.peak, resource) > 0);
  return amountOf(known ? (measured.nodeWindowMean ?? measured.mean) : task.allocation, resource);
}
