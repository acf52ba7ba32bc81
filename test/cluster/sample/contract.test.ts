import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openSampleCluster } from '../../../src/cluster/sample/sampleCluster.ts';
import { clusterContract } from '../port/contract.ts';

describe('the sample cluster keeps the contract of a Cluster', () => {
  let directory: string;
  clusterContract(
    async () => {
      directory = await mkdtemp(path.join(tmpdir(), 'stowage-sample-'));
      const cluster = await openSampleCluster({ seed: 7, directory });
      return { cluster, wait: () => cluster.advance(5) };
    },
    async ({ cluster }) => {
      await cluster.close();
      await rm(directory, { recursive: true });
    },
  );
});
