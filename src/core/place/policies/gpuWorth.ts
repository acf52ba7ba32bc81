import type { CountedClass } from '../../fragment/mix.ts';

export const GPU_MILLI = 1000;
/** Worths are whole parts of a milli-GPU, so that their sums are exact and equal nodes have equal scores. */
const PARTS = 64;
const TOLERANCE = 1e-7;
/** Pivots times sizes at most: prices of hundreds of sizes are not quite the best. */
const MOST_WORK = 200_000;

/**
 * What so much of a free GPU is worth, in milli-GPU, by free milli-GPU (0 … 1000), if all of the mix is packed into as
 * few GPUs as can be: the shadow prices of cutting stock (Gilmore & Gomory 1961). An empty GPU is worth 1000; a rest
 * that nothing else needs, nothing. CPU, memory and models are not looked at.
 * @param seen the classes to expect; where none asks for GPUs, capacity is worth its size
 */
export function gpuWorth(seen: readonly CountedClass[]): Float64Array {
  const demand = new Map<number, number>();
  for (const { taskClass, count } of seen) {
    const { gpuMilli, gpuCount } = taskClass;
    if (gpuMilli > 0 && count > 0) demand.set(gpuMilli, (demand.get(gpuMilli) ?? 0) + gpuCount * count);
  }
  if (demand.size === 0) return Float64Array.from({ length: GPU_MILLI + 1 }, (_, milli) => milli);
  const sizes = [...demand.keys()].sort((left, right) => right - left);
  const all = [...demand.values()].reduce((sum, gpus) => sum + gpus, 0);
  const { worth } = cheapestCover(
    sizes,
    sizes.map((size) => demand.get(size)! / all),
  );
  return worth.map((each) => Math.round((PARTS * GPU_MILLI * each) / worth[GPU_MILLI]!) / PARTS);
}

/**
 * The most that sizes are worth in each capacity from 0 to a whole GPU, each as often as one likes, and how a capacity
 * is filled.
 */
export type BestFill = { readonly worth: Float64Array; counts(freeMilli: number): Int32Array };

/** A knapsack. Sizes without a price above 0 are left out. */
export function bestFill(sizes: readonly number[], prices: ArrayLike<number>): BestFill {
  const worth = new Float64Array(GPU_MILLI + 1);
  const last = new Int32Array(GPU_MILLI + 1).fill(-1);
  for (let capacity = 1; capacity <= GPU_MILLI; capacity += 1) {
    worth[capacity] = worth[capacity - 1]!;
    for (let size = 0; size < sizes.length; size += 1) {
      const milli = sizes[size]!;
      if (milli > capacity || !(prices[size]! > 0) || worth[capacity - milli]! + prices[size]! <= worth[capacity]!)
        continue;
      worth[capacity] = worth[capacity - milli]! + prices[size]!;
      last[capacity] = size;
    }
  }
  return {
    worth,
    counts(freeMilli) {
      const counts = new Int32Array(sizes.length);
      for (let capacity = freeMilli; capacity > 0; ) {
        const size = last[capacity]!;
        if (size >= 0) counts[size]! += 1;
        capacity -= size >= 0 ? sizes[size]! : 1;
      }
      return counts;
    },
  };
}

/**
 * Covers the demand with as few GPUs as can be, parts of a GPU allowed: the revised simplex method, whose columns, ways
 * to fill a GPU, are found as they pay.
 * @returns what capacity is worth at the prices of the cover
 */
function cheapestCover(sizes: readonly number[], demand: readonly number[]): BestFill {
  const rows = sizes.length;
  const perGpu = sizes.map((milli) => Math.floor(GPU_MILLI / milli));
  /** The inverse of the basis, row by row; each size has GPUs of its own to begin with. */
  const inverse = sizes.map((_, row) => Float64Array.from(sizes, (__, at) => (at === row ? 1 / perGpu[row]! : 0)));
  const amounts = sizes.map((_, row) => demand[row]! / perGpu[row]!);
  const costs = new Float64Array(rows).fill(1);
  for (let pivot = 0; ; pivot += 1) {
    const prices = pricesOf(inverse, costs);
    const fill = bestFill(sizes, prices);
    const surplus = prices.findIndex((price) => price < -TOLERANCE);
    if (pivot * rows >= MOST_WORK || (surplus < 0 && fill.worth[GPU_MILLI]! <= 1 + TOLERANCE)) return fill;
    // What is worth less than nothing may be covered more than once; else the best way to fill a GPU comes in.
    const column = surplus < 0 ? fill.counts(GPU_MILLI) : Int32Array.from(sizes, (_, at) => (at === surplus ? -1 : 0));
    const change = inverse.map((row) => row.reduce((sum, each, at) => sum + each * column[at]!, 0));
    const leaving = firstExhausted(amounts, change);
    if (leaving < 0) return fill;
    enter(inverse, amounts, change, leaving);
    costs[leaving] = surplus < 0 ? 1 : 0;
  }
}

/** What one more of each size would cost. */
function pricesOf(inverse: readonly Float64Array[], costs: Float64Array): Float64Array {
  const prices = new Float64Array(costs.length);
  inverse.forEach((row, at) => {
    if (costs[at] === 0) return;
    for (let size = 0; size < prices.length; size += 1) prices[size]! += costs[at]! * row[size]!;
  });
  return prices;
}

/** The row whose amount is used up first; −1 where none is. */
function firstExhausted(amounts: readonly number[], change: readonly number[]): number {
  let leaving = -1;
  let least = Number.POSITIVE_INFINITY;
  change.forEach((each, row) => {
    if (each <= TOLERANCE || amounts[row]! / each >= least) return;
    least = amounts[row]! / each;
    leaving = row;
  });
  return leaving;
}

/** Takes a column into the basis in the place of a row's. */
function enter(inverse: Float64Array[], amounts: number[], change: readonly number[], leaving: number): void {
  const pivotRow = inverse[leaving]!.map((each) => each / change[leaving]!);
  const amount = amounts[leaving]! / change[leaving]!;
  inverse.forEach((row, at) => {
    if (at === leaving || change[at] === 0) return;
    amounts[at]! -= change[at]! * amount;
    for (let column = 0; column < row.length; column += 1) row[column]! -= change[at]! * pivotRow[column]!;
  });
  inverse[leaving] = pivotRow;
  amounts[leaving] = amount;
}
