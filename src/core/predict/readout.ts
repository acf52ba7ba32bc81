import { QUANTILE_LEVELS } from './distribution.ts';
import { COMPONENTS, FREE, KERNEL_WIDTHS, type Mixture } from './network.ts';

/** What is read from one mixture; logs are ln seconds. */
export type Readout = {
  /** ln runtime at `QUANTILE_LEVELS`, ascending. */
  readonly logQuantiles: Float64Array;
  /** ln of the point with the highest expected min(p/r, r/p): what AVGpred rewards. */
  readonly bestRatio: number;
};

/** The grid in ln seconds: from 1 s to 103 days. */
const STEP = 0.02;
const CELLS = 800;

/** Room for one readout; reused from row to row. */
export type ReadoutSpace = {
  /** Mass by cell: one layer for each kernel width, then one for each free component. */
  readonly layers: readonly Float64Array[];
  readonly density: Float64Array;
  readonly utility: Float64Array;
};

const KERNELS = KERNEL_WIDTHS.length;

export function makeReadoutSpace(): ReadoutSpace {
  return {
    layers: Array.from({ length: KERNELS + FREE }, () => new Float64Array(CELLS)),
    density: new Float64Array(CELLS),
    utility: new Float64Array(CELLS),
  };
}

/**
 * Lays the components on a grid in ln runtime and smooths each width with a recursive exponential filter, a Laplace
 * kernel's exact convolution. One more filter of width 1 gives the best-ratio point: exp(−|ln p − ln r|) is min(p/r,
 * r/p).
 * @param limit ln of the most that point may be; NaN: none. Mass beyond it counts at the limit for the point alone:
 *   runs pass their limits, which are looked at once a minute.
 */
export function readMixture(mixture: Mixture, limit: number, space: ReadoutSpace): Readout {
  const { density, utility } = space;
  density.fill(0);
  layOut(mixture, space.layers);
  for (const [layer, cells] of space.layers.entries()) {
    smooth(
      cells,
      layer < KERNELS ? KERNEL_WIDTHS[layer]! : mixture.width[COMPONENTS - FREE + layer - KERNELS]!,
      density,
    );
  }
  const logQuantiles = quantilesOf(density);
  const last = Number.isNaN(limit) ? CELLS - 1 : Math.min(CELLS - 1, Math.max(0, Math.round(limit / STEP)));
  for (let cell = last + 1; cell < CELLS; cell++) {
    density[last]! += density[cell]!;
    density[cell] = 0;
  }
  utility.fill(0);
  smooth(density, 1, utility);
  let best = 0;
  for (let cell = 1; cell <= last; cell++) if (utility[cell]! > utility[best]!) best = cell;
  const cap = Number.isNaN(limit) ? Number.POSITIVE_INFINITY : Math.max(0, limit);
  return { logQuantiles, bestRatio: Math.min(cap, best * STEP) };
}

function layOut({ location, weight }: Mixture, layers: readonly Float64Array[]): void {
  for (const cells of layers) cells.fill(0);
  for (let at = 0; at < COMPONENTS; at++) {
    const share = weight[at]!;
    if (share < 1e-7) continue;
    const free = at - (COMPONENTS - FREE);
    const cells = layers[free < 0 ? at % KERNELS : KERNELS + free]!;
    const position = Math.min(CELLS - 1.001, Math.max(0, location[at]! / STEP));
    const cell = Math.floor(position);
    cells[cell]! += share * (1 - (position - cell));
    cells[cell + 1]! += share * (position - cell);
  }
}

/** Keeps the filters out of denormal numbers, which are slow. */
const QUIET = 1e-30;

/** Adds the cells, convolved with a Laplace kernel, to `into`. */
function smooth(cells: Float64Array, width: number, into: Float64Array): void {
  const keep = Math.exp(-STEP / width);
  const gain = (1 - keep) / (1 + keep);
  let left = 0;
  for (let cell = 0; cell < CELLS; cell++) {
    left = left * keep + cells[cell]! + QUIET;
    into[cell]! += gain * left;
  }
  let right = 0;
  for (let cell = CELLS - 1; cell >= 0; cell--) {
    into[cell]! += gain * right;
    right = (right + cells[cell]! + QUIET) * keep;
  }
}

function quantilesOf(density: Float64Array): Float64Array {
  let total = 0;
  for (let cell = 0; cell < CELLS; cell++) total += density[cell]!;
  const quantiles = new Float64Array(QUANTILE_LEVELS.length);
  let [cell, below] = [0, 0];
  for (let at = 0; at < quantiles.length; at++) {
    const wanted = QUANTILE_LEVELS[at]! * total;
    while (cell < CELLS - 1 && below + density[cell]! < wanted) below += density[cell++]!;
    const inside = density[cell]! > 0 ? (wanted - below) / density[cell]! : 0.5;
    // A cell's mass lies evenly in the step around its centre.
    quantiles[at] = Math.max(0, (cell - 0.5 + inside) * STEP);
  }
  return quantiles;
}
