import type { GpuMask } from '../fleet/fleet.ts';
import { longer } from './endQueue.ts';
import type { Leaving } from './futureStart.ts';

/** The tasks that hold capacity in a future, by slot: first those of `leaving`, row by row. */
export type HeldTasks = {
  /** Forgets all that came in, and holds `leaving` again. */
  begin(): void;
  /** −1 for a task that has left. */
  node(slot: number): number;
  kind(slot: number): number;
  gpus(slot: number): GpuMask;
  runtimeSeconds(slot: number): number;
  setRuntime(slot: number, seconds: number): void;
  /** @returns its slot */
  add(kind: number, runtimeSeconds: number, node: number, gpus: GpuMask): number;
  remove(slot: number): void;
  /** Slots of a node's tasks. */
  on(node: number): number[];
  /** What the task asks for when it begins again; −1: it does not. */
  againKind(slot: number): number;
};

/** Columns that grow: of 100,000 tasks, samples use them one after the other. */
export function createHeldTasks(leaving: Leaving): HeldTasks {
  let size = 2 * leaving.count + 16;
  let nodes = new Int32Array(size);
  let kinds = new Int32Array(size);
  let masks = new Int32Array(size);
  let runtimes = new Float64Array(size);
  let used = 0;
  const grow = () => {
    size *= 2;
    [nodes, kinds, masks] = [longer(nodes, size), longer(kinds, size), longer(masks, size)];
    runtimes = longer(runtimes, size);
  };
  return {
    begin() {
      nodes.set(leaving.node);
      kinds.set(leaving.kind);
      masks.set(leaving.gpus);
      used = leaving.count;
    },
    node: (slot) => nodes[slot]!,
    kind: (slot) => kinds[slot]!,
    gpus: (slot) => masks[slot]!,
    runtimeSeconds: (slot) => runtimes[slot]!,
    setRuntime(slot, seconds) {
      runtimes[slot] = seconds;
    },
    add(kind, runtimeSeconds, node, gpus) {
      if (used === size) grow();
      nodes[used] = node;
      kinds[used] = kind;
      masks[used] = gpus;
      runtimes[used] = runtimeSeconds;
      return used++;
    },
    remove(slot) {
      nodes[slot] = -1;
    },
    on(node) {
      const slots: number[] = [];
      for (let slot = 0; slot < used; slot++) if (nodes[slot] === node) slots.push(slot);
      return slots;
    },
    againKind: (slot) => (slot < leaving.count ? leaving.againKind[slot]! : kinds[slot]!),
  };
}
