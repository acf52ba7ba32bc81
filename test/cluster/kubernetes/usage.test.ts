import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { ApiError, ClusterUnreachable } from '../../../src/cluster/errors.ts';
import type { Connection } from '../../../src/cluster/kubernetes/api/connection.ts';
import { usageOf } from '../../../src/cluster/kubernetes/model/metrics.ts';
import { UsageRecord } from '../../../src/cluster/kubernetes/model/usage.ts';
import { KeptUsage } from '../../../src/cluster/kubernetes/watch/keptUsage.ts';
import type { Query } from '../../../src/cluster/kubernetes/watch/prometheus.ts';
import { UsageReader } from '../../../src/cluster/kubernetes/watch/usage.ts';
import type { Problem } from '../../../src/core/model/problem.ts';
import { NO_RESOURCES } from '../../../src/core/model/resources.ts';
import type { Usage } from '../../../src/core/model/usage.ts';
import { ownerKey } from '../../../src/core/model/usageDigest.ts';
import { readKeptUsage } from '../../../src/io/usageDigest.ts';
import { amounts, aTask } from '../../core/small.ts';

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

  it('tells the containers of a task apart, over the usage window', () => {
    const record = new UsageRecord();
    const read = (at: number, main: number, mesh: number) => {
      const each = [
        { name: 'main', usage: { cpu: `${main}m`, memory: `${main}Mi` } },
        { name: 'mesh', usage: { cpu: `${mesh}m`, memory: `${mesh}Mi` } },
      ];
      const metadata = { namespace: 'team', name: 'a' };
      const timestamp = new Date(at * 1000).toISOString();
      const { id, usage } = usageOf({ metadata, timestamp, window: '15s', containers: each })!;
      record.add(new Map([[id, usage]]));
    };
    read(NOW - 40 * MINUTE, 9000, 9000);
    read(NOW - 20 * MINUTE, 100, 30);
    read(NOW, 300, 10);
    const { 'team/a': usage } = record.usage(NOW, WINDOWS);
    const used = (amount: number) => ({ milliCpu: amount, memoryBytes: amount * 2 ** 20 });
    assert.deepEqual(usage?.containers, {
      main: { mean: used(200), peak: used(300) },
      mesh: { mean: used(20), peak: used(30) },
    });
    assert.equal(usage?.mean.milliCpu, 220);
    record.usage(NOW + 59 * MINUTE, WINDOWS);
    assert.deepEqual(record.usage(NOW, WINDOWS)['team/a']?.containers?.['main']?.peak, used(300));
  });

  it('does not tell apart what is one container', () => {
    assert.equal(recordOf(100, 200).usage(NOW, WINDOWS)['team/a']?.containers, undefined);
    const metrics = { metadata: { name: 'a' }, timestamp: '2026-01-01T00:00:00Z', containers: [{ name: 'main' }] };
    assert.equal(usageOf(metrics)?.usage.containers, undefined);
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

describe('readings of one name', () => {
  const at = (toSeconds: number, milliCpu = 100) => {
    const mean = { ...NO_RESOURCES, milliCpu, memoryBytes: 1 };
    const usage = { mean, peak: mean, fromSeconds: toSeconds - 15, toSeconds, readings: 1, source: 'metrics-server' };
    return new Map([['team/db-0', usage as Usage]]);
  };
  const task = (uid: string, startedAtSeconds: number) => new Map([['team/db-0', { uid, startedAtSeconds }]]);
  const mean = (record: UsageRecord) => record.usage(NOW, WINDOWS)['team/db-0']?.mean.milliCpu;

  it('are never those of the task that had it before', () => {
    const record = new UsageRecord();
    for (const seconds of [90, 60, 30]) record.add(at(NOW - seconds, 4000));
    record.own(task('old', NOW - 3600));
    assert.equal(mean(record), 4000);
    record.add(at(NOW, 100));
    record.own(task('new', NOW - 20)); // of a pod of a StatefulSet that was made again
    assert.equal(mean(record), 100);
    record.own(new Map());
    assert.deepEqual(record.usage(NOW, WINDOWS), {});
  });

  it('are not those of the task before either where that was never seen', () => {
    const record = new UsageRecord();
    record.add(at(NOW - 30, 4000));
    record.add(at(NOW, 100));
    record.own(task('new', NOW - 20));
    assert.equal(mean(record), 100);
  });

  it('are known at once after a reload, each counted in the digest once', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'stowage-kept-'));
    const cluster = { key: 'k', name: 'kind-demo' };
    const running = { ...aTask('db-0', 'n', amounts(1)), id: 'team/db-0', uid: 'u' };
    try {
      const before = new UsageRecord();
      const kept = new KeptUsage(directory, cluster, before);
      for (const seconds of [90, 60, 30]) before.add(at(NOW - seconds));
      before.own(task('u', NOW - 3600));
      await kept.observe([running], NOW - 30);
      await kept.write();

      const after = new UsageRecord();
      const reloaded = new KeptUsage(directory, cluster, after);
      await reloaded.load();
      after.own(task('u', NOW - 3600));
      assert.equal(after.usage(NOW, WINDOWS)['team/db-0']?.readings, 3);
      after.add(at(NOW, 300));
      await reloaded.observe([running], NOW);
      await reloaded.observe([running], NOW);
      await reloaded.write();
      const hours = (await readKeptUsage(directory, cluster)).digest[ownerKey(running)]!;
      assert.deepEqual(
        hours.map(({ readings }) => readings),
        [4],
      );
      assert.equal(hours[0]!.milliCpu.max, 300);

      const another = new UsageRecord();
      await new KeptUsage(directory, cluster, another).load();
      another.own(task('another', NOW - 10)); // of the same name
      assert.deepEqual(another.usage(NOW, WINDOWS), {});
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('are kept of the last half hour, and no more in all than the bound', () => {
    const record = new UsageRecord();
    for (let minute = 60; minute >= 0; minute--) record.add(at(NOW - 60 * minute));
    record.own(task('u', NOW - 3600 - 60));
    assert.equal(record.recent(NOW - 30 * MINUTE, 1000)['team/db-0']?.atSeconds.length, 30);
    assert.deepEqual(record.recent(NOW - 30 * MINUTE, 2)['team/db-0']?.atSeconds, [NOW - 60, NOW]);
  });
});
