import { admitsModel } from '../fragment/mix.ts';
import type { SolveProgram } from '../model/program.ts';
import { linearSum } from '../model/program.ts';
import { GPU_MILLI } from '../place/policies/gpuWorth.ts';
import type { AlikeGpus, Packing, SharePrices } from './sharePrices.ts';
import { sharePrices } from './sharePrices.ts';

/** What GPUs that are alike give away and get, as kinds of shares. `gpus` is their place in the packing. */
export type GpuChange = {
  readonly gpus: number;
  readonly leaving: readonly number[];
  readonly coming: readonly number[];
};

/** Shares that leave a GPU, and that come to it, at most. */
const MOST_CHANGED = 2;
/** Changes a program is made of, at most: those that move the fewest shares. */
const MOST_CHANGES = 2500;
/** What a GPU may waste after it was changed, in milli-GPU. */
const MOST_WASTED = 1;
/** More GPUs than this are enough for whatever is done with them. */
const FEW = 40;
/** What a move must gain at least, in milli-GPU. */
const MOVE_COST = 5;

/**
 * Every way to change a GPU after which it wastes nothing (`sharePrices.ts`). CPU and memory are not looked at, and
 * GPUs that are alike not told apart.
 */
export function possibleChanges(packing: Packing, solve: SolveProgram): GpuChange[] {
  const prices = sharePrices(packing, solve);
  const moved = ({ leaving, coming }: GpuChange) => leaving.length + coming.length;
  return packing.gpus
    .flatMap((alike, gpus) =>
      subsets(alike.shares).flatMap((leaving) =>
        comingSets(packing, alike, leaving, prices).map((coming): GpuChange => ({ gpus, leaving, coming })),
      ),
    )
    .filter((change) => moved(change) > 0)
    .sort((left, right) => moved(left) - moved(right))
    .slice(0, MOST_CHANGES);
}

/**
 * The changes that together admit the most waiting shares, less what their moves cost: what leaves the one GPU comes to
 * another, and so do waiting shares.
 * @param able changes, each with the GPUs that can be changed like this (`from`), at least one
 * @param limit moves at most
 * @returns each with how many GPUs it is made on; none where nothing is gained
 */
export function bestChanges<C extends GpuChange & { readonly from: readonly unknown[] }>(
  packing: Packing,
  able: readonly C[],
  limit: number,
  solve: SolveProgram,
): (C & { readonly count: number })[] {
  if (able.length === 0) return [];
  const { kinds, waiting, gpus } = packing;
  const waits = [...kinds.keys()].filter((kind) => waiting[kind]! > 0);
  const moves = [
    ...able.map(({ coming }, index) => [coming.length, `x${index}`] as const),
    ...waits.map((kind) => [-1, `y${kind}`] as const),
  ];
  const gain = linearSum([
    ...waits.map((kind) => [kinds[kind]!.gpuMilli, `y${kind}`] as const),
    ...moves.map(([count, name]) => [-MOVE_COST * count, name] as const),
  ]);
  const balances: [number, string][][] = kinds.map((_, kind) => (waiting[kind]! > 0 ? [[-1, `y${kind}`]] : []));
  const counts: [number, string][][] = gpus.map(() => []);
  able.forEach((change, index) => {
    counts[change.gpus]!.push([1, `x${index}`]);
    for (const kind of change.leaving) balances[kind]!.push([-1, `x${index}`]);
    for (const kind of change.coming) balances[kind]!.push([1, `x${index}`]);
  });
  const rows = [
    ...balances.filter((terms) => terms.length > 0).map((terms) => `${linearSum(terms)} = 0`),
    ...counts.flatMap((terms, at) => (terms.length > 0 ? [`${linearSum(terms)} <= ${gpus[at]!.count}`] : [])),
    ...scarce(able),
    `${linearSum(moves)} <= ${limit}`,
  ];
  const bounds = waits.map((kind) => `y${kind} <= ${waiting[kind]}`);
  const integers = moves.map(([, name]) => name);
  const { status, values } = solve(
    [`Maximize\n obj: ${gain}\nSubject To`, ...rows, 'Bounds', ...bounds, 'General', ...integers, 'End\n'].join('\n'),
  );
  if (status === 'infeasible') return [];
  return able
    .map((change, index) => ({ ...change, count: Math.round(values[`x${index}`] ?? 0) }))
    .filter(({ count }) => count > 0);
}

/** Rows by which changes that few GPUs are able to do not ask for more of them than there are (Hall 1935). */
function scarce(able: readonly (GpuChange & { readonly from: readonly unknown[] })[]): Set<string> {
  const rows = new Set<string>();
  for (const rivals of Map.groupBy(able.keys(), (index) => able[index]!.gpus).values()) {
    for (const { from } of rivals.map((index) => able[index]!)) {
      if (from.length > FEW) continue;
      const within = rivals.filter((index) => able[index]!.from.every((gpu) => from.includes(gpu)));
      rows.add(`${linearSum(within.map((index) => [1, `x${index}`] as const))} <= ${from.length}`);
    }
  }
  return rows;
}

/** Up to `MOST_CHANGED` of the shares, in every way; of sets that are alike, one. */
function subsets(shares: readonly number[]): number[][] {
  const sets = new Map<string, number[]>([['', []]]);
  for (const share of shares) {
    for (const set of [...sets.values()]) {
      if (set.length < MOST_CHANGED) sets.set([...set, share].join(), [...set, share]);
    }
  }
  return [...sets.values()];
}

/** Up to `MOST_CHANGED` shares, none of a kind that leaves, that waste nothing beside those that stay. */
function comingSets({ kinds }: Packing, alike: AlikeGpus, leaving: readonly number[], prices: SharePrices): number[][] {
  const { gpuModel, shares } = alike;
  const able = [...kinds.keys()]
    .filter((kind) => !leaving.includes(kind) && admitsModel(kinds[kind]!, gpuModel))
    .sort((left, right) => kinds[right]!.gpuMilli - kinds[left]!.gpuMilli);
  const total = (of: readonly number[], amount: (kind: number) => number) =>
    of.reduce((sum, kind) => sum + amount(kind), 0);
  const staying = (amount: (kind: number) => number) => total(shares, amount) - total(leaving, amount);
  const needed = prices.worthOf(gpuModel, GPU_MILLI) - staying(prices.priceOf) - MOST_WASTED;
  const sets: number[][] = [];
  const grow = (set: readonly number[], from: number, capacity: number, missing: number) => {
    if (missing <= 0) sets.push([...set]);
    if (set.length === MOST_CHANGED || prices.worthOf(gpuModel, capacity) < missing) return;
    for (let next = from; next < able.length; next += 1) {
      const kind = able[next]!;
      const { gpuMilli } = kinds[kind]!;
      if (gpuMilli <= capacity) grow([...set, kind], next, capacity - gpuMilli, missing - prices.priceOf(kind));
    }
  };
  grow([], 0, GPU_MILLI - staying((kind) => kinds[kind]!.gpuMilli), needed);
  return sets;
}
