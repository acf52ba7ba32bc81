import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ApiError, ClusterUnreachable } from '../../../src/cluster/errors.ts';
import type { Connection } from '../../../src/cluster/kubernetes/api/connection.ts';
import { UsageRecord } from '../../../src/cluster/kubernetes/model/usage.ts';
import type { Query } from '../../../src/cluster/kubernetes/watch/prometheus.ts';
import { UsageReader } from '../../../src/cluster/kubernetes/watch/usage.ts';
import type { Problem } from '../../../src/core/model/problem.ts';
import { NO_RESOURCES } from '../../../src/core/model/resources.ts';

const NOW = 1_000_000;
const MINUTE = 60;
const WINDOWS = { usageWindowSeconds: 30 * MINUTE, nodeUsageWindowSeconds: 60 * MINUTE };

describe('usage where metrics.k8s.io is missing', () => {
  /** One pod's usage of a cluster whose API server does not know metrics.k8s.io. */
  async function usageWith(prometheus: Query | undefined) {
    const list = () => Promise.reject(new ApiError(404, 'NotFound', 'the server could not find the resource'));
    const reader = new UsageReader(
      { connection: { list } as unknown as Connection, namespaces: undefined },
      prometheus,
      () => WINDOWS,
    );
    const problems: Problem[] = [];
    await reader.poll();
    const pod = { metadata: { namespace: 'team', name: 'a' } };
    const usage = await reader.usage([pod], NOW, problems);
    return { tasks: Object.keys(usage), problems };
  }

  it('is a problem where there is no Prometheus', async () => {
    assert.deepEqual(await usageWith(undefined), { tasks: [], problems: [{ code: 'noMetrics' }] });
  });

  it('is none where Prometheus tells it', async () => {
    const sample = { labels: { namespace: 'team', pod: 'a' }, value: 1 };
    assert.deepEqual(await usageWith(async () => [sample]), { tasks: ['team/a'], problems: [] });
  });

  it('is one where Prometheus knows of no task, and one more where it does not answer', async () => {
    assert.deepEqual(await usageWith(async () => []), { tasks: [], problems: [{ code: 'noMetrics' }] });
    const failing = () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.3:9090'));
    const why = { code: 'said', message: 'connect ECONNREFUSED 10.0.0.3:9090' };
    assert.deepEqual(await usageWith(failing), {
      tasks: [],
      problems: [{ code: 'prometheusFailed', why }, { code: 'noMetrics' }],
    });
  });

  it('tells of a Prometheus behind an API server that cannot be reached what a cluster would tell', async () => {
    const why = { code: 'noAnswer', server: 'https://10.0.0.1', context: 'prod' } as const;
    const { problems } = await usageWith(() => Promise.reject(new ClusterUnreachable(why)));
    assert.deepEqual(problems[0], { code: 'prometheusFailed', why });
  });
});

describe('our own record of usage', () => {
  /** One reading each ten minutes, of the last quarter of a minute, the latest now. */
  function recordOf(...milliCpus: number[]): UsageRecord {
    const record = new UsageRecord();
    for (const [index, milliCpu] of milliCpus.entries()) {
      record.add(reading(milliCpu, NOW - 10 * MINUTE * (milliCpus.length - 1 - index)));
    }
    return record;
  }

  function reading(milliCpu: number, toSeconds: number) {
    const mean = { ...NO_RESOURCES, milliCpu, memoryBytes: 2 ** 32 };
    const span = { fromSeconds: toSeconds - 15, toSeconds };
    return new Map([['team/a', { mean, peak: mean, ...span, readings: 1, source: 'metrics-server' as const }]]);
  }

  it('is one reading where there is no other', () => {
    const { 'team/a': usage } = recordOf(500).usage(NOW, WINDOWS);
    assert.deepEqual([usage?.mean.milliCpu, usage?.peak.milliCpu, usage?.readings], [500, 500, 1]);
    assert.deepEqual([usage?.nodeWindowMean, usage?.source], [undefined, 'metrics-server']);
    assert.deepEqual([usage?.fromSeconds, usage?.toSeconds], [NOW - 15, NOW]);
  });

  it('averages over the usage window, and apart from it over the node’s', () => {
    // 60 and 30 minutes ago are out of the windows: what counts is later than their beginning.
    const { 'team/a': usage } = recordOf(9000, 1000, 2000, 3000, 100, 200, 300).usage(NOW, WINDOWS);
    assert.equal(usage?.mean.milliCpu, 200); // 100, 200, 300
    assert.equal(usage?.peak.milliCpu, 300);
    assert.equal(usage?.readings, 3);
    assert.equal(usage?.nodeWindowMean?.milliCpu, 1100); // (1000 + 2000 + 3000 + 100 + 200 + 300) / 6
    assert.equal(usage?.nodeWindowMean?.memoryBytes, 2 ** 32);
  });

  it('may average over less for nodes than for tasks', () => {
    const windows = { usageWindowSeconds: 60 * MINUTE, nodeUsageWindowSeconds: 15 * MINUTE };
    const { 'team/a': usage } = recordOf(1000, 100, 200, 300).usage(NOW, windows);
    assert.deepEqual([usage?.mean.milliCpu, usage?.nodeWindowMean?.milliCpu], [400, 250]);
  });

  it('knows nothing of a task of which nothing was read in the usage window, and forgets what no window reaches', () => {
    const record = recordOf(100, 200);
    assert.deepEqual(record.usage(NOW + 30 * MINUTE, WINDOWS), {});
    record.add(reading(400, NOW + 40 * MINUTE));
    const { 'team/a': usage } = record.usage(NOW + 40 * MINUTE, WINDOWS);
    assert.deepEqual([usage?.mean.milliCpu, usage?.nodeWindowMean?.milliCpu], [400, 233]); // (100 + 200 + 400) / 3
    assert.deepEqual(record.usage(NOW + 200 * MINUTE, WINDOWS), {});
    assert.deepEqual(record.usage(NOW, WINDOWS), {}, 'it is gone');
  });

  it('follows windows that change meanwhile', () => {
    const record = recordOf(100, 200, 300);
    const mean = (usageWindowSeconds: number) =>
      record.usage(NOW, { ...WINDOWS, usageWindowSeconds })['team/a']?.mean.milliCpu;
    assert.deepEqual([mean(30 * MINUTE), mean(5 * MINUTE), mean(15 * MINUTE)], [200, 300, 250]);
  });

  it('counts a reading once, and gives the same object while nothing changes', () => {
    const record = recordOf(100, 200);
    const before = record.usage(NOW, WINDOWS)['team/a'];
    record.add(reading(200, NOW));
    assert.equal(record.usage(NOW + 1, WINDOWS)['team/a'], before);
    record.add(reading(300, NOW + MINUTE));
    assert.equal(record.usage(NOW + MINUTE, WINDOWS)['team/a']?.readings, 3);
  });
});
