import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ClusterIdentity } from '../../../core/model/clusterIdentity.ts';
import { ApiError } from '../../errors.ts';
import type { Connection } from './connection.ts';
import type { Context } from './kubeconfig.ts';

/**
 * Which cluster a connection leads to: by the uid of its namespace `kube-system`, which lives as long as the cluster and
 * is the same behind every address (OpenTelemetry's `k8s.cluster.uid`); where that may not be read, by its address.
 * @throws ClusterUnreachable; the signal's reason when it is aborted
 */
export async function readIdentity(connection: Connection, signal?: AbortSignal): Promise<ClusterIdentity> {
  const { context } = connection;
  try {
    const { metadata } = await connection.send('/api/v1/namespaces/kube-system', { signal });
    const uid = metadata?.uid ?? '';
    if (UID.test(uid)) return { key: uid, name: context.name };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
  return { key: `address-${addressDigest(context)}`, name: context.name, byAddress: true };
}

/** What may name a file. */
const UID = /^[\w-]{1,64}$/;

function addressDigest({ server, config }: Context): string {
  const { caData, caFile } = config.getCurrentCluster() ?? {};
  const authority = caData ?? (caFile ? readFileSync(caFile, 'base64') : '');
  return createHash('sha256').update(`${server}\n${authority}`).digest('hex').slice(0, 16);
}
