import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { after, before, describe, it } from 'mocha';
import { Connection } from '../../src/cluster/kubernetes/api/connection.ts';
import { readContext } from '../../src/cluster/kubernetes/api/kubeconfig.ts';
import { type KubernetesCluster, openKubernetesCluster } from '../../src/cluster/kubernetes/kubernetes.ts';
import { type FaultyServer, startFaultyServer } from '../cluster/kubernetes/faultyServer.ts';
import { isFull } from '../full.ts';
import { requireCluster } from './availability.ts';
import { certificatesOf } from './certificates.ts';
import { startCluster, type TestCluster } from './cluster.ts';

/** In `npm test` long enough for each of the faults to come; set STOWAGE_CHURN_SECONDS=1800 for a longer one. */
const CHURN_SECONDS = Number(process.env['STOWAGE_CHURN_SECONDS'] ?? (isFull ? 600 : 40));
const NAMESPACE = '/api/v1/namespaces/default';
const MERGE = 'application/merge-patch+json';

describe('the live copy of a cluster', () => {
  let test: TestCluster;
  let faulty: FaultyServer;
  let direct: Connection; // writes, and reads the truth
  let truth: KubernetesCluster;
  let live: KubernetesCluster;
  const watching = new AbortController();
  let changes = 0;

  before(async function () {
    requireCluster(this);
    test = await startCluster({ nodes: [{ name: 'node-1', milliCpu: 8000, memoryBytes: 2 ** 34 }] });
    const { server, ...tls } = certificatesOf(test.kubeconfigPath);
    faulty = await startFaultyServer(server, tls);
    const kubeconfig = join(test.directory, 'faulty.yaml');
    writeFileSync(kubeconfig, JSON.stringify(kubeconfigFor(faulty.url)));
    direct = new Connection(readContext(test.kubeconfigPath));
    truth = await openKubernetesCluster({ kubeconfig: test.kubeconfigPath });
    live = await openKubernetesCluster({ kubeconfig });
    live.watch(() => {
      changes += 1;
    }, watching.signal);
  });
  after(async () => {
    watching.abort();
    await live?.close();
    await truth?.close();
    await direct?.close();
    await faulty?.close();
    await test?.stop();
  });

  it('shows a change of one pod within 250 ms', async () => {
    await createPod('latency', 0);
    await caughtUp();
    const took: number[] = [];
    for (let round = 1; round <= 10; round++) {
      const patch = { metadata: { labels: { round: String(round) } } };
      await direct.send(`${NAMESPACE}/pods/latency`, { method: 'PATCH', body: patch, contentType: MERGE });
      const from = performance.now();
      for (;;) {
        const { tasks } = await live.readSnapshot();
        if (tasks.find(({ name }) => name === 'latency')?.labels['round'] === String(round)) break;
        if (performance.now() - from > 5000) throw new Error('The change is not seen after 5 s');
        await pause(5);
      }
      took.push(performance.now() - from);
      await pause(50);
    }
    took.sort((a, b) => a - b);
    console.error(`      median ${Math.round(took[5]!)} ms, most ${Math.round(took[9]!)} ms`);
    assert.ok(took[5]! <= 250, `${took.map(Math.round)}`);
  });

  it('equals a fresh list after churn with cut and slow connections, 429, 500, 410 and restarts of the API server', async () => {
    const churn = { stop: false, writes: 0, failures: 0 };
    const random = mulberry(7);
    const writers = [0, 1, 2].map((writer) => write(writer, churn, random));
    const faults: [string, () => Promise<void> | void][] = [
      ['cut', () => faulty.cut()],
      ['429', () => faulty.refuse(429, 6)],
      ['410', () => faulty.expireWatches()],
      ['slow', () => slowFor(3000)],
      ['500', () => faulty.refuse(500, 12)],
      ['cut', () => faulty.cut()],
      ['restart', () => test.restartApiServer()],
    ];
    const end = Date.now() + CHURN_SECONDS * 1000;
    let heapAfterFirst = 0;
    for (let round = 0; Date.now() < end; round++) {
      const [name, make] = faults[round % faults.length]!;
      await make();
      await pause(3000);
      if (round % 4 === 3) {
        churn.stop = true;
        await Promise.all(writers);
        await caughtUp();
        const now = heapMegabytes();
        heapAfterFirst ||= now;
        console.error(`      after ${name}: equal at ${churn.writes} writes, ${changes} calls back, heap ${now} MB`);
        churn.stop = false;
        writers.splice(0, 3, ...[0, 1, 2].map((writer) => write(writer, churn, random)));
      }
    }
    churn.stop = true;
    await Promise.all(writers);
    await caughtUp();
    assert.ok(churn.writes > CHURN_SECONDS * 5, `only ${churn.writes} writes`);
    const grown = heapMegabytes() - heapAfterFirst;
    assert.ok(grown < 20, `the heap has grown by ${grown} MB`);
  });

  it('ends its watches when it is told to', async () => {
    watching.abort();
    await pause(300);
    const before = changes;
    await createPod('after-the-end', 0);
    await pause(500);
    assert.equal(changes, before);
  });

  /** Waits until the live copy equals the truth: all nodes and tasks, field by field. */
  async function caughtUp(): Promise<void> {
    const end = Date.now() + 600_000;
    for (;;) {
      try {
        const lagging = live.inspect().filter(({ state }) => state.kind !== 'live' && state.kind !== 'absent');
        assert.deepEqual(lagging, []); // else the snapshot would be read again, and prove nothing
        const [seen, real] = [await live.readSnapshot(), await truth.readSnapshot()];
        assert.deepEqual({ nodes: seen.nodes, tasks: seen.tasks }, { nodes: real.nodes, tasks: real.tasks });
        return;
      } catch (error) {
        if (Date.now() > end) throw error;
        await pause(250);
      }
    }
  }

  async function slowFor(milliseconds: number): Promise<void> {
    faulty.slowDown(300);
    await pause(milliseconds);
    faulty.slowDown(0);
  }

  /** Creates, changes and deletes pods, nodes and Jobs that need no kubelet, until told to stop. */
  async function write(
    writer: number,
    churn: { stop: boolean; writes: number; failures: number },
    random: () => number,
  ) {
    while (!churn.stop) {
      const number = Math.floor(random() * 60);
      const name = `churn-${writer}-${number}`;
      try {
        const what = random();
        if (what < 0.35) await createPod(name, number);
        else if (what < 0.65)
          await change(`${NAMESPACE}/pods/${name}`, { metadata: { labels: { x: String(random()) } } });
        else if (what < 0.8) await direct.send(`${NAMESPACE}/pods/${name}`, { method: 'DELETE' });
        else if (what < 0.86) await createNode(name, number);
        else if (what < 0.92) await change(`/api/v1/nodes/${name}`, { metadata: { labels: { x: String(random()) } } });
        else if (what < 0.96) await direct.send(`/api/v1/nodes/${name}`, { method: 'DELETE' });
        else await createJob(name);
        churn.writes += 1;
      } catch {
        churn.failures += 1; // it was there already, or is gone, or the server restarts
      }
      await pause(10);
    }
  }

  async function createPod(name: string, number: number): Promise<void> {
    await direct.send(`${NAMESPACE}/pods`, {
      method: 'POST',
      body: {
        metadata: { name, labels: { number: String(number) } },
        spec: {
          terminationGracePeriodSeconds: 0,
          schedulingGates: [{ name: 'stowage.dev/placement' }],
          containers: [
            { name: 'main', image: 'example.test/none', resources: { requests: { cpu: `${number + 1}m` } } },
          ],
        },
      },
    });
  }

  async function createNode(name: string, number: number): Promise<void> {
    await direct.send('/api/v1/nodes', {
      method: 'POST',
      body: {
        metadata: { name },
        spec: { unschedulable: true },
        status: { allocatable: { cpu: String(number), pods: '9' } },
      },
    });
  }

  async function createJob(name: string): Promise<void> {
    const container = { name: 'main', image: 'example.test/none' };
    await direct.send('/apis/batch/v1/namespaces/default/jobs', {
      method: 'POST',
      body: {
        metadata: { name },
        spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [container] } } },
      },
    });
  }

  async function change(path: string, body: object): Promise<void> {
    await direct.send(path, { method: 'PATCH', body, contentType: MERGE });
  }
});

function kubeconfigFor(server: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'faulty',
    contexts: [{ name: 'faulty', context: { cluster: 'faulty', user: 'none' } }],
    clusters: [{ name: 'faulty', cluster: { server } }],
    users: [{ name: 'none', user: {} }],
  };
}

function heapMegabytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return Math.round(process.memoryUsage().heapUsed / 1e6);
}

/** A small seeded generator (Mulberry32), so that a run can be made again. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
