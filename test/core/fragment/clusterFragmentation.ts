import { type FreeCapacity, idleMilli, nodeFragment } from '../../../src/core/fragment/fragmentation.ts';
import type { ExpectedMix } from '../../../src/core/fragment/mix.ts';

/** GPU capacity that the mix cannot use, in expectation. */
export type Fragmentation = {
  /** F = Σ p_m F(m): idle milli-GPU that a task drawn from the mix finds useless. */
  readonly amountMilli: number;
  readonly idleMilli: number;
  /** Amount ÷ idle, 0 … 1; 0 where nothing is idle. */
  readonly ratio: number;
};

/**
 * The reference that faster code is held to: FGD's measure over many nodes (ATC'23; `pkg/utils/frag.go`): the sum of the nodes' fragments.
 * @param mix shares sum to 1; an empty mix leaves no fragments
 */
export function clusterFragmentation(capacities: Iterable<FreeCapacity>, mix: ExpectedMix): Fragmentation {
  let amountMilli = 0;
  let idle = 0;
  for (const capacity of capacities) {
    amountMilli += nodeFragment(capacity, mix);
    idle += idleMilli(capacity);
  }
  return { amountMilli, idleMilli: idle, ratio: idle > 0 ? amountMilli / idle : 0 };
}
