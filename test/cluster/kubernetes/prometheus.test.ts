import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { NotPrometheus } from '../../../src/cluster/errors.ts';
import type { Connection } from '../../../src/cluster/kubernetes/api/connection.ts';
import {
  prometheusAt,
  prometheusHistory,
  prometheusUsage,
  type Query,
} from '../../../src/cluster/kubernetes/watch/prometheus.ts';
import { InputError } from '../../../src/core/model/input.ts';

const MIB = 2 ** 20;
const STARTED = Date.now() / 1000;
const WINDOWS = { usageWindowSeconds: 60, nodeUsageWindowSeconds: 4 };

describe('Prometheus itself', () => {
  let folder: string;
  let exporter: Server;
  let prometheus: ChildProcess;
  let query: Query;
  /** When the task began, as far as its exporter knows. */
  let started = 0;

  before(async function () {
    if (spawnSync('prometheus', ['--version']).error) {
      console.error('      left out: there is no Prometheus on the PATH. Install it: apt-get install prometheus');
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'stowage-prometheus-'));
    exporter = createServer((_, response) => {
      started ||= Date.now() / 1000;
      response.end(metrics());
    });
    await new Promise<void>((resolve) => exporter.listen(0, '127.0.0.1', resolve));
    const target = `127.0.0.1:${(exporter.address() as AddressInfo).port}`;
    const port = await freePort();
    // honor_labels, as charts of kube-state-metrics and cadvisor set it
    writeFileSync(
      join(folder, 'config.yml'),
      JSON.stringify({
        global: { scrape_interval: '1s', scrape_timeout: '1s' },
        scrape_configs: [{ job_name: 'all', honor_labels: true, static_configs: [{ targets: [target] }] }],
      }),
    );
    prometheus = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'config.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    query = prometheusAt(`http://127.0.0.1:${port}`, {} as Connection);
    await until(async () =>
      (await query('count_over_time(container_memory_working_set_bytes[1m])')).some(({ value }) => value >= 12),
    );
  });
  after(async () => {
    if (prometheus) {
      const ended = once(prometheus, 'exit');
      prometheus.kill();
      await ended;
    }
    exporter?.close();
    if (folder) rmSync(folder, { recursive: true });
  });

  it('gives mean and peak of a pod over the window, summed over its containers, GPUs included', async () => {
    const now = Date.now() / 1000;
    const usage = (await prometheusUsage(query, WINDOWS, now, new Map([['team/train-1', started]]))).get(
      'team/train-1',
    );
    assert.ok(usage);
    // 1.5 cores in one container and 0.5 in the other; the pod's own sum and its sandbox are not added
    assert.ok(Math.abs(usage.mean.milliCpu - 2000) < 300, JSON.stringify(usage)); // two scrapes of twelve may be cut off
    assert.equal(usage.mean.memoryBytes, 300 * MIB);
    assert.equal(usage.mean.gpuMilli, 800); // 80 % of one GPU
    assert.deepEqual([usage.source, usage.toSeconds], ['prometheus', now]);
    assert.ok(Math.abs(usage.fromSeconds - started) < 1.5, JSON.stringify({ ...usage, started })); // it is sought second by second
    assert.ok(usage.readings >= 12);
  });

  it('gives the mean over the node’s window beside it', async () => {
    const now = Date.now() / 1000;
    const usage = (await prometheusUsage(query, WINDOWS, now, new Map([['team/grows', started]]))).get('team/grows');
    // It grows by 10 MiB a second: over its last 4 s it holds 20 MiB less than now, over its whole life half of what it has now.
    const [whole, recent] = [usage!.mean, usage!.nodeWindowMean!].map(({ memoryBytes }) => memoryBytes / MIB);
    const grown = 10 * (now - STARTED);
    assert.ok(Math.abs(recent! - (grown - 20)) < 20, JSON.stringify({ usage, grown }));
    assert.ok(Math.abs(whole! - (grown - 10 * ((now - started) / 2))) < 20, JSON.stringify({ usage, grown }));
    assert.ok(Math.abs(usage!.nodeWindowMean!.milliCpu - 1000) < 300, JSON.stringify(usage));
  });

  it('takes the mean over what it saw of a task that is older than its own first scrape', async () => {
    const now = Date.now() / 1000;
    const usage = (await prometheusUsage(query, WINDOWS, now, new Map([['team/train-1', started - 3600]]))).get(
      'team/train-1',
    );
    assert.ok(Math.abs(usage!.mean.milliCpu - 2000) < 300, JSON.stringify(usage));
    assert.ok(Math.abs(usage!.fromSeconds - started) < 1.5, JSON.stringify({ ...usage, started }));
  });

  it('gives the finished pods that kube-state-metrics has told of', async () => {
    const { tasks, problems } = await prometheusHistory(query, 2);
    assert.deepEqual(problems, []);
    const [run] = tasks;
    assert.equal(tasks.length, 1);
    assert.equal(run?.id, 'team/done-1');
    assert.deepEqual([run?.startedAtSeconds, run?.endedAtSeconds, run?.outcome], [1000, 1600, 'succeeded']);
    assert.deepEqual([run?.request.milliCpu, run?.request.memoryBytes], [2000, 1024 * MIB]);
    assert.equal(run?.parameters.name, 'nightly');
  });

  it('says what Prometheus says of a query it does not understand', async () => {
    await assert.rejects(query('sum('), /parse error/);
  });
});

describe('what answers as a Prometheus', () => {
  const answering = (answer: unknown) =>
    prometheusAt('service:monitoring/prometheus:9090', { send: async () => answer } as unknown as Connection);

  it('is none where its answer has another shape', async () => {
    for (const answer of [null, 'x', {}, { status: 'success', data: { result: { a: 1 } } }])
      await assert.rejects(answering(answer)('up'), NotPrometheus, JSON.stringify(answer));
  });

  it('has its series without a number that may be true left out', async () => {
    const values = ['1e999', 'NaN', '1e30', '-1e30', 5, undefined, '12.5'];
    const result = [null, 'x', ...values.map((value) => ({ metric: { pod: 'a', odd: 1 }, value: [1, value] }))];
    const samples = await answering({ status: 'success', data: { result } })('up');
    assert.deepEqual(samples, [{ labels: { pod: 'a' }, value: 12.5 }]);
  });
});

describe('the address of a Prometheus', () => {
  it('may be a service that is reached through the API server', async () => {
    const asked: unknown[] = [];
    const send = async (...words: unknown[]) => {
      asked.push(...words);
      return { status: 'success', data: { result: [{ metric: { pod: 'a' }, value: [1, '2'] }] } };
    };
    const query = prometheusAt('service:monitoring/prometheus:9090', { send } as unknown as Connection);
    assert.deepEqual(await query('up'), [{ labels: { pod: 'a' }, value: 2 }]);
    assert.deepEqual(asked, [
      '/api/v1/namespaces/monitoring/services/prometheus:9090/proxy/api/v1/query',
      { query: { query: 'up' }, signal: undefined },
    ]);
  });

  it('that is none is told with what one looks like', () => {
    for (const address of ['prometheus', 'ftp://x', 'service:../../secrets/x:1']) {
      assert.throws(() => prometheusAt(address, {} as Connection), InputError, address);
    }
  });
});

/** What cadvisor, DCGM and kube-state-metrics would export. */
function metrics(): string {
  const elapsed = Date.now() / 1000 - STARTED;
  const pod = 'namespace="team",pod="train-1"';
  const done = 'namespace="team",pod="done-1",uid="u"';
  return [
    `container_cpu_usage_seconds_total{${pod},container="main"} ${1.5 * elapsed}`,
    `container_cpu_usage_seconds_total{${pod},container="log"} ${0.5 * elapsed}`,
    `container_cpu_usage_seconds_total{${pod},container=""} ${2 * elapsed}`,
    `container_cpu_usage_seconds_total{${pod},container="POD"} ${elapsed}`,
    `container_memory_working_set_bytes{${pod},container="main"} ${200 * MIB}`,
    `container_memory_working_set_bytes{${pod},container="log"} ${100 * MIB}`,
    `container_cpu_usage_seconds_total{namespace="team",pod="grows",container="main"} ${elapsed}`,
    `container_memory_working_set_bytes{namespace="team",pod="grows",container="main"} ${10 * MIB * elapsed}`,
    `DCGM_FI_DEV_GPU_UTIL{exported_namespace="team",exported_pod="train-1",pod="dcgm",namespace="gpu",gpu="0"} 80`,
    `kube_pod_created{${done}} 990`,
    `kube_pod_start_time{${done}} 1000`,
    `kube_pod_completion_time{${done}} 1600`,
    `kube_pod_owner{${done},owner_kind="Job",owner_name="nightly-29174405"} 1`,
    `kube_pod_status_phase{${done},phase="Succeeded"} 1`,
    `kube_pod_status_phase{${done},phase="Failed"} 0`,
    `kube_pod_container_resource_requests{${done},container="main",resource="cpu",unit="core"} 2`,
    `kube_pod_container_resource_requests{${done},container="main",resource="memory",unit="byte"} ${1024 * MIB}`,
    '',
  ].join('\n');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 240; tries++) {
    if (await holds().catch(() => false)) return;
    await pause(250);
  }
  throw new Error('Prometheus has not come up within a minute');
}
