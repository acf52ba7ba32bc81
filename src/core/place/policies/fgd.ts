import { nodeFragment } from '../../fragment/fragmentation.ts';
import type { ExpectedMix, TaskClass } from '../../fragment/mix.ts';
import type { Fleet } from './fleet.ts';
import { stateAfter } from './fleet.ts';
import type { Policy } from './policy.ts';
import { statePolicy } from './policy.ts';
import type { StateRoom } from './states.ts';
import { rememberedByState } from './states.ts';

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
  return statePolicy(fleet, {
    name: 'fgd',
    scoreState(room, taskClass) {
      if (taskClass.gpuCount !== 1) return scoreOn(room, taskClass, -1);
      let best = 0;
      for (const free of distinctSufficient(room, taskClass.gpuMilli))
        best = Math.max(best, scoreOn(room, taskClass, free));
      return best;
    },
    gpuFree(node, { classNumber }) {
      const taskClass = fleet.classes.classes[classNumber]!;
      const room = fleet.states.rooms[fleet.state[node]!]!;
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
    explainState(room, taskClass, score) {
      const choices = taskClass.gpuCount === 1 ? distinctSufficient(room, taskClass.gpuMilli) : [-1];
      const fragmentGrowth = Math.min(...choices.map((free) => growth(room, taskClass, free)));
      const gpus = (Math.abs(fragmentGrowth) / 1000).toFixed(2);
      return {
        parts: { fragmentGrowthMilli: fragmentGrowth },
        sentence: `Scores ${score}: GPU room the expected tasks cannot use ${fragmentGrowth > 0 ? 'grows' : 'shrinks'} by ${gpus} GPU.`,
      };
    },
  });
}

/** Distinct free shares of a room that take `gpuMilli`, smallest first. */
export function distinctSufficient({ gpuMilli: shares }: StateRoom, gpuMilli: number): number[] {
  const distinct: number[] = [];
  for (let gpu = 0; gpu < shares.length; gpu += 1) {
    const free = shares[gpu]!;
    if (free >= gpuMilli && free !== distinct[distinct.length - 1]) distinct.push(free);
  }
  return distinct;
}
