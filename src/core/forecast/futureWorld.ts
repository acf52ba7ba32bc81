import type { TaskClass } from '../fragment/mix.ts';
import {
  copyFleet,
  type Fleet,
  fits as fleetFits,
  hold as fleetHold,
  release as fleetRelease,
  type GpuMask,
  idleOf,
  tightestGpu,
} from '../place/policies/fleet.ts';
import { type Random, randomIndex } from '../simulate/random.ts';
import type { FutureStart, Kind } from './futureStart.ts';

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
};

/**
 * In a large cluster the scheduler compares so many fitting nodes, drawn at random, and in a small one all: two are nearly
 * as good as all (Mitzenmacher 2001, the power of two choices).
 */
const COMPARED = 2;
const SMALL = 16;

export function createFutureWorld(start: FutureStart, random: Random): FutureWorld {
  const fleet = copyFleet(start.fleet);
  const extraFree = start.extraFree.slice();
  const columns = start.extraNames.length;
  const { kinds } = start;
  const open = createOpenNodes(fleet.nodes.length, kinds, fleet.classes.classes);
  const { freeMilliCpu, freeMemoryBytes } = fleet;
  // Asked far more often than anything else: what most nodes lack is looked at first, in flat arrays.
  const milliCpu = Float64Array.from(kinds, ({ classNumber }) => fleet.classes.classes[classNumber]!.milliCpu);
  const memory = Float64Array.from(kinds, ({ memoryBytes }) => memoryBytes);
  const asksGpu = Uint8Array.from(kinds, ({ classNumber }) =>
    fleet.classes.classes[classNumber]!.gpuCount > 0 ? 1 : 0,
  );

  const fits = (kind: number, node: number): boolean => {
    if (freeMilliCpu[node]! < milliCpu[kind]! || freeMemoryBytes[node]! < memory[kind]!) return false;
    const { classNumber, extra, admits } = kinds[kind]!;
    if (admits[node] === 0) return false;
    if (asksGpu[kind] === 1 && !fleetFits(fleet, node, classNumber, 0)) return false;
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
  };
}

/** Nodes that may fit a kind, in no order: all that do are listed, and some that no longer do until they are drawn. */
type OpenNodes = { readonly list: Int32Array; count: number };

/**
 * Keeps, for every kind that was asked for, the nodes that may fit it, so that neither a full cluster is searched for each
 * arrival nor every kind is looked at on each end: a bit a node and kind says which are listed.
 */
function createOpenNodes(nodeCount: number, kinds: readonly Kind[], classes: readonly TaskClass[]) {
  const words = Math.ceil(kinds.length / 32);
  const listed = new Uint32Array(nodeCount * words);
  const asked = new Uint32Array(words);
  const askingGpus = new Uint32Array(words);
  kinds.forEach(({ classNumber }, kind) => {
    if (classes[classNumber]!.gpuCount > 0) askingGpus[kind >> 5]! |= 1 << (kind & 31);
  });
  const lists: (OpenNodes | undefined)[] = [];

  const list = (kind: number): OpenNodes => {
    const { admits } = kinds[kind]!;
    const nodes = { list: new Int32Array(nodeCount), count: 0 };
    for (let node = 0; node < nodeCount; node++) {
      if (admits[node] === 1) add(kind, nodes, node);
    }
    asked[kind >> 5]! |= 1 << (kind & 31);
    lists[kind] = nodes;
    return nodes;
  };
  const add = (kind: number, nodes: OpenNodes, node: number) => {
    nodes.list[nodes.count] = node;
    nodes.count++;
    listed[node * words + (kind >> 5)]! |= 1 << (kind & 31);
  };

  return {
    of: (kind: number): OpenNodes => lists[kind] ?? list(kind),
    /** Takes the node at a slot of a kind's list out: it does not fit. */
    close(kind: number, slot: number): void {
      const nodes = lists[kind]!;
      const node = nodes.list[slot]!;
      nodes.count--;
      nodes.list[slot] = nodes.list[nodes.count]!;
      listed[node * words + (kind >> 5)]! &= ~(1 << (kind & 31));
    },
    /** Lists a node that gained room for every kind that fits it now. */
    reopen(node: number, hasIdleGpu: boolean, fits: (kind: number, node: number) => boolean): void {
      for (let word = 0; word < words; word++) {
        let missing = asked[word]! & ~listed[node * words + word]!;
        if (!hasIdleGpu) missing &= ~askingGpus[word]!;
        while (missing !== 0) {
          const kind = word * 32 + 31 - Math.clz32(missing);
          missing &= ~(1 << (kind & 31));
          if (fits(kind, node)) add(kind, lists[kind]!, node);
        }
      }
    },
  };
}
