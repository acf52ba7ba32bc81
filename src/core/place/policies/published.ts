import type { Fleet } from '../../fleet/fleet.ts';
import { capacityOf, fits, idleOf } from '../../fleet/fleet.ts';
import type { FleetPolicy } from './fleetPolicy.ts';
import { keptPolicy, scoringPolicy } from './fleetPolicy.ts';
import type { PolicyReason } from './reason.ts';

/**
 * The baselines of "Beware of Fragmentation" (Weng et al., USENIX ATC'23), with the rules of its artifact: scores are
 * whole numbers 0 … 100, cut off, so that ties are frequent and the node order decides many of them. Amounts are
 * measured against the largest node of that cluster.
 */
const LARGEST = { milliCpu: 128_000, gpuMilli: 8000 };

/** Any node that fits, any GPU that fits, each as likely. */
export function randomPolicy(fleet: Fleet, random: () => number): FleetPolicy {
  return scoringPolicy(fleet, {
    name: 'random',
    scoreNode: () => 0,
    choose({ classNumber, memoryBytes }) {
      let chosen = -1;
      let seen = 0;
      for (let node = 0; node < fleet.nodes.length; node += 1) {
        if (!fits(fleet, node, classNumber, memoryBytes)) continue;
        seen += 1;
        if (random() * seen < 1) chosen = node;
      }
      return chosen;
    },
    gpuFree(node, { classNumber }) {
      const { gpuMilli } = fleet.classes.classes[classNumber]!;
      const first = node * fleet.gpuStride;
      const shares = [...fleet.freeGpuMilli.subarray(first, first + fleet.nodes[node]!.gpuCount)];
      const sufficient = shares.filter((free) => free >= gpuMilli);
      return sufficient[Math.floor(random() * sufficient.length)] ?? -1;
    },
    explain: () => ({ score: 0, parts: {}, reason: { code: 'any' } }),
  });
}

/** Prefers nodes whose free capacity is least aligned with the task, GPUs of a node taken together. */
export function dotProductPolicy(fleet: Fleet): FleetPolicy {
  const alignment = (node: number, classNumber: number) => {
    const { milliCpu, gpuMilli, gpuCount } = fleet.classes.classes[classNumber]!;
    return {
      cpu: (fleet.freeMilliCpu[node]! / LARGEST.milliCpu) * (milliCpu / LARGEST.milliCpu),
      gpu: (idleOf(fleet, node) / LARGEST.gpuMilli) * ((gpuMilli * gpuCount) / LARGEST.gpuMilli),
    };
  };
  const scoreNode = (node: number, classNumber: number) => {
    const { cpu, gpu } = alignment(node, classNumber);
    return Math.trunc(100 * (1 - 0.5 * (cpu + gpu)));
  };
  return keptPolicy(fleet, {
    name: 'dotProduct',
    scoreNode,
    explain(node, { classNumber }) {
      const parts = alignment(node, classNumber);
      const score = scoreNode(node, classNumber);
      return { score, parts, reason: { code: 'alignment', score, ...parts } };
    },
  });
}

/**
 * Prefers the node with least left after the task, CPU and GPU weighted alike. The artifact stretches the scores of the
 * feasible nodes to 0 … 100 afterwards, which keeps their order, ties included.
 */
export function bestFitPolicy(fleet: Fleet): FleetPolicy {
  const scoreNode = bestFitScore(fleet);
  return keptPolicy(fleet, {
    name: 'bestFit',
    scoreNode,
    explain(node, { classNumber }) {
      const parts = leftover(fleet, node, classNumber);
      const score = scoreNode(node, classNumber);
      // Each part is at most a half.
      const [cpuFraction, gpuFraction] = [2 * parts.cpu, 2 * parts.gpu];
      return { score, parts, reason: { code: 'leftover', score, cpuFraction, gpuFraction } };
    },
  });
}

/** Best fit's score of a node where the class fits. */
export function bestFitScore(fleet: Fleet): (node: number, classNumber: number) => number {
  return (node, classNumber) => {
    const { cpu, gpu } = leftover(fleet, node, classNumber);
    return Math.trunc(100 * (1 - (cpu + gpu)));
  };
}

/** What would stay free of a node, CPU and GPUs each as half of the largest node. */
function leftover(fleet: Fleet, node: number, classNumber: number) {
  const { milliCpu, gpuMilli, gpuCount } = fleet.classes.classes[classNumber]!;
  return {
    cpu: (0.5 * (fleet.freeMilliCpu[node]! - milliCpu)) / LARGEST.milliCpu,
    gpu: (0.5 * (idleOf(fleet, node) - gpuMilli * gpuCount)) / LARGEST.gpuMilli,
  };
}

/** Fills GPUs in use first, then free GPUs on nodes in use, then empty nodes. */
export function gpuPackingPolicy(fleet: Fleet): FleetPolicy {
  /** Free shares of the GPUs the task would take, smallest sufficient ones first. */
  const taken = (node: number, classNumber: number) => {
    const { gpuMilli, gpuCount } = fleet.classes.classes[classNumber]!;
    return [...capacityOf(fleet, node).gpuMilli].filter((free) => free >= gpuMilli).slice(0, gpuCount);
  };
  const wholeTaken = (node: number, classNumber: number) =>
    taken(node, classNumber).filter((free) => free === 1000).length;
  const isEmpty = (node: number) => capacityOf(fleet, node).wholeGpus === fleet.nodes[node]!.gpuCount;
  const scoreNode = (node: number, classNumber: number) => {
    if (fleet.classes.classes[classNumber]!.gpuCount === 0) return 0;
    const gpus = fleet.nodes[node]!.gpuCount;
    if (isEmpty(node)) return Math.max(33 - gpus, gpus);
    const whole = wholeTaken(node, classNumber);
    if (whole > 0) return Math.max(50 - whole, 33);
    const freePercent = taken(node, classNumber).reduce((sum, free) => sum + free / 10, 0);
    return Math.max(100 - Math.trunc(freePercent / 10), 50);
  };
  return keptPolicy(fleet, {
    name: 'gpuPacking',
    scoreNode,
    explain(node, { classNumber }) {
      const score = scoreNode(node, classNumber);
      const whole = wholeTaken(node, classNumber);
      const asksNoGpu = fleet.classes.classes[classNumber]!.gpuCount === 0;
      const gpus = isEmpty(node) ? 'empty' : whole > 0 ? 'whole' : 'inUse';
      const reason: PolicyReason = asksNoGpu ? { code: 'noGpu' } : { code: 'gpuPacking', score, gpus, whole };
      return { score, parts: { wholeGpusTaken: whole }, reason };
    },
  });
}

/** Keeps tasks of a kind (shares, or the same number of GPUs) together. */
export function gpuClusteringPolicy(fleet: Fleet): FleetPolicy {
  const KINDS = 32;
  const kinds = new Int32Array(fleet.nodes.length * KINDS);
  /** Kind 0 is a share; else the number of GPUs. */
  const kindOf = (classNumber: number) => {
    const { gpuMilli, gpuCount } = fleet.classes.classes[classNumber]!;
    return gpuMilli < 1000 ? 0 : gpuCount;
  };
  const asksGpu = (classNumber: number) => fleet.classes.classes[classNumber]!.gpuCount > 0;
  const bonus = (node: number, classNumber: number) => {
    const ofKind = kinds[node * KINDS + kindOf(classNumber)]!;
    const all = fleet.gpuTasks[node]!;
    if (all === 0) return 25;
    if (ofKind === 0) return 0;
    return ofKind === all ? 75 : 50;
  };
  const fill = (node: number) => Math.trunc((25 * (LARGEST.gpuMilli - idleOf(fleet, node))) / LARGEST.gpuMilli);
  return keptPolicy(fleet, {
    name: 'gpuClustering',
    scoreNode: (node, classNumber) => (asksGpu(classNumber) ? fill(node) + bonus(node, classNumber) : 0),
    placed(node, { classNumber }) {
      if (asksGpu(classNumber)) kinds[node * KINDS + kindOf(classNumber)]! += 1;
    },
    ended(node, classNumber) {
      if (asksGpu(classNumber)) kinds[node * KINDS + kindOf(classNumber)]! -= 1;
    },
    explain(node, { classNumber }) {
      if (!asksGpu(classNumber)) return { score: 0, parts: {}, reason: { code: 'noGpu' } };
      const parts = { fill: fill(node), kind: bonus(node, classNumber) };
      const tasks = (['otherKinds', 'none', 'mixed', 'sameKind'] as const)[parts.kind / 25]!;
      const score = parts.fill + parts.kind;
      return { score, parts, reason: { code: 'clustering', score, tasks, points: parts.kind, fill: parts.fill } };
    },
  });
}
