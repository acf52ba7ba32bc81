import type { UsageWindows } from '../core/model/settings.ts';
import type { ClusterTarget } from '../core/plan/plan.ts';
import type { Access, Cluster, Traces } from './port.ts';

/** How a cluster is opened: what a plan keeps of it, and what happens on the way. */
export type OpenOptions = Access & {
  /** Lets so much of the sample's time pass first. */
  readonly advanceSeconds?: number;
  /** Over how long usage is read (S306, S408), asked at each reading; absent: the defaults. */
  readonly windows?: () => UsageWindows;
  /**
   * Where a Kubernetes cluster’s finished runs and usage are kept across sessions; absent: only what it still knows.
   */
  readonly runsDirectory?: string;
  readonly signal?: AbortSignal;
};

/**
 * Opens a cluster; a side's code is loaded only when it is asked for.
 * @throws InputError for a kubeconfig, context or seed that cannot be used; ClusterUnreachable when nothing answers
 */
export async function openCluster(target: ClusterTarget, options: OpenOptions = {}): Promise<Cluster & Traces> {
  const { advanceSeconds, ...rest } = options;
  if (target.kind === 'sample') {
    const { openSampleCluster } = await import('./sample/sampleCluster.ts');
    const { seed, directory } = target;
    const { windows } = options;
    const passing = advanceSeconds !== undefined && { advanceSeconds };
    return openSampleCluster({ seed, directory, ...passing, ...(windows && { windows }) });
  }
  const { openKubernetesCluster } = await import('./kubernetes/kubernetes.ts');
  const { kubeconfig, context } = target;
  return openKubernetesCluster({ ...rest, kubeconfig, context });
}
