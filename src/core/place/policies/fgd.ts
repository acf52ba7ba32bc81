import type { Fleet } from '../../fleet/fleet.ts';
import { roomOf, stateAfter } from '../../fleet/fleet.ts';
import type { StateRoom } from '../../fleet/states.ts';
import { rememberedByClassAndState, rememberedByState } from '../../fleet/states.ts';
import { nodeFragment } from '../../fragment/fragmentation.ts';
import type { ExpectedMix, TaskClass } from '../../fragment/mix.ts';
import type { Policy } from './policy.ts';
import { keptPolicy } from './policy.ts';

/**
 * Fragmentation gradient descent (Weng et al., USENIX ATC'23): the node, and for a share the GPU, where the expected
 * fragment grows least. Score = ⌊100 · sigmoid((F before − F after) / 1000)⌋, as the artifact has it.
 */
export function fgdPolicy(fleet: Fleet, mix: ExpectedMix): Policy {
  const fragments = rememberedByState(fleet.states, (room) => nodeFragment(room, mix));
  const growth = (room: StateRoom, taskClass: TaskClass, gpuFree: number) =>
    fragments(stateAfter(fleet, room, taskClass, gpuFree)) - fragments(room.number);
  const scoreOn = (room: StateRoom, taskClass: TaskClass, gpuFree: number) =>
    Math.trunc(100 / (1 + Math.exp(growth(room, taskClass, gpuFree) / 1000)));
  const scores = rememberedByClassAndState(fleet.states, (classNumber, room) => {
    const taskClass = fleet.classes.classes[classNumber]!;
    return Math.max(...sharesToTry(room, taskClass).map((free) => scoreOn(room, taskClass, free)));
  });
  const scoreNode = (node: number, classNumber: number) => scores(classNumber, roomOf(fleet, node).number);
  return keptPolicy(fleet, {
    name: 'fgd',
    scoreNode,
    gpuFree(node, { classNumber }) {
      const taskClass = fleet.classes.classes[classNumber]!;
      const room = roomOf(fleet, node);
      const first = node * fleet.gpuStride;
      let chosen = -1;
      let best = -1;
      for (let gpu = first; gpu < first + room.gpuMilli.length; gpu += 1) {
        const free = fleet.freeGpuMilli[gpu]!;
        if (free < taskClass.gpuMilli) continue;
        const score = scoreOn(room, taskClass, free);
        if (score > best) {
          best = score;
          chosen = free;
        }
      }
      return chosen;
    },
    explain(node, { classNumber }) {
      const taskClass = fleet.classes.classes[classNumber]!;
      const room = roomOf(fleet, node);
      const score = scoreNode(node, classNumber);
      const growthMilli = Math.min(...sharesToTry(room, taskClass).map((free) => growth(room, taskClass, free)));
      const gpus = (Math.abs(growthMilli) / 1000).toFixed(2);
      const sentence = `Scores ${score}: GPU room the expected tasks cannot use ${growthMilli > 0 ? 'grows' : 'shrinks'} by ${gpus} GPU.`;
      return { score, parts: { fragmentGrowthMilli: growthMilli }, sentence };
    },
  });
}

/** Free shares of the GPUs a task may go to; −1 alone where there is nothing to choose. */
export function sharesToTry(room: StateRoom, { gpuMilli, gpuCount }: TaskClass): number[] {
  return gpuCount === 1 ? distinctSufficient(room, gpuMilli) : [-1];
}

/** Distinct free shares of a room that take `gpuMilli`, smallest first. */
function distinctSufficient({ gpuMilli: shares }: StateRoom, gpuMilli: number): number[] {
  const distinct: number[] = [];
  for (let gpu = 0; gpu < shares.length; gpu += 1) {
    const free = shares[gpu]!;
    if (free >= gpuMilli && free !== distinct[distinct.length - 1]) distinct.push(free);
  }
  return distinct;
}
