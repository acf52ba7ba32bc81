const PREFERENCES = {
  timeFit: 'free for just long enough: available time closest above the runtime',
  stowage: 'what expected tasks can still fill of the node, less prices of what is scarce',
  'stowage-time': 'the least longer hold of a node, against fit and fragments of the capacity',
  fgd: 'the least growth of GPU fragments (FGD)',
  bestFit: 'least left over',
  dotProduct: 'free capacity least aligned with the request',
  gpuPacking: 'GPUs in use before free ones',
  gpuClustering: 'nodes with tasks of the same kind',
  leastAllocated: 'the emptiest node (kube-scheduler)',
  mostAllocated: 'the fullest node (kube-scheduler)',
  requestedToCapacityRatio: 'a use of CPU and memory along a shape (kube-scheduler)',
  balancedAllocation: 'CPU and memory used alike (kube-scheduler)',
  nilas: 'the least prolonged hold in steps, then best fit (like NILAS)',
  lava: 'nodes of the same lifetime class (like LAVA)',
} as const;

export type RankingPolicy = keyof typeof PREFERENCES;

/** Every policy that can be mixed to rank live nodes, with what it prefers; `timeFit` is the method's own (S204). */
export const POLICY_NAMES: Readonly<Record<string, string>> = PREFERENCES;

/** Their names. */
export const RANKING_POLICIES = Object.keys(PREFERENCES) as readonly RankingPolicy[];
