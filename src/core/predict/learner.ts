import type { RunShare } from './basis.ts';
import { type BandGroup, bandGroup, type Calibration, calibrateTable, learnOutcome, shiftOf } from './calibration.ts';
import { QUANTILE_LEVELS } from './distribution.ts';
import { type FeatureStore, makeFeatureStore } from './features.ts';
import {
  type HeadWeights,
  headWeights,
  type Mixture,
  makeHeadSpace,
  type Network,
  predictRow,
  slotWeight,
} from './network.ts';
import type { Past } from './past.ts';
import { makeReadoutSpace, readMixture } from './readout.ts';
import type { Runs } from './runs.ts';
import { drawBatch, type Trainer } from './training.ts';

/** What the network says of one run at its submit. Logs are ln seconds. */
export type Outlook = {
  /** ln runtime at `QUANTILE_LEVELS`, calibrated; a limit does not cut it, because runs overrun theirs. */
  readonly logTable: Float64Array;
  /** ln of the point with the best expected ratio to the truth, at most the limit. */
  readonly bestRatio: number;
  /** Whose band this is, for the calibration. */
  readonly group: BandGroup;
};

/**
 * The network at work over a replay: it describes each run, predicts it, and keeps its bands calibrated at every end.
 * Tell it of every event before the event enters the past.
 */
export type Learner = {
  ended(row: number, past: Past): void;
  submitted(row: number, past: Past): void;
  /** Predicts the row that was just submitted; its end will count for the calibration. */
  predict(row: number, past: Past): Outlook;
  /** Predicts anew a run that is under way, from what has ended since its submit; condition it on its age. */
  renew(row: number, past: Past): Outlook;
  /** How much of the last prediction stands on which past run, largest first. */
  shares(row: number): readonly RunShare[];
  /** Trains on the runs that have started by now, of those submitted before `row`. */
  train(row: number, past: Past, training: Training): void;
  readonly calibration: Calibration;
};

export type Training = {
  readonly trainer: Trainer;
  readonly random: () => number;
  readonly steps: number;
  rate(step: number): number;
  /** Draws half of each batch from so many of the newest runs. */
  readonly newest?: number;
  readonly onStep?: (step: number, loss: number) => void;
};

const LEVELS = QUANTILE_LEVELS.length;
const [LOW, HIGH] = [0.1, 0.9].map((level) => QUANTILE_LEVELS.indexOf(level)) as [number, number];
/** Fewer started runs than this teach nothing. */
const LEAST_RUNS = 20;

/** The network is trained in place. */
export function startLearner(runs: Runs, network: Network, since: Calibration = {}): Learner {
  const store = makeFeatureStore(runs);
  const space = makeHeadSpace();
  const readout = makeReadoutSpace();
  const issued = new Map<number, Outlook>();
  const startedBy = startedRows(runs);
  let head: HeadWeights = headWeights(network);
  let calibration = since;
  /** ln of the longest runtime that has ended: twice that is as far as the calibration may stretch a table. */
  let longest = Number.POSITIVE_INFINITY;
  let described = store;
  const outlookOf = (from: FeatureStore, row: number, past: Past): Outlook => {
    described = from;
    predictRow(network, head, from, row, space);
    const { logQuantiles, bestRatio } = readMixture(space, runs.logRequest[row]!, readout);
    const runsOfTask = past.endedIn(0, runs.groups[0]![row]!).length;
    const group = bandGroup(runsOfTask, logQuantiles[HIGH]! - logQuantiles[LOW]!);
    const logTable = new Float64Array(LEVELS);
    calibrateTable(logQuantiles, shiftOf(calibration, group), logTable);
    const most = Math.max(longest + Math.LN2, logQuantiles[LEVELS - 1]!);
    for (let at = 0; at < LEVELS; at++) logTable[at] = Math.max(0, Math.min(most, logTable[at]!));
    return { logTable, bestRatio, group };
  };
  return {
    get calibration() {
      return calibration;
    },
    ended(row, past) {
      store.ended(row, past);
      longest = past.ended.length === 0 ? runs.logRuntime[row]! : Math.max(longest, runs.logRuntime[row]!);
      const outlook = issued.get(row);
      if (!outlook) return;
      issued.delete(row);
      const log = runs.logRuntime[row]!;
      calibration = learnOutcome(calibration, outlook.group, {
        below: log < outlook.logTable[LOW]! - ROUNDING,
        above: log > outlook.logTable[HIGH]! + ROUNDING,
      });
    },
    submitted: (row, past) => store.submitted(row, past),
    shares: (row) => runShares(described.atomsOf(row), space),
    train(row, past, { trainer, random, steps, rate, newest, onStep }) {
      const pool = { started: startedBy(row, past.nowSeconds), nowSeconds: past.nowSeconds };
      if (pool.started.length < LEAST_RUNS) return;
      for (let step = 0; step < steps; step++) {
        const loss = trainer.step(store, drawBatch(store, pool, random, newest), rate(step));
        onStep?.(step, loss);
      }
      head = headWeights(network);
    },
    predict(row, past) {
      const outlook = outlookOf(store, row, past);
      issued.set(row, outlook);
      return outlook;
    },
    renew: (row, past) => outlookOf(store.renewed(row, past), row, past),
  };
}

/** A part in a million: a runtime at the band's edge is inside. */
const ROUNDING = 1e-6;

function runShares(atoms: Int32Array, mixture: Mixture): readonly RunShare[] {
  const shares = new Map<number, number>();
  for (const [slot, row] of atoms.entries()) {
    if (row >= 0) shares.set(row, (shares.get(row) ?? 0) + slotWeight(mixture, slot));
  }
  return [...shares].map(([row, share]) => ({ row, share })).sort((a, b) => b.share - a.share || b.row - a.row);
}

/** Rows in the order they started, as far as they had at a moment; moments come in the order of time. */
function startedRows(runs: Runs): (beforeRow: number, nowSeconds: number) => readonly number[] {
  const byStart = Int32Array.from(runs.start.keys()).sort((a, b) => runs.start[a]! - runs.start[b]! || a - b);
  const started: number[] = [];
  return (beforeRow, nowSeconds) => {
    while (started.length < byStart.length) {
      const next = byStart[started.length]!;
      if (runs.start[next]! > nowSeconds || next >= beforeRow) break;
      started.push(next);
    }
    return started;
  };
}
