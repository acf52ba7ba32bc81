import type { FleetNode } from '../fleet/fleet.ts';
import { createFleet } from '../fleet/fleet.ts';
import { countClasses, mixOfCounts } from '../fragment/mix.ts';
import { InputError } from '../model/input.ts';
import type { SolveProgram } from '../model/program.ts';
import { seededRandom, shuffled } from '../model/random.ts';
import { POLICIES, type PolicyName } from '../place/policies/policies.ts';
import type { ListedTask } from './openb.ts';
import type { SaturationRun } from './saturation.ts';
import { runSaturation, seededWorkload } from './saturation.ts';
import type { TimedOptions, TimedRun } from './timed.ts';
import { runTimed } from './timed.ts';

/** The lists a replay is made from. */
export type ReplayLists = { readonly nodes: readonly FleetNode[]; readonly tasks: readonly ListedTask[] };

/** One run of the published protocol (`saturation.ts`). */
export type SaturationReplay = {
  readonly policy: PolicyName;
  readonly seed: number;
  readonly load: number;
  /** How many tasks may be moved after the last arrival; absent: none. */
  readonly moveLimit?: number;
};

/** One run with arrivals and ends (`timed.ts`). */
export type TimedReplay = Omit<TimedOptions, 'onDay'> & { readonly policy: PolicyName; readonly seed: number };

/** Arrived loads in per cent at which a replay up to `load` is sampled: 80, 90 … and the load itself. */
export function sampledLoads(load: number): number[] {
  const last = Math.round(100 * load);
  const tens = [80, 90, 100, 110, 120, 130].filter((percent) => percent < last);
  return [...tens, last];
}

/**
 * The published protocol for one policy and seed. The expected mix is the list's own, as published; a decision looks at
 * nothing else that comes later.
 * @param solve for moves after the last arrival; without it, none are made
 * @throws InputError where the nodes have no GPUs, since loads are measured in them
 */
export function replaySaturation(
  { nodes, tasks }: ReplayLists,
  { policy, seed, load, moveLimit = 0 }: SaturationReplay,
  solve?: SolveProgram,
): SaturationRun {
  needGpus(nodes);
  const seen = countClasses(tasks.map(({ taskClass }) => taskClass));
  const random = seededRandom(seed);
  const workload = seededWorkload(nodes, tasks, load, random);
  const fleet = createFleet(workload.nodes);
  const chosen = POLICIES[policy]({ fleet, seen, random: seededRandom(seed + 0.5) });
  const moves = solve && moveLimit > 0 ? { limit: moveLimit, solve } : undefined;
  return runSaturation(
    { fleet, policy: chosen, tasks: workload.tasks, mix: mixOfCounts(seen) },
    sampledLoads(load),
    moves,
  );
}

/**
 * A timed replay for one policy, knowledge and seed. Arrivals are the same for all policies of a seed. `stowage` is its
 * form for tasks that end, `stowage-time`.
 */
export function replayTimed(
  { nodes, tasks }: ReplayLists,
  { policy, seed, ...options }: TimedReplay,
  onDay?: (day: number) => void,
): TimedRun {
  needGpus(nodes);
  const seen = countClasses(tasks.map(({ taskClass }) => taskClass));
  const random = seededRandom(seed);
  const fleet = createFleet(shuffled(random, nodes));
  const chosen = POLICIES[policy === 'stowage' ? 'stowage-time' : policy]({
    fleet,
    seen,
    random: seededRandom(seed + 0.5),
  });
  return runTimed({ fleet, policy: chosen, tasks, mix: mixOfCounts(seen) }, random, {
    ...options,
    ...(onDay ? { onDay } : {}),
  });
}

function needGpus(nodes: readonly FleetNode[]): void {
  if (nodes.every(({ gpuCount }) => gpuCount === 0)) {
    throw new InputError(
      'No node of the list has a GPU: loads of a replay are measured in GPUs. Give a list with GPU nodes.',
    );
  }
}
