import type { Constraints, Taint, Toleration } from '../../core/model/constraints.ts';
import type { Node, NodeDeadline } from '../../core/model/node.ts';
import { NO_RESOURCES, type Resources } from '../../core/model/resources.ts';
import type { Pool } from './habits.ts';
import { BEGIN_SECONDS } from './workload.ts';

/** The spot node lives this long; when it goes, the provider puts a new one in its place. */
export const SPOT_LIFETIME_SECONDS = 24 * 3600;

/** Nodes whose kubelet gives Guaranteed tasks whole cores: a resize of their CPU is infeasible there. */
export const STATIC_CPU_LABEL = 'sample.stowage.dev/cpu-manager';

const GIB = 2 ** 30;
const GPU_TAINT: Taint = { key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' };
const EVAL_TAINT: Taint = { key: 'dedicated', value: 'evaluation', effect: 'NoSchedule' };
const GPU_TOLERATION: Toleration = { key: 'nvidia.com/gpu', operator: 'Exists' };
const EVAL_TOLERATION: Toleration = { key: 'dedicated', operator: 'Equal', value: 'evaluation' };
const GPU_PRODUCT = 'nvidia.com/gpu.product';

/**
 * The sample's 24 nodes: CPU nodes of two sizes, GPU nodes of 2, 4 and 8, one that expires, one under maintenance, one
 * with NPUs.
 */
export function sampleNodes(): Node[] {
  return [
    ...named('cpu-s', 6, shape(32, 128)),
    ...named('cpu-l', 4, shape(64, 256)),
    ...named('gpu-t4', 2, gpuShape(16, 64, 2, 'Tesla-T4')),
    ...named('gpu-l4', 5, gpuShape(48, 192, 4, 'NVIDIA-L4')),
    ...named('gpu-a100', 3, gpuShape(96, 768, 8, 'NVIDIA-A100-SXM4-80GB')),
    ...named('gpu-a100-static', 1, {
      ...gpuShape(96, 768, 8, 'NVIDIA-A100-SXM4-80GB'),
      labels: { [GPU_PRODUCT]: 'NVIDIA-A100-SXM4-80GB', [STATIC_CPU_LABEL]: 'static' },
    }),
    ...named('gpu-a100-eval', 1, {
      ...gpuShape(96, 768, 8, 'NVIDIA-A100-SXM4-80GB'),
      taints: [GPU_TAINT, EVAL_TAINT],
    }),
    ...named('gpu-a100-spot', 1, {
      ...gpuShape(96, 768, 8, 'NVIDIA-A100-SXM4-80GB'),
      createdAtSeconds: BEGIN_SECONDS - 15 * 3600,
      deadline: { atSeconds: BEGIN_SECONDS - 15 * 3600 + SPOT_LIFETIME_SECONDS, source: 'expiry' },
    }),
    ...named('npu', 1, { ...shape(64, 256), ...npus(8) }),
  ].sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** Where a pool's tasks may run. */
export function poolConstraints(pool: Pool): Constraints {
  switch (pool) {
    case 'cpu':
      return {};
    case 'npu':
      return { tolerations: [{ key: 'huawei.com/Ascend910', operator: 'Exists' }] };
    case 't4':
      return gpuConstraints('Tesla-T4');
    case 'l4':
      return gpuConstraints('NVIDIA-L4');
    case 'a100':
      return gpuConstraints('NVIDIA-A100-SXM4-80GB');
    case 'eval':
      return {
        ...gpuConstraints('NVIDIA-A100-SXM4-80GB'),
        tolerations: [GPU_TOLERATION, EVAL_TOLERATION],
      };
  }
}

/** A service that never ends by itself, kept at its replicas by a Deployment. */
export type Service = {
  readonly name: string;
  readonly namespace: string;
  readonly creator: string;
  readonly replicas: number;
  readonly request: Resources;
  readonly use: { readonly cpu: number; readonly memory: number };
  /** Replicas that must stay, by its disruption budget. */
  readonly minAvailable?: number;
};

/** What serves the others, all day. */
export const SERVICES: readonly Service[] = [
  {
    name: 'answer-api',
    namespace: 'commerce',
    creator: 'gil',
    replicas: 4,
    request: cpuOnly(2, 4),
    use: { cpu: 0.55, memory: 0.6 },
    minAvailable: 4,
  },
  {
    name: 'feature-store',
    namespace: 'data',
    creator: 'jun',
    replicas: 3,
    request: cpuOnly(4, 16),
    use: { cpu: 0.62, memory: 0.7 },
    minAvailable: 2,
  },
  {
    name: 'tracking',
    namespace: 'vision',
    creator: 'hana',
    replicas: 2,
    request: cpuOnly(1, 4),
    use: { cpu: 0.3, memory: 0.6 },
  },
  {
    name: 'queue',
    namespace: 'data',
    creator: 'mara',
    replicas: 3,
    request: cpuOnly(1, 4),
    use: { cpu: 0.6, memory: 0.6 },
    minAvailable: 2,
  },
  {
    name: 'report-ui',
    namespace: 'risk',
    creator: 'lena',
    replicas: 2,
    request: cpuOnly(0.5, 1),
    use: { cpu: 0.8, memory: 0.78 },
  },
];

/** The daemon of every node: it holds capacity and nothing else. */
export const NODE_AGENT: Resources = cpuOnly(0.2, 0.5);

/**
 * Rights that the sample's user lacks: in the namespace `clinic` nothing may be changed, in `risk` no Job may be
 * stopped.
 */
export const MISSING_RIGHTS = {
  resize: { clinic: 'patch pods/resize' },
  migrate: { clinic: 'patch jobs', risk: 'patch jobs' },
} as const;

type Shape = Pick<Node, 'allocatable'> & Partial<Node>;

function named(prefix: string, count: number, { labels, ...rest }: Shape): Node[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `${prefix}-${index + 1}`;
    return {
      name,
      uid: `node-${name}`,
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', ...labels, ...zone(index) },
      taints: [],
      unschedulable: false,
      ready: true,
      maxTasks: 110,
      createdAtSeconds: BEGIN_SECONDS - 90 * 86_400,
      ...rest,
      ...maintenance(name),
    };
  });
}

function zone(index: number): Readonly<Record<string, string>> {
  return { 'topology.kubernetes.io/zone': index % 2 === 0 ? 'zone-a' : 'zone-b' };
}

/** One of the CPU nodes goes into maintenance in the first night. */
function maintenance(name: string): { readonly deadline?: NodeDeadline } {
  return name === 'cpu-s-6' ? { deadline: { atSeconds: BEGIN_SECONDS + 12 * 3600, source: 'maintenance' } } : {};
}

function shape(cores: number, memoryGib: number): Shape {
  return { allocatable: cpuOnly(cores, memoryGib) };
}

/** Amounts without GPUs or devices. */
function cpuOnly(cores: number, memoryGib: number): Resources {
  return { milliCpu: cores * 1000, memoryBytes: memoryGib * GIB, gpuMilli: 0, extended: NO_RESOURCES.extended };
}

function gpuShape(cores: number, memoryGib: number, gpus: number, model: string): Shape {
  const { allocatable } = shape(cores, memoryGib);
  return {
    allocatable: { ...allocatable, gpuMilli: gpus * 1000 },
    gpuModel: model,
    gpuResource: 'nvidia.com/gpu',
    labels: { [GPU_PRODUCT]: model },
    taints: [GPU_TAINT],
  };
}

function npus(count: number): Shape {
  const { allocatable } = shape(64, 256);
  return {
    allocatable: { ...allocatable, extended: { 'huawei.com/Ascend910': count } },
    taints: [{ key: 'huawei.com/Ascend910', value: 'present', effect: 'NoSchedule' }],
  };
}

function gpuConstraints(model: string): Constraints {
  return { nodeSelector: { [GPU_PRODUCT]: model }, gpuModels: [model], tolerations: [GPU_TOLERATION] };
}
