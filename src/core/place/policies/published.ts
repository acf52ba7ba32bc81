import type { TaskClass } from '../../fragment/mix.ts';
import type { Fleet } from './fleet.ts';
import { fits } from './fleet.ts';
import type { Policy } from './policy.ts';
import { nodePolicy, statePolicy } from './policy.ts';
import type { StateRoom } from './states.ts';

/**
 * The baselines of "Beware of Fragmentation" (Weng et al., USENIX ATC'23), with the rules of its artifact: scores are
 * whole numbers 0 … 100, cut off, so that ties are frequent and the node order decides many of them. Amounts are measured against the
 * largest node of that cluster.
 */
const LARGEST = { milliCpu: 128_000, gpuMilli: 8000 };

/** Any node that fits, any GPU that fits, each as likely. */
export function randomPolicy(fleet: Fleet, random: () => number): Policy {
  return nodePolicy(fleet, {
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
    explain: () => ({ score: 0, parts: {}, sentence: 'Every node that fits is as good as another.' }),
  });
}

/** Prefers nodes whose free room is least aligned with the task, GPUs of a node taken together. */
export function dotProductPolicy(fleet: Fleet): Policy {
  const alignment = (room: StateRoom, { milliCpu, gpuMilli, gpuCount }: TaskClass) => ({
    cpu: (room.milliCpu / LARGEST.milliCpu) * (milliCpu / LARGEST.milliCpu),
    gpu: (room.idleMilli / LARGEST.gpuMilli) * ((gpuMilli * gpuCount) / LARGEST.gpuMilli),
  });
  return statePolicy(fleet, {
    name: 'dotProduct',
    scoreState(room, taskClass) {
      const { cpu, gpu } = alignment(room, taskClass);
      return Math.trunc(100 * (1 - 0.5 * (cpu + gpu)));
    },
    explainState(room, taskClass, score) {
      const { cpu, gpu } = alignment(room, taskClass);
      return {
        parts: { cpu, gpu },
        sentence: `Scores ${score}: free room and request point the same way by ${fixed(cpu)} in CPU and ${fixed(gpu)} in GPUs; less is better.`,
      };
    },
  });
}

/**
 * Prefers the node with least left after the task, CPU and GPU weighted alike. The artifact stretches the scores of the
 * feasible nodes to 0 … 100 afterwards, which keeps their order, ties included.
 */
export function bestFitPolicy(fleet: Fleet): Policy {
  return statePolicy(fleet, {
    name: 'bestFit',
    scoreState: bestFitScore,
    explainState(room, taskClass, score) {
      const { cpu, gpu } = leftover(room, taskClass);
      return {
        parts: { cpu, gpu },
        sentence: `Scores ${score}: ${fixed(200 * cpu)} % of a large node's CPU and ${fixed(200 * gpu)} % of its GPUs would stay free.`,
      };
    },
  });
}

/** Best fit's score of a room that fits. */
export function bestFitScore(room: StateRoom, taskClass: TaskClass): number {
  const { cpu, gpu } = leftover(room, taskClass);
  return Math.trunc(100 * (1 - (cpu + gpu)));
}

function leftover(room: StateRoom, { milliCpu, gpuMilli, gpuCount }: TaskClass) {
  return {
    cpu: (0.5 * (room.milliCpu - milliCpu)) / LARGEST.milliCpu,
    gpu: (0.5 * (room.idleMilli - gpuMilli * gpuCount)) / LARGEST.gpuMilli,
  };
}

/** Fills GPUs in use first, then free GPUs on nodes in use, then empty nodes. */
export function gpuPackingPolicy(fleet: Fleet): Policy {
  return statePolicy(fleet, {
    name: 'gpuPacking',
    scoreState(room, { gpuMilli, gpuCount }) {
      if (gpuCount === 0) return 0;
      const gpus = room.gpuMilli.length;
      if (room.wholeGpus === gpus) return Math.max(33 - gpus, gpus);
      const used = smallestSufficient(room, gpuMilli, gpuCount);
      const whole = used.filter((free) => free === 1000).length;
      if (whole > 0) return Math.max(50 - whole, 33);
      const freePercent = used.reduce((sum, free) => sum + free / 10, 0);
      return Math.max(100 - Math.trunc(freePercent / 10), 50);
    },
    explainState(room, { gpuMilli, gpuCount }, score) {
      const whole = smallestSufficient(room, gpuMilli, gpuCount).filter((free) => free === 1000).length;
      const empty = room.wholeGpus === room.gpuMilli.length;
      const sentence =
        gpuCount === 0
          ? 'Asks for no GPU: all nodes score 0.'
          : empty
            ? `Scores ${score}: all GPUs of the node are free, so it is kept for later.`
            : whole > 0
              ? `Scores ${score}: it would break into ${whole} free GPU${whole > 1 ? 's' : ''} of a node in use.`
              : `Scores ${score}: it fits into GPUs that are in use.`;
      return { parts: { wholeGpusTaken: whole }, sentence };
    },
  });
}

/** Keeps tasks of a kind (shares, or the same number of GPUs) together. */
export function gpuClusteringPolicy(fleet: Fleet): Policy {
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
  const fill = (node: number) => {
    const first = node * fleet.gpuStride;
    let free = 0;
    for (let gpu = first; gpu < first + fleet.gpuStride; gpu += 1) free += fleet.freeGpuMilli[gpu]!;
    return Math.trunc((25 * (LARGEST.gpuMilli - free)) / LARGEST.gpuMilli);
  };
  return nodePolicy(fleet, {
    name: 'gpuClustering',
    scoreNode: (node, { classNumber }) => (asksGpu(classNumber) ? fill(node) + bonus(node, classNumber) : 0),
    placed(node, { classNumber }) {
      if (asksGpu(classNumber)) kinds[node * KINDS + kindOf(classNumber)]! += 1;
    },
    ended(node, classNumber) {
      if (asksGpu(classNumber)) kinds[node * KINDS + kindOf(classNumber)]! -= 1;
    },
    explain(node, { classNumber }) {
      if (!asksGpu(classNumber)) return { score: 0, parts: {}, sentence: 'Asks for no GPU: all nodes score 0.' };
      const parts = { fill: fill(node), kind: bonus(node, classNumber) };
      const why = {
        75: 'only tasks of its kind run there',
        50: 'tasks of its kind run there among others',
        25: 'no GPU task runs there',
        0: 'only tasks of other kinds run there',
      }[parts.kind];
      const score = parts.fill + parts.kind;
      return { score, parts, sentence: `Scores ${score}: ${why} (${parts.kind}), GPUs in use count ${parts.fill}.` };
    },
  });
}

function smallestSufficient({ gpuMilli: shares }: StateRoom, gpuMilli: number, count: number): number[] {
  return [...shares].filter((free) => free >= gpuMilli).slice(0, count);
}

function fixed(value: number): string {
  return value.toFixed(2);
}
