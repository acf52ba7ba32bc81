import type { Node } from '../model/node.ts';
import type { NodePolicy } from './policy.ts';
import { timeFitScore } from './timeFit.ts';

/** The method's own score (S204): available time nearest above the runtime, in-use nodes before empty ones. */
export const timeFitPolicy: NodePolicy = (_task, candidates) => {
  const scores = new Float64Array(candidates.length);
  let largest = 0;
  for (const { fit, held } of candidates) if (fit.rank === 'empty') largest = Math.max(largest, sizeOf(held.node));
  for (let index = 0; index < scores.length; index++) {
    const { fit, held } = candidates[index]!;
    const smallness = fit.rank === 'empty' ? 1 - sizeOf(held.node) / (largest + 1) : 0;
    scores[index] = timeFitScore(fit, smallness);
  }
  return scores;
};

/** Orders nodes by size: devices first, then CPU, then memory (no node has 10,000 cores or 100 TiB). */
function sizeOf({ allocatable }: Node): number {
  let devices = allocatable.gpuMilli / 1000;
  for (const [name, amount] of Object.entries(allocatable.extended)) if (name.includes('/')) devices += amount;
  return devices * 1e7 + allocatable.milliCpu + allocatable.memoryBytes / 1e14;
}
