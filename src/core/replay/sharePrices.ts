import { admitsModel } from '../fragment/mix.ts';
import type { SolveProgram } from '../model/program.ts';
import { linearSum } from '../model/program.ts';
import { bestFill, GPU_MILLI } from '../place/policies/gpuWorth.ts';

/** Shares that are alike to a packing: so much of a GPU, of one of these models (none: of any). */
export type ShareKind = { readonly gpuMilli: number; readonly gpuModels: readonly string[] };

/** So many GPUs of one model that hold the same kinds of shares; kinds are places in `kinds`, one for each share. */
export type AlikeGpus = {
  readonly gpuModel: string | undefined;
  readonly shares: readonly number[];
  readonly count: number;
};

/** Shares on GPUs, and how many of each kind wait. */
export type Packing = {
  readonly kinds: readonly ShareKind[];
  readonly waiting: readonly number[];
  readonly gpus: readonly AlikeGpus[];
};

/**
 * What capacity is worth in the best packing of all shares, in milli-GPU that could be admitted. No set of shares that
 * fits a GPU is worth more than the GPU; what it is worth less is wasted. All that any packing admits, `boundMilli`, is
 * paid by this waste: GPUs without it need no change, and none need waste anything in the end.
 */
export type SharePrices = {
  priceOf(kind: number): number;
  /** The most that shares are worth in so much of a GPU of a model. */
  worthOf(gpuModel: string | undefined, milli: number): number;
  readonly boundMilli: number;
};

const TOLERANCE = 1e-6;
const MOST_ROUNDS = 500;

/**
 * Shadow prices of the packing's linear program (cutting stock: Gilmore & Gomory 1961). Its dual is solved, whose rows,
 * sets of shares that fit a GPU, are found one after the other: the set worth most at the prices so far, by a knapsack.
 */
export function sharePrices({ kinds, waiting, gpus }: Packing, solve: SolveProgram): SharePrices {
  const models = [...new Set(gpus.map(({ gpuModel }) => gpuModel))];
  const worth = (gpuModel: string | undefined) => `g${models.indexOf(gpuModel)}`;
  const waits = [...kinds.keys()].filter((kind) => waiting[kind]! > 0);
  const costs = linearSum([
    ...gpus.map(({ gpuModel, count }) => [count, worth(gpuModel)] as const),
    ...gpus.flatMap(({ shares, count }) => shares.map((kind) => [-count, `p${kind}`] as const)),
    ...waits.map((kind) => [waiting[kind]!, `s${kind}`] as const),
  ]);
  const rows = waits.map((kind) => `p${kind} + s${kind} >= ${kinds[kind]!.gpuMilli}`);
  const fits = (gpuModel: string | undefined, shares: readonly number[]) =>
    rows.push(`${linearSum([[1, worth(gpuModel)], ...shares.map((kind) => [-1, `p${kind}`] as const)])} >= 0`);
  for (const { gpuModel, shares } of gpus) fits(gpuModel, shares);
  for (let round = 0; ; round += 1) {
    const { values, objective } = solve(`Minimize\n obj: ${costs}\nSubject To\n${rows.join('\n')}\nEnd\n`);
    const priceOf = (kind: number) => values[`p${kind}`] ?? 0;
    const best = new Map(models.map((gpuModel) => [gpuModel, bestSets(kinds, gpuModel, priceOf)]));
    const short = models.filter(
      (gpuModel) => best.get(gpuModel)!.worth[GPU_MILLI]! > (values[worth(gpuModel)] ?? 0) + TOLERANCE,
    );
    if (short.length === 0 || round === MOST_ROUNDS) {
      return { priceOf, worthOf: (gpuModel, milli) => best.get(gpuModel)!.worth[milli]!, boundMilli: objective };
    }
    for (const gpuModel of short) fits(gpuModel, best.get(gpuModel)!.shares());
  }
}

/**
 * By capacity: what is worth most in it, each kind that the model admits as often as one likes; and the shares of a
 * whole GPU.
 */
function bestSets(kinds: readonly ShareKind[], gpuModel: string | undefined, priceOf: (kind: number) => number) {
  const able = [...kinds.keys()].filter((kind) => admitsModel(kinds[kind]!, gpuModel));
  const { worth, counts } = bestFill(
    able.map((kind) => kinds[kind]!.gpuMilli),
    able.map(priceOf),
  );
  const shares = () =>
    [...counts(GPU_MILLI)].flatMap((count, index) => Array.from({ length: count }, () => able[index]!));
  return { worth, shares };
}
