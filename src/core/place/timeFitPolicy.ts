import type { Node } from '../model/node.ts';
import type { NodePolicy } from './nodePolicy.ts';
import { closeness, rankOf } from './timeFit.ts';

/**
 * The method's own score (S204) as one number that keeps its order: ranks never mix, each has a third of 0…1; inside
 * the first two X decides, among empty nodes the smaller one.
 */
export const timeFitPolicy: NodePolicy = (_task, { nodes, times, runtime }) => {
  const scores = new Float64Array(nodes.length);
  let largest = 0;
  for (let index = 0; index < scores.length; index++) {
    if (!times[index]!.inUse) largest = Math.max(largest, sizeOf(nodes[index]!.node));
  }
  for (let index = 0; index < scores.length; index++) {
    const available = times[index]!;
    const rank = rankOf(runtime, available);
    if (rank === 'empty') {
      scores[index] = (1 - sizeOf(nodes[index]!.node) / (largest + 1)) / 3;
    } else {
      const x = closeness(available.seconds, runtime.p50, available.totalSeconds);
      scores[index] = ((rank === 'outlives' ? 2 : 1) + x) / 3;
    }
  }
  return { scores };
};

/** Orders nodes by size: devices first, then CPU, then memory (no node has 10,000 cores or 100 TiB). */
function sizeOf({ allocatable }: Node): number {
  let devices = allocatable.gpuMilli / 1000;
  for (const [name, amount] of Object.entries(allocatable.extended)) if (name.includes('/')) devices += amount;
  return devices * 1e7 + allocatable.milliCpu + allocatable.memoryBytes / 1e14;
}
