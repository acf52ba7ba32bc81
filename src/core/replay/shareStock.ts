import type { Fleet } from '../fleet/fleet.ts';
import type { TaskClass } from '../fragment/mix.ts';
import { admitsModel, classKey } from '../fragment/mix.ts';
import { GPU_MILLI } from '../place/policies/gpuWorth.ts';
import type { GpuSlot } from './moveOrder.ts';
import type { Placed, SaturatedCluster, Unplaced } from './saturatedCluster.ts';
import type { Packing, ShareKind } from './sharePrices.ts';

/** A GPU with the shares on it. */
export type Shared = GpuSlot & { readonly tasks: readonly Placed[] };

/** All shares, as a packing and as the GPUs behind it. */
export type Stock = {
  readonly packing: Packing;
  /** The GPUs behind `packing.gpus`, those of nodes with most free CPU first. */
  readonly alike: readonly (readonly Shared[])[];
  /** Place in `packing.kinds` of each class; −1 for one that is not for one GPU or a share of it. */
  readonly kindOf: (task: Unplaced) => number;
  /** What half of the tasks of a kind ask at most. */
  readonly usual: readonly Usual[];
};
/** What tasks of a kind ask. */
export type Usual = { readonly milliCpu: number; readonly memoryBytes: number };

/** Shares by kind, and the GPUs they are on. */
export function takeStock(cluster: SaturatedCluster): Stock {
  const { fleet, onNode } = cluster;
  const numbers = new Map<string, number>();
  const kinds: TaskClass[] = [];
  const kindOf = (task: Unplaced) => {
    const { gpuMilli, gpuCount, gpuModels } = classOf(cluster, task);
    if (gpuCount !== 1) return -1;
    const kind = { milliCpu: 0, gpuMilli, gpuCount, gpuModels };
    const key = classKey(kind);
    if (!numbers.has(key)) numbers.set(key, kinds.push(kind) - 1);
    return numbers.get(key)!;
  };
  const shared = onNode.flatMap((all, node) => {
    const sharing = Map.groupBy(
      all.filter((task) => isShare(classOf(cluster, task))),
      ({ gpus }) => gpus,
    );
    return [...sharing].map(([mask, tasks]) => ({ node, gpu: 31 - Math.clz32(mask), tasks }));
  });
  const sharesOf = ({ tasks }: Shared) => tasks.map(kindOf).sort((left, right) => left - right);
  const pending = cluster.waiting.filter((kind) => kind.count > 0 && kindOf(kind) >= 0);
  for (const gpu of shared) sharesOf(gpu);
  const modelOf = modelsByUse(fleet, kinds);
  const groups = Map.groupBy(shared, (gpu) => [modelOf(gpu.node), ...sharesOf(gpu)].join());
  const alike = [...groups.values()].map((gpus) =>
    gpus.sort((left, right) => fleet.freeMilliCpu[right.node]! - fleet.freeMilliCpu[left.node]!),
  );
  const gpus = alike.map((all) => ({
    gpuModel: modelOf(all[0]!.node),
    shares: sharesOf(all[0]!),
    count: all.length,
  }));
  const waiting = kinds.map((_, kind) =>
    pending.reduce((sum, task) => sum + (kindOf(task) === kind ? task.count : 0), 0),
  );
  const byKind = Map.groupBy<number, Unplaced>([...shared.flatMap(({ tasks }) => tasks), ...pending], kindOf);
  const usual = kinds.map((_, kind) => {
    const tasks = byKind.get(kind)!;
    return {
      milliCpu: median(tasks.map((task) => classOf(cluster, task).milliCpu)),
      memoryBytes: median(tasks.map(({ memoryBytes }) => memoryBytes)),
    };
  });
  return { packing: { kinds, waiting, gpus }, alike, kindOf, usual };
}

/** Each node's model, or another in its place that is admitted by the same kinds. */
function modelsByUse({ nodes }: Fleet, kinds: readonly ShareKind[]): (node: number) => string | undefined {
  const models = Map.groupBy(new Set(nodes.map(({ gpuModel }) => gpuModel)), (gpuModel) =>
    kinds.map((kind) => (admitsModel(kind, gpuModel) ? 'y' : 'n')).join(''),
  );
  const same = new Map([...models.values()].flatMap((alike) => alike.map((model) => [model, alike[0]] as const)));
  return (node) => same.get(nodes[node]!.gpuModel);
}

/** Tasks of these kinds that are on a GPU, one for each. */
export function takeOut({ kindOf }: Stock, { tasks }: Shared, kinds: readonly number[]): Placed[] {
  const left = [...tasks];
  return kinds.map(
    (kind) =>
      left.splice(
        left.findIndex((task) => kindOf(task) === kind),
        1,
      )[0]!,
  );
}

/** What a task asks for, without its memory. */
export function classOf({ fleet }: SaturatedCluster, { classNumber }: Unplaced): TaskClass {
  return fleet.classes.classes[classNumber]!;
}

function isShare({ gpuCount, gpuMilli }: TaskClass): boolean {
  return gpuCount === 1 && gpuMilli < GPU_MILLI;
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor((values.length - 1) / 2)]!;
}
