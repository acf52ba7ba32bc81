import type { Fleet } from '../../fleet/fleet.ts';
import type { CountedClass } from '../../fragment/mix.ts';
import { mixOfCounts } from '../../fragment/mix.ts';
import { InputError } from '../../model/input.ts';
import { fgdPolicy } from './fgd.ts';
import type { FleetPolicy } from './fleetPolicy.ts';
import {
  balancedAllocation,
  kubernetesPolicy,
  leastAllocated,
  mostAllocated,
  requestedToCapacityRatio,
} from './kubernetes.ts';
import { lavaPolicy } from './lava.ts';
import { nilasPolicy } from './nilas.ts';
import { bestFitPolicy, dotProductPolicy, gpuClusteringPolicy, gpuPackingPolicy, randomPolicy } from './published.ts';
import { stowageOnlinePolicy, stowagePolicy } from './stowage.ts';
import { stowageTimePolicy } from './stowageTime.ts';

/** What a policy is made from. */
export type PolicySetup = {
  readonly fleet: Fleet;
  /** Every task class to expect, with its count: FGD and ours look at it, all others at nothing but the fleet. */
  readonly seen: readonly CountedClass[];
  readonly random: () => number;
};

/** What makes a policy. */
type MakePolicy = (setup: PolicySetup) => FleetPolicy;

const MAKERS = {
  random: ({ fleet, random }) => randomPolicy(fleet, random),
  dotProduct: ({ fleet }) => dotProductPolicy(fleet),
  bestFit: ({ fleet }) => bestFitPolicy(fleet),
  gpuPacking: ({ fleet }) => gpuPackingPolicy(fleet),
  gpuClustering: ({ fleet }) => gpuClusteringPolicy(fleet),
  fgd: ({ fleet, seen }) => fgdPolicy(fleet, mixOfCounts(seen)),
  leastAllocated: ({ fleet }) => kubernetesPolicy(fleet, 'leastAllocated', leastAllocated),
  mostAllocated: ({ fleet }) => kubernetesPolicy(fleet, 'mostAllocated', mostAllocated),
  requestedToCapacityRatio: ({ fleet }) =>
    kubernetesPolicy(fleet, 'requestedToCapacityRatio', requestedToCapacityRatio, 1),
  balancedAllocation: ({ fleet }) => kubernetesPolicy(fleet, 'balancedAllocation', balancedAllocation),
  nilas: ({ fleet }) => nilasPolicy(fleet),
  lava: ({ fleet }) => lavaPolicy(fleet),
  stowage: ({ fleet, seen, random }) => stowagePolicy(fleet, seen, random),
  'stowage-time': ({ fleet, seen }) => stowageTimePolicy(fleet, seen),
  'stowage-online': ({ fleet, random }) => stowageOnlinePolicy(fleet, random),
  'stowage-refuse': ({ fleet, seen, random }) => stowagePolicy(fleet, seen, random, { refuseFromFraction: 0.9025 }),
} satisfies Readonly<Record<string, MakePolicy>>;

export type PolicyName = keyof typeof MAKERS;

/** Every policy by name. */
export const POLICIES: Readonly<Record<PolicyName, MakePolicy>> = MAKERS;

/** Every policy's name. */
export const ALL_POLICIES = Object.keys(MAKERS) as readonly PolicyName[];

/**
 * The name of a policy as `POLICIES` has it; capitals do not matter, and the short names of the published tables do.
 * @throws InputError for a name that is none
 */
export function policyName(given: string): PolicyName {
  const plain = given.trim().toLowerCase();
  const name = SHORT_NAMES[plain] ?? ALL_POLICIES.find((known) => known.toLowerCase() === plain);
  if (name === undefined) {
    throw new InputError(`There is no policy "${given}". Choose among: ${ALL_POLICIES.join(', ')}.`);
  }
  return name;
}

const SHORT_NAMES: Readonly<Record<string, PolicyName>> = {
  dotprod: 'dotProduct',
  packing: 'gpuPacking',
  clustering: 'gpuClustering',
};
