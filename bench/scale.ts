/**
 * How a large cluster is read: `node bench/scale.ts [--nodes 5000] [--pods 50000] [--seconds 20]`. With `--hold` it only
 * fills a cluster and keeps it until Ctrl-C; `--on KUBECONFIG` measures on one that was filled so, with `--changes` only how
 * changes are followed.
 * Fills the real API server with nodes and bound pods (which no kubelet minds), then reads them in processes of their own,
 * one after the other in one run: `kubectl get pods -A`, a bare paged read of raw JSON, and our first snapshot; then follows
 * single changes and 500 changes a second, and one pod's changes into the trees (`bench/trees.ts`). Times are of this
 * machine at this moment; only their relation means something.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { Connection, PAGE_SIZE } from '../src/cluster/kubernetes/api/connection.ts';
import { readContext } from '../src/cluster/kubernetes/api/kubeconfig.ts';
import { openKubernetesCluster } from '../src/cluster/kubernetes/kubernetes.ts';
import { POD_FIELDS } from '../src/cluster/kubernetes/watch/fields.ts';
import { coalesced } from '../src/io/coalesce.ts';
import { PLANNER_LIMITS } from '../src/planner/client.ts';
import { buildCluster } from '../test/control-plane/build.ts';
import { startCluster } from '../test/control-plane/cluster.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '5000' },
    pods: { type: 'string', default: '50000' },
    seconds: { type: 'string', default: '20' },
    hold: { type: 'boolean', default: false },
    changes: { type: 'boolean', default: false },
    on: { type: 'string' },
    /** For the processes that this one starts. */
    read: { type: 'string' },
    kubeconfig: { type: 'string' },
  },
});
const NODES = Number(values.nodes);
const PODS = Number(values.pods);
const CHANGES_A_SECOND = 500;
const NAMESPACES = 10;
/** The editor's pause between two looks at a cluster that changes. */
const LOOK_MILLISECONDS = 500;
const NAMES_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const MERGE = 'application/merge-patch+json';

if (values.read === 'bare') await readBare(values.kubeconfig!);
else if (values.read === 'binary') await readBinary(values.kubeconfig!);
else if (values.read === 'streamed') await readStreamed(values.kubeconfig!);
else if (values.read === 'stowage') await startOurs();
else if (values.read === 'thread') await readOurs(values.kubeconfig!);
else await main();

async function main(): Promise<void> {
  if (values.on !== undefined) return measureOn(values.on);
  const cluster = await startCluster({ nodes: [{ name: 'kubelet', milliCpu: 1000, memoryBytes: 2 ** 30 }] });
  try {
    const filling = performance.now();
    const connection = new Connection(readContext(cluster.kubeconfigPath));
    await fill(connection).finally(() => connection.close());
    say(`filled with ${NODES} nodes and ${PODS} pods in ${seconds(filling)} s: ${cluster.kubeconfigPath}`);
    if (values.hold) await once(process, 'SIGINT');
    else await measureOn(cluster.kubeconfigPath);
  } finally {
    await cluster.stop();
  }
}

async function measureOn(kubeconfig: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-scale-'));
  const connection = new Connection(readContext(kubeconfig));
  try {
    const bundle = await bundleSelf(directory);
    const self = (read: string) => [bundle, '--read', read, '--kubeconfig', kubeconfig];
    if (!values.changes) {
      const { cluster: program } = await buildCluster();
      await measure('kubectl get pods -A', program, ['kubectl', '--kubeconfig', kubeconfig, 'get', 'pods', '-A']);
      await measure('bare paged read', process.execPath, self('bare'));
      await measure('bare paged read, binary form', process.execPath, self('binary'));
      await measure('bare streaming list', process.execPath, self('streamed'));
    }
    const ours = spawn(process.execPath, self('stowage'), { stdio: ['pipe', 'pipe', 'inherit'] });
    await follow(ours, connection);
    const trees = spawn(process.execPath, [join(import.meta.dirname, 'trees.ts'), '--on', kubeconfig], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    await once(trees, 'close');
  } finally {
    await connection.close();
    rmSync(directory, { recursive: true });
  }
}

/** Nodes first, then pods that are bound at birth; 16 requests at once. Pods tolerate that their nodes never report. */
async function fill(connection: Connection): Promise<void> {
  for (let index = 0; index < NAMESPACES; index++) {
    await create(connection, '/api/v1/namespaces', { metadata: { name: `load-${index}` } });
  }
  await atOnce(16, NODES, (index) =>
    create(connection, '/api/v1/nodes', {
      metadata: { name: `node-${index}`, labels: { zone: `zone-${index % 3}`, 'kubernetes.io/os': 'linux' } },
      status: { allocatable: { cpu: '64', memory: '256Gi', pods: '110', 'nvidia.com/gpu': '8' } },
    }),
  );
  await atOnce(16, PODS, (index) =>
    create(connection, `/api/v1/namespaces/load-${index % NAMESPACES}/pods`, {
      metadata: {
        name: `train-${Math.floor(index / 4)}-${index % 4}`,
        labels: {
          app: `train-${Math.floor(index / 4)}`,
          'stowage.dev/creator': `user-${index % 97}`,
          'stowage.dev/type': 'training',
        },
        annotations: { 'stowage.dev/data-scale': String(index % 50), note: 'x'.repeat(400) },
      },
      spec: {
        nodeName: `node-${index % NODES}`,
        restartPolicy: 'Never',
        tolerations: [{ operator: 'Exists' }],
        containers: ['main', 'log'].map((name) => ({
          name,
          image: 'registry.example/team/training:2026.11',
          args: ['--config', `/config/${index % 200}.yaml`],
          env: Array.from({ length: 12 }, (_, number) => ({
            name: `SETTING_${number}`,
            value: `value ${number} of ${name}`,
          })),
          resources: { requests: { cpu: '500m', memory: '2Gi' }, limits: { cpu: '1', memory: '2Gi' } },
        })),
      },
    }),
  );
}

async function create(connection: Connection, path: string, body: object): Promise<void> {
  await connection.send(path, { method: 'POST', body });
}

async function atOnce(width: number, count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next++;
      await work(index);
      if (index > 0 && index % 10_000 === 0) say(`${index} of ${count} …`);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** Runs a program to its end; prints its time and the most memory it held. */
async function measure(name: string, program: string, words: readonly string[]): Promise<void> {
  const started = performance.now();
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let bytes = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  const peak = watchPeak(child);
  await new Promise((resolve) => child.on('close', resolve));
  const took = (performance.now() - started) / 1000;
  say(`${name}: ${took.toFixed(1)} s, peak ${await peak} MB, ${(bytes / 1e6).toFixed(1)} MB printed`);
}

/** The most memory a process has held, in MB, told when it has ended. */
async function watchPeak(child: ChildProcess): Promise<number> {
  let peak = 0;
  while (child.exitCode === null && child.signalCode === null) {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    } catch {
      break;
    }
    await pause(20);
  }
  return Math.round((peak * 1024) / 1e6);
}

/** As it ships: bundled, so that what is loaded is what is used. */
async function bundleSelf(directory: string): Promise<string> {
  const { build } = await import('esbuild'); // not in the bundle, which lies where there are no packages
  const outfile = join(directory, 'scale.mjs');
  const require = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  await build({
    entryPoints: [import.meta.filename],
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    external: ['esbuild'],
    banner: { js: require },
    outfile,
  });
  return outfile;
}

async function readBare(kubeconfig: string): Promise<void> {
  const connection = new Connection(readContext(kubeconfig));
  let pods = 0;
  for (let next: string | undefined = ''; next !== undefined; ) {
    const page: { items: object[]; metadata: { continue?: string } } = await connection.send('/api/v1/pods', {
      query: { limit: PAGE_SIZE, continue: next || undefined },
    });
    pods += page.items.length;
    next = page.metadata.continue || undefined;
  }
  await connection.close();
  process.stdout.write(`${pods}\n`);
}

/** As we read, but nothing is kept. */
async function readBinary(kubeconfig: string): Promise<void> {
  const connection = new Connection(readContext(kubeconfig));
  let pods = 0;
  const count = (page: Iterable<object>) => {
    for (const _ of page) pods += 1;
  };
  await connection.list('/api/v1/pods', count, { fields: POD_FIELDS });
  await connection.close();
  process.stdout.write(`${pods}\n`);
}

/** A watch that begins with all objects (`sendInitialEvents`), parsed line by line. */
async function readStreamed(kubeconfig: string): Promise<void> {
  const connection = new Connection(readContext(kubeconfig));
  const query = {
    watch: true,
    sendInitialEvents: true,
    allowWatchBookmarks: true,
    resourceVersionMatch: 'NotOlderThan',
  };
  let pods = 0;
  for await (const line of connection.lines('/api/v1/pods', { query }, 60_000)) {
    const { type } = JSON.parse(line) as { type: string };
    if (type === 'BOOKMARK') break;
    pods += 1;
  }
  await connection.close();
  process.stdout.write(`${pods}\n`);
}

/** Reads as the editor does: on a thread with the planning thread's limits. */
async function startOurs(): Promise<void> {
  const argv = process.argv.slice(2).map((word) => (word === 'stowage' ? 'thread' : word));
  const worker = new Worker(import.meta.filename, { argv, resourceLimits: PLANNER_LIMITS, stdin: true });
  process.stdin.pipe(worker.stdin!);
  await once(worker, 'exit');
}

/** Answers the main process: one line for the first snapshot, then one for each that is taken after changes. */
async function readOurs(kubeconfig: string): Promise<void> {
  const started = performance.now();
  const cluster = await openKubernetesCluster({ kubeconfig });
  const end = new AbortController();
  const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
  let slowest = 0;
  let isFirst = true;
  const look = async () => {
    const from = performance.now();
    const { tasks } = await cluster.readSnapshot();
    slowest = Math.max(slowest, performance.now() - from);
    const latest = tasks.find(({ name }) => name === 'train-0-0')?.labels['at'];
    const marks = tasks.reduce((most, { labels }) => Math.max(most, Number(labels['number'] ?? 0)), 0);
    tell({ what: 'seen', at: Date.now(), latest, marks });
  };
  const looking = coalesced(look, { pauseMilliseconds: LOOK_MILLISECONDS });
  cluster.watch(() => isFirst || looking(), end.signal);
  const { tasks } = await cluster.readSnapshot();
  tell({ what: 'first', seconds: (performance.now() - started) / 1000, tasks: tasks.length, ...spent() });
  isFirst = false;
  process.stdin.resume();
  await once(process.stdin, 'end');
  tell({ what: 'end', slowestMilliseconds: Math.round(slowest), ...spent() });
  end.abort();
  await cluster.close();
}

function spent(): object {
  const { user, system } = process.cpuUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    peakMegabytes: Math.round((process.resourceUsage().maxRSS * 1024) / 1e6),
  };
}

/** Writes changes once our process has its first snapshot, and sets what it saw beside when they were written. */
async function follow(child: ChildProcess, connection: Connection): Promise<void> {
  const closed = new Promise((resolve) => child.on('close', resolve));
  const seen: { at: number; latest?: string; marks: number }[] = [];
  let rest = '';
  const first = new Promise<void>((resolve) => {
    child.stdout!.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const told = JSON.parse(line);
        if (told.what === 'seen') seen.push(told);
        else say(`stowage ${told.what}: ${JSON.stringify(told)}`);
        if (told.what === 'first') resolve();
      }
    });
  });
  await first;
  await pause(1000);
  const single: number[] = [];
  for (let round = 0; round < 10; round++) {
    const at = String(Date.now());
    const path = '/api/v1/namespaces/load-0/pods/train-0-0';
    await connection.send(path, { method: 'PATCH', contentType: MERGE, body: { metadata: { labels: { at } } } });
    const written = Date.now();
    await pause(700);
    const found = seen.find(({ latest }) => latest === at);
    if (found) single.push(Math.max(0, found.at - written));
  }
  single.sort((a, b) => a - b);
  say(`one change: ${single.length} of 10 seen, median ${single[single.length >> 1]} ms, most ${single.at(-1)} ms`);
  let written = 0;
  const writtenAt = new Map<number, number>();
  const total = CHANGES_A_SECOND * Number(values.seconds);
  const started = Date.now();
  await atOnce(32, total, async () => {
    const order = ++written;
    const number = started + order; // higher than any of an earlier run
    const due = started + (order / CHANGES_A_SECOND) * 1000;
    if (due > Date.now()) await pause(due - Date.now());
    const index = (order * 37) % PODS;
    const path = `/api/v1/namespaces/load-${index % NAMESPACES}/pods/train-${Math.floor(index / 4)}-${index % 4}`;
    // without managed fields and whole answers the API server, which shares the machine, has less to do for a change
    const body = { metadata: { labels: { number: String(number) }, managedFields: [{}] } };
    await connection.send(path, { method: 'PATCH', contentType: MERGE, accept: NAMES_ONLY, body });
    writtenAt.set(number, Date.now());
  });
  const rate = (total / (Date.now() - started)) * 1000;
  for (let waited = 0; waited < 100 && (seen.at(-1)?.marks ?? 0) < started + total; waited++) await pause(100);
  const lags = seen.filter(({ marks }) => marks > started).map(({ at, marks }) => at - (writtenAt.get(marks) ?? at));
  lags.sort((a, b) => a - b);
  say(
    `${Math.round(rate)} changes/s written for ${values.seconds} s: ${lags.length} snapshots, behind by median ${lags[lags.length >> 1]} ms, most ${lags.at(-1)} ms; the last change ${seen.at(-1)?.marks === started + total ? 'seen' : 'not seen'}`,
  );
  child.stdin!.end();
  await closed;
}

function seconds(from: number): string {
  return ((performance.now() - from) / 1000).toFixed(1);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
