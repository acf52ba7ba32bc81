import type { ClusterIdentity } from './clusterIdentity.ts';

/**
 * Where Stowage keeps its state: a directory in the workspace or beside the command line, and the files in it by name.
 */
export const STATE_DIRECTORY_NAME = '.stowage';

/** A predictor of no cluster: trained from files, or by version 0.1.0. A cluster is asked before it uses it. */
export const IMPORT_FILE_NAME = 'predictor.json';

/** The predictor of one cluster. */
export function predictorFileName({ key }: Pick<ClusterIdentity, 'key'>): string {
  return `predictors/${key}.json`;
}

/** Which import a cluster has taken or left last: a digest of it. */
export function answeredFileName({ key }: Pick<ClusterIdentity, 'key'>): string {
  return `predictors/${key}.answered`;
}

/** What is kept of one cluster's usage. */
export function usageFileName({ key }: Pick<ClusterIdentity, 'key'>): string {
  return `usage/${key}.json`;
}
