import type { NodeShape } from './cluster.ts';

const GIB = 2 ** 30;

/** A Kubernetes object as it is applied. */
export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string } & Record<string, unknown>;
  readonly spec: Record<string, unknown>;
};

/** Kubernetes quantities by resource, for example `{ cpu: '2', memory: '4Gi', 'nvidia.com/gpu': '1' }`. */
export type Quantities = Readonly<Record<string, string>>;

/** One task of the test cluster, and what its pretended program does. */
export type TaskSpec = {
  readonly name: string;
  readonly requests: Quantities;
  /** Default: the requests, which makes the task Guaranteed. */
  readonly limits?: Quantities;
  /** Seconds until it ends by itself; default: never. */
  readonly runtimeSeconds?: number;
  /** How long its creator says that it runs; default: nothing is said. */
  readonly requestedRuntime?: string;
  /** What it exits with at its end; default 0, which is success. */
  readonly exitCode?: number;
  /** Seconds it takes to end after SIGTERM; default 0. Past its grace period it is killed. */
  readonly stopSeconds?: number;
  readonly gracePeriodSeconds?: number;
  /** What it uses; default: half of its request. */
  readonly usage?: { readonly cpu?: string; readonly memory?: string };
  readonly creator?: string;
  readonly type?: string;
  readonly framework?: string;
  readonly dataScale?: number;
  /** Where it saves what it needs to go on elsewhere. */
  readonly checkpoint?: string;
  /** Node it would rather run on. The scheduler obeys where there is capacity, and a migration may disobey. */
  readonly preferredNode?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly object[];
};

/** A Job of one task, which is not tried again when it fails. */
export function job(task: TaskSpec): Manifest {
  const { labels, annotations } = marks(task);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: task.name, labels, annotations },
    spec: { backoffLimit: 0, template: { metadata: { labels, annotations }, spec: podSpec(task) } },
  };
}

/** A Pod without owner that waits until somebody lifts its gate `stowage.dev/placement`. */
export function gatedPod(task: TaskSpec): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: task.name, ...marks(task) },
    spec: { ...podSpec(task), schedulingGates: [{ name: 'stowage.dev/placement' }] },
  };
}

function podSpec(task: TaskSpec): Record<string, unknown> {
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: task.gracePeriodSeconds ?? 30,
    ...(task.nodeSelector && { nodeSelector: task.nodeSelector }),
    ...(task.tolerations && { tolerations: task.tolerations }),
    ...(task.preferredNode && { affinity: { nodeAffinity: preference(task.preferredNode) } }),
    containers: [
      {
        name: 'main',
        image: 'example.test/pretended', // no image is pulled: no process runs in the container
        resources: { requests: task.requests, limits: task.limits ?? task.requests },
      },
    ],
  };
}

function preference(node: string): object {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node] }];
  return { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: { matchFields } }] };
}

function marks(task: TaskSpec): { labels: Record<string, string>; annotations: Record<string, string> } {
  return {
    labels: present({
      'stowage.dev/creator': task.creator,
      'stowage.dev/type': task.type,
      'stowage.dev/framework': task.framework,
    }),
    annotations: present({
      'stowage.dev/data-scale': task.dataScale,
      'stowage.dev/requested-runtime': task.requestedRuntime,
      'stowage.dev/checkpoint': task.checkpoint,
      'stowage.dev/test-runtime-seconds': task.runtimeSeconds,
      'stowage.dev/test-exit-code': task.exitCode,
      'stowage.dev/test-stop-seconds': task.stopSeconds,
      'stowage.dev/test-usage-cpu': task.usage?.cpu,
      'stowage.dev/test-usage-memory': task.usage?.memory,
    }),
  };
}

function present(values: Record<string, string | number | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}

const GPU_TAINT = { key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' };
const GPU_LABELS = { 'nvidia.com/gpu.product': 'NVIDIA-A100-SXM4-80GB' };
const onGpuNodes = { tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists' }] };

const INTERACTIVE = { 'example.test/pool': 'interactive' };

/** Two nodes for CPU work, one of them for people too, and two with four GPUs each, which only GPU work tolerates. */
export const DEMO_NODES: readonly NodeShape[] = [
  { name: 'cpu-1', milliCpu: 16_000, memoryBytes: 64 * GIB, labels: INTERACTIVE },
  { name: 'cpu-2', milliCpu: 16_000, memoryBytes: 64 * GIB },
  { name: 'gpu-1', milliCpu: 32_000, memoryBytes: 256 * GIB, gpus: 4, labels: GPU_LABELS, taints: [GPU_TAINT] },
  { name: 'gpu-2', milliCpu: 32_000, memoryBytes: 256 * GIB, gpus: 4, labels: GPU_LABELS, taints: [GPU_TAINT] },
];

/**
 * A fragmented cluster on `DEMO_NODES`, in three groups to be applied one after the other:
 * - `running`: leaves 5 cores free on each CPU node and 1 GPU on each GPU node. `report` uses an eighth of its request,
 *   `index` all of it. All are of `dora`, who has no past runs and says how long hers take, so that is what is predicted.
 * - `waiting`: `simulate` needs 8 cores and `finetune` 2 GPUs, which the cluster has, but on no single node. Moving
 *   `parse` or `evaluate` to the other node of its kind makes room, and loses no work. `notebook` is gated and fits on
 *   `cpu-1`, the only node with its label, so that the capacity of `cpu-2` stays whole for `simulate`.
 * - `history`: 19 short tasks of three creators, whose runtime grows with their data scale; one fails.
 */
export function demoWorkload(): { running: Manifest[]; waiting: Manifest[]; history: Manifest[] } {
  const cores = (count: number) => ({ cpu: String(count), memory: `${2 * count}Gi` });
  const gpus = (count: number) => ({ ...cores(4 * count), 'nvidia.com/gpu': String(count) });
  const ana = { creator: 'ana', type: 'etl', framework: 'spark' };
  const ben = { creator: 'ben', type: 'training', framework: 'pytorch' };
  const chi = { creator: 'chi', type: 'analysis', framework: 'pandas' };
  const dora = (seconds: number) => ({ creator: 'dora', runtimeSeconds: seconds, requestedRuntime: `${seconds}s` });
  return {
    running: [
      job({ ...ana, ...dora(1800), name: 'ingest', requests: cores(5), dataScale: 6, preferredNode: 'cpu-1' }),
      job({
        ...chi,
        ...dora(14_400),
        name: 'report',
        requests: cores(4),
        dataScale: 20,
        usage: { cpu: '500m', memory: '1Gi' },
        preferredNode: 'cpu-1',
      }),
      job({
        ...chi,
        ...dora(3600),
        name: 'index',
        requests: cores(2),
        limits: cores(4),
        dataScale: 10,
        usage: { cpu: '1950m', memory: '3900Mi' },
        preferredNode: 'cpu-1',
      }),
      job({ ...ana, ...dora(5400), name: 'join', requests: cores(7), dataScale: 16, preferredNode: 'cpu-2' }),
      job({
        ...ana,
        ...dora(2700),
        name: 'parse',
        requests: cores(4),
        dataScale: 8,
        checkpoint: 's3://stowage-demo/parse',
        stopSeconds: 3,
        preferredNode: 'cpu-2',
      }),
      job({
        ...ben,
        ...dora(14_400),
        ...onGpuNodes,
        name: 'pretrain',
        requests: gpus(2),
        dataScale: 30,
        preferredNode: 'gpu-1',
      }),
      job({
        ...ben,
        ...dora(4200),
        ...onGpuNodes,
        name: 'distill',
        requests: gpus(1),
        dataScale: 9,
        preferredNode: 'gpu-1',
      }),
      job({
        ...ben,
        ...dora(9000),
        ...onGpuNodes,
        name: 'embed',
        requests: gpus(2),
        dataScale: 18,
        preferredNode: 'gpu-2',
      }),
      job({
        ...chi,
        ...dora(1500),
        ...onGpuNodes,
        name: 'evaluate',
        requests: gpus(1),
        dataScale: 3,
        checkpoint: 's3://stowage-demo/evaluate',
        stopSeconds: 3,
        preferredNode: 'gpu-2',
      }),
    ],
    waiting: [
      job({ ...ana, name: 'simulate', requests: cores(8), runtimeSeconds: 1200, dataScale: 5 }),
      job({ ...ben, ...onGpuNodes, name: 'finetune', requests: gpus(2), runtimeSeconds: 2400, dataScale: 5 }),
      gatedPod({
        ...chi,
        name: 'notebook',
        requests: cores(2),
        runtimeSeconds: 900,
        dataScale: 2,
        nodeSelector: INTERACTIVE,
      }),
    ],
    history: [
      ...[ana, ben, chi].flatMap((who, kind) =>
        [1, 2, 3, 4, 6, 8].map((dataScale, run) =>
          job({
            ...who,
            name: `${who.type}-${run + 1}`,
            requests: { cpu: '250m', memory: '128Mi' },
            runtimeSeconds: dataScale * (kind + 2) - (run % 2),
            dataScale,
          }),
        ),
      ),
      job({
        ...ben,
        name: 'training-failed',
        requests: { cpu: '250m', memory: '128Mi' },
        runtimeSeconds: 2,
        exitCode: 1,
      }),
    ],
  };
}
