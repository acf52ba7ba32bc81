import {
  copyFleet,
  type Fleet,
  fits as fleetFits,
  hold as fleetHold,
  release as fleetRelease,
  type GpuMask,
  idleOf,
  tightestGpu,
} from '../fleet/fleet.ts';
import { type Random, randomIndex } from '../model/random.ts';
import type { FutureStart } from './futureStart.ts';
import type { Kind } from './kinds.ts';

/** The nodes of one sampled future, with what is free on them. Kinds are the start's. */
export type FutureWorld = {
  readonly fleet: Fleet;
  /** As `FutureStart.extraFree`. */
  readonly extraFree: Float64Array;
  fits(kind: number, node: number): boolean;
  hold(kind: number, node: number): GpuMask;
  release(kind: number, node: number, gpus: GpuMask): void;
  /** The node a plain scheduler would take; −1 where none fits. */
  find(kind: number): number;
  /** Takes away all that is free on a node. */
  remove(node: number): void;
};

/**
 * In a large cluster the scheduler compares so many fitting nodes, drawn at random, and in a small one all: two are
 * nearly as good as all (Mitzenmacher 2001, the power of two choices).
 */
const COMPARED = 2;
const SMALL = 16;

/** Prepares what all samples of a start share, and makes the world of each from its source of random numbers. */
export function futureWorlds(start: FutureStart): (random: Random) => FutureWorld {
  const { kinds, fleet } = start;
  const { classes } = fleet.classes;
  const asked: Asked = {
    milliCpu: Float64Array.from(kinds, ({ classNumber }) => classes[classNumber]!.milliCpu),
    memoryBytes: Float64Array.from(kinds, ({ memoryBytes }) => memoryBytes),
    gpu: Uint8Array.from(kinds, ({ classNumber }) => (classes[classNumber]!.gpuCount > 0 ? 1 : 0)),
  };
  const openNodes = openNodesOf(fleet.nodes.length, kinds, asked.gpu);
  return (random) => createFutureWorld(start, asked, openNodes(), random);
}

/** What each kind asks for, in flat arrays: what most nodes lack is looked at far more often than anything else. */
type Asked = { readonly milliCpu: Float64Array; readonly memoryBytes: Float64Array; readonly gpu: Uint8Array };

function createFutureWorld(start: FutureStart, asked: Asked, open: OpenNodes, random: Random): FutureWorld {
  const fleet = copyFleet(start.fleet);
  const extraFree = start.extraFree.slice();
  const columns = start.extraNames.length;
  const { kinds } = start;
  const { freeMilliCpu, freeMemoryBytes } = fleet;

  const fits = (kind: number, node: number): boolean => {
    if (freeMilliCpu[node]! < asked.milliCpu[kind]! || freeMemoryBytes[node]! < asked.memoryBytes[kind]!) return false;
    const { classNumber, extra, admits } = kinds[kind]!;
    if (admits[node] === 0) return false;
    if (asked.gpu[kind] === 1 && !fleetFits(fleet, node, classNumber, 0)) return false;
    for (let column = 0; column < columns; column++) {
      const amount = extra[column]!;
      if (amount > 0 && extraFree[node * columns + column]! < amount) return false;
    }
    return true;
  };

  /** kube-scheduler's LeastAllocated, CPU and memory alike. */
  const freeShare = (node: number): number =>
    fleet.freeMilliCpu[node]! * start.perMilliCpu[node]! + fleet.freeMemoryBytes[node]! * start.perByte[node]!;

  return {
    fleet,
    extraFree,
    fits,
    hold(kind, node) {
      const { classNumber, memoryBytes, extra } = kinds[kind]!;
      for (let column = 0; column < columns; column++) extraFree[node * columns + column]! -= extra[column]!;
      return fleetHold(fleet, node, classNumber, memoryBytes, tightestGpu(fleet, node, classNumber));
    },
    release(kind, node, gpus) {
      const { classNumber, memoryBytes, extra } = kinds[kind]!;
      for (let column = 0; column < columns; column++) extraFree[node * columns + column]! += extra[column]!;
      fleetRelease(fleet, node, classNumber, memoryBytes, gpus);
      open.reopen(node, idleOf(fleet, node) > 0, fits);
    },
    find(kind) {
      const nodes = open.of(kind);
      const all = nodes.count <= SMALL;
      const enough = all ? SMALL : COMPARED;
      let best = -1;
      let bestShare = Number.NEGATIVE_INFINITY;
      let slot = nodes.count - 1;
      for (let compared = 0; compared < enough && nodes.count > 0 && slot >= 0; ) {
        const at = all ? slot-- : randomIndex(random, nodes.count);
        const node = nodes.list[at]!;
        if (!fits(kind, node)) {
          open.close(kind, at);
          continue;
        }
        compared++;
        const share = freeShare(node);
        if (share > bestShare || (share === bestShare && node < best)) {
          best = node;
          bestShare = share;
        }
      }
      return best;
    },
    remove(node) {
      freeMilliCpu[node] = 0;
      freeMemoryBytes[node] = 0;
      extraFree.fill(0, node * columns, (node + 1) * columns);
      fleet.idleGpuMilli -= idleOf(fleet, node);
      fleet.freeGpuMilli.fill(0, node * fleet.gpuStride, (node + 1) * fleet.gpuStride);
    },
  };
}

/** Nodes that may fit a kind, in no order: all that do are listed, and some that no longer do until they are drawn. */
type OpenList = { readonly list: Int32Array; count: number };

type OpenNodes = {
  of(kind: number): OpenList;
  /** Takes the node at a slot of a kind's list out: it does not fit. */
  close(kind: number, slot: number): void;
  /** Lists a node that has more free than before for every kind that fits it now. */
  reopen(node: number, hasIdleGpu: boolean, fits: (kind: number, node: number) => boolean): void;
};

/**
 * Keeps, for every kind that was asked for, the nodes that may fit it, so that neither a full cluster is searched for
 * each arrival nor every kind is looked at on each end: a bit a node and kind says which are listed. In the beginning
 * all are that a kind's constraints admit.
 */
function openNodesOf(nodeCount: number, kinds: readonly Kind[], asksGpu: Uint8Array): () => OpenNodes {
  const words = Math.ceil(kinds.length / 32);
  const admitting = new Map<Uint8Array, Int32Array>();
  const listedAtFirst = new Uint32Array(nodeCount * words);
  const askingGpus = new Uint32Array(words);
  kinds.forEach(({ admits }, kind) => {
    if (asksGpu[kind] === 1) askingGpus[kind >> 5]! |= 1 << (kind & 31);
    if (!admitting.has(admits)) admitting.set(admits, admittedNodes(admits));
    for (const node of admitting.get(admits)!) listedAtFirst[node * words + (kind >> 5)]! |= 1 << (kind & 31);
  });
  return () =>
    createOpenNodes(words, listedAtFirst.slice(), askingGpus, (kind) => {
      const admitted = admitting.get(kinds[kind]!.admits)!;
      const list = new Int32Array(nodeCount);
      list.set(admitted);
      return { list, count: admitted.length };
    });
}

function admittedNodes(admits: Uint8Array): Int32Array {
  const nodes: number[] = [];
  for (let node = 0; node < admits.length; node++) if (admits[node] === 1) nodes.push(node);
  return Int32Array.from(nodes);
}

function createOpenNodes(
  words: number,
  listed: Uint32Array,
  askingGpus: Uint32Array,
  firstList: (kind: number) => OpenList,
): OpenNodes {
  const asked = new Uint32Array(words);
  const lists: (OpenList | undefined)[] = [];
  return {
    of(kind) {
      const known = lists[kind];
      if (known) return known;
      asked[kind >> 5]! |= 1 << (kind & 31);
      const nodes = firstList(kind);
      lists[kind] = nodes;
      return nodes;
    },
    close(kind, slot) {
      const nodes = lists[kind]!;
      const node = nodes.list[slot]!;
      nodes.count--;
      nodes.list[slot] = nodes.list[nodes.count]!;
      listed[node * words + (kind >> 5)]! &= ~(1 << (kind & 31));
    },
    reopen(node, hasIdleGpu, fits) {
      for (let word = 0; word < words; word++) {
        let missing = asked[word]! & ~listed[node * words + word]!;
        if (!hasIdleGpu) missing &= ~askingGpus[word]!;
        while (missing !== 0) {
          const kind = word * 32 + 31 - Math.clz32(missing);
          missing &= ~(1 << (kind & 31));
          if (!fits(kind, node)) continue;
          const nodes = lists[kind]!;
          nodes.list[nodes.count++] = node;
          listed[node * words + word]! |= 1 << (kind & 31);
        }
      }
    },
  };
}
