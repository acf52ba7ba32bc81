/** What people call the sample cluster of a seed. */
export function sampleName(seed: number): string {
  return `sample seed ${seed}`;
}

/** Which cluster something was learned from, or is kept for. */
export type ClusterIdentity = {
  /** No other cluster has it, and it may name a file: the uid of the namespace `kube-system`; `sample-7`. */
  readonly key: string;
  /** What people call it: the context of a kubeconfig; `sample seed 7`. */
  readonly name: string;
  /** The uid may not be read, so the key is a digest of the server's address and CA: a new address is another cluster. */
  readonly byAddress?: true;
};
