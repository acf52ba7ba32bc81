/** Every policy that can be mixed to rank live nodes; `timeFit` is the method's own (docs/method.md S204). */
export const RANKING_POLICIES = [
  'timeFit',
  'stowage',
  'stowage-time',
  'fgd',
  'bestFit',
  'dotProduct',
  'gpuPacking',
  'gpuClustering',
  'leastAllocated',
  'mostAllocated',
  'requestedToCapacityRatio',
  'balancedAllocation',
  'nilas',
  'lava',
] as const;

export type RankingPolicy = (typeof RANKING_POLICIES)[number];

/** Whether a name from outside is that of a policy. */
export function isRankingPolicy(name: string): name is RankingPolicy {
  return (RANKING_POLICIES as readonly string[]).includes(name);
}
