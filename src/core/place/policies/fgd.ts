import type { Fleet } from '../../fleet/fleet.ts';
import { capacityOf, stateAfter } from '../../fleet/fleet.ts';
import type { StateCapacity } from '../../fleet/states.ts';
import { rememberedByClassAndState, rememberedByState } from '../../fleet/states.ts';
import { nodeFragment } from '../../fragment/fragmentation.ts';
import type { ExpectedMix, TaskClass } from '../../fragment/mix.ts';
import type { FleetPolicy } from './fleetPolicy.ts';
import { keptPolicy } from './fleetPolicy.ts';

/**
 * Fragmentation gradient descent (Weng et al., USENIX ATC'23): the node, and for a share the GPU, where the expected
 * fragment grows least. Score = ⌊100 · sigmoid((F before − F after) / 1000)⌋, as the artifact has it.
 */
export function fgdPolicy(fleet: Fleet, mix: ExpectedMix): FleetPolicy {
  const fragments = rememberedByState(fleet.states, (capacity) => nodeFragment(capacity, mix));
  const growth = (capacity: StateCapacity, taskClass: TaskClass, gpuFree: number) =>
    fragments(stateAfter(fleet, capacity, taskClass, gpuFree)) - fragments(capacity.number);
  const scoreOn = (capacity: StateCapacity, taskClass: TaskClass, gpuFree: number) =>
    Math.trunc(100 / (1 + Math.exp(growth(capacity, taskClass, gpuFree) / 1000)));
  const scores = rememberedByClassAndState(fleet.states, (classNumber, capacity) => {
    const taskClass = fleet.classes.classes[classNumber]!;
    return Math.max(...sharesToTry(capacity, taskClass).map((free) => scoreOn(capacity, taskClass, free)));
  });
  const scoreNode = (node: number, classNumber: number) => scores(classNumber, capacityOf(fleet, node).number);
  return keptPolicy(fleet, {
    name: 'fgd',
    scoreNode,
    gpuFree(node, { classNumber }) {
      const taskClass = fleet.classes.classes[classNumber]!;
      const capacity = capacityOf(fleet, node);
      const first = node * fleet.gpuStride;
      let chosen = -1;
      let best = -1;
      for (let gpu = first; gpu < first + capacity.gpuMilli.length; gpu += 1) {
        const free = fleet.freeGpuMilli[gpu]!;
        if (free < taskClass.gpuMilli) continue;
        const score = scoreOn(capacity, taskClass, free);
        if (score > best) {
          best = score;
          chosen = free;
        }
      }
      return chosen;
    },
    explain(node, { classNumber }) {
      const taskClass = fleet.classes.classes[classNumber]!;
      const capacity = capacityOf(fleet, node);
      const score = scoreNode(node, classNumber);
      const growthMilli = Math.min(
        ...sharesToTry(capacity, taskClass).map((free) => growth(capacity, taskClass, free)),
      );
      const reason = { code: 'fragments', score, growthMilli } as const;
      return { score, parts: { fragmentGrowthMilli: growthMilli }, reason };
    },
  });
}

/** Free shares of the GPUs a task may go to; −1 alone where there is nothing to choose. */
export function sharesToTry(capacity: StateCapacity, { gpuMilli, gpuCount }: TaskClass): number[] {
  return gpuCount === 1 ? distinctSufficient(capacity, gpuMilli) : [-1];
}

/** Distinct free shares of a capacity that take `gpuMilli`, smallest first. */
function distinctSufficient({ gpuMilli: shares }: StateCapacity, gpuMilli: number): number[] {
  const distinct: number[] = [];
  for (let gpu = 0; gpu < shares.length; gpu += 1) {
    const free = shares[gpu]!;
    if (free >= gpuMilli && free !== distinct[distinct.length - 1]) distinct.push(free);
  }
  return distinct;
}
