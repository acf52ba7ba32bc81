import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type KubernetesCluster, openKubernetesCluster } from '../../../src/cluster/kubernetes/kubernetes.ts';
import type { LeaseResult } from '../../../src/cluster/port.ts';
import { Patience } from '../../../src/operate/patience.ts';
import { type EmptyServer, startEmptyServer } from './emptyServer.ts';

const LEASES = '/apis/coordination.k8s.io';
const PODS = '/api/v1/namespaces/team/pods';

describe('a lease that the server refuses', () => {
  let directory: string;
  let server: EmptyServer;
  let cluster: KubernetesCluster;
  /** What the server refuses now. */
  let refuses: Record<string, string>;
  /** How often it was asked again. */
  let waits: number;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'stowage-lease-'));
    refuses = {};
    server = await startEmptyServer(directory, { refuses });
    cluster = await openKubernetesCluster({ kubeconfig: server.kubeconfig });
    waits = 0;
  });
  afterEach(async () => {
    await cluster.close();
    await server.close();
    await rm(directory, { recursive: true });
  });

  /** @param onWait what has changed when the server is asked again */
  async function hold(onWait: () => void): Promise<Extract<LeaseResult, { kind: 'held' }>> {
    const sleep = async () => {
      waits += 1;
      onWait();
    };
    const held = await new Patience(cluster, { sleep }).cluster.holdLease!(['team'], 'here');
    assert.ok(held.kind === 'held');
    await held.lease.release();
    return held;
  }

  it('as it refuses everything when it has just begun is asked for again, and held', async () => {
    Object.assign(refuses, { [LEASES]: 'leases is forbidden', [PODS]: 'pods is forbidden' });
    const { without } = await hold(() => {
      delete refuses[LEASES];
      delete refuses[PODS];
    });
    assert.deepEqual([without, waits], [[], 1]);
  });

  it('though its pods may be read is done without at once', async () => {
    refuses[LEASES] = 'leases is forbidden';
    const { without } = await hold(() => {});
    assert.deepEqual([without, waits], [['team'], 0]);
  });
});
