import { type BandGroup, bandGroup, type Calibration, calibrateTable, learnOutcome, trackerOf } from './calibration.ts';
import { QUANTILE_LEVELS } from './distribution.ts';
import { type FeatureStore, makeFeatureStore } from './features.ts';
import { type HeadWeights, headWeights, makeHeadSpace, type Network, predictRow } from './network.ts';
import type { Past } from './past.ts';
import { makeReadoutSpace, readMixture } from './readout.ts';
import type { Runs } from './runs.ts';
import { blockSteps, drawBatch, type Trainer, warmUpSteps } from './training.ts';

/** What the network says of one run at its submit. Logs are ln seconds. */
export type Outlook = {
  /** ln runtime at `QUANTILE_LEVELS`, calibrated, at most the limit. */
  readonly logTable: Float64Array;
  /** ln of the point with the best expected ratio to the truth. */
  readonly bestRatio: number;
  /** Whose band this is, for the calibration. */
  readonly group: BandGroup;
};

/** When a learner trains: once before row `first`, then before each of `blocks` equal parts of the rest. */
export type Schedule = {
  readonly first: number;
  readonly blocks: number;
  /** Steps of the first training and its rates; absent: by the rows there are. */
  readonly warmUp?: { readonly steps: number; rate(step: number): number };
};

/**
 * The network at work over a replay: it describes each run, predicts it, learns from it in blocks, and keeps its bands
 * calibrated at every end. Tell it of every event before the event enters the past.
 */
export type Learner = {
  ended(row: number, past: Past): void;
  submitted(row: number, past: Past): void;
  /** Predicts the row that was just submitted; its end will count for the calibration. */
  predict(row: number, past: Past): Outlook;
  readonly calibration: Calibration;
};

export type LearnerOptions = {
  readonly network: Network;
  readonly calibration?: Calibration;
  /** Absent: the weights stay as they are. */
  readonly training?: { readonly trainer: Trainer; readonly random: () => number; readonly schedule: Schedule };
  readonly onTrained?: (row: number, step: number, steps: number, loss: number) => void;
};

const LEVELS = QUANTILE_LEVELS.length;
const [LOW, HIGH] = [0.1, 0.9].map((level) => QUANTILE_LEVELS.indexOf(level)) as [number, number];
/** Fewer started runs than this teach nothing. */
const LEAST_RUNS = 20;
/** The half of a batch that is drawn from the newest runs reaches back so many blocks, or runs. */
const [NEWEST_BLOCKS, NEWEST_RUNS] = [4, 4000];

export function startLearner(runs: Runs, options: LearnerOptions): Learner {
  const { network, training } = options;
  const store = makeFeatureStore(runs);
  const space = makeHeadSpace();
  const readout = makeReadoutSpace();
  const issued = new Map<number, Outlook>();
  const train = training ? trainingAt(store, training, options.onTrained) : () => false;
  let head: HeadWeights = headWeights(network);
  let calibration = options.calibration ?? {};
  return {
    get calibration() {
      return calibration;
    },
    ended(row, past) {
      store.ended(row, past);
      const outlook = issued.get(row);
      if (!outlook) return;
      issued.delete(row);
      const log = runs.logRuntime[row]!;
      calibration = learnOutcome(calibration, outlook.group, {
        below: log < outlook.logTable[LOW]! - ROUNDING,
        above: log > outlook.logTable[HIGH]! + ROUNDING,
      });
    },
    submitted(row, past) {
      if (train(row, past)) head = headWeights(network);
      store.submitted(row, past);
    },
    predict(row, past) {
      predictRow(network, head, store, row, space);
      const limit = runs.logRequest[row]!;
      const { logQuantiles, bestRatio } = readMixture(space, limit, readout);
      const runsOfTask = past.endedIn(0, runs.groups[0]![row]!).length;
      const group = bandGroup(runsOfTask, logQuantiles[HIGH]! - logQuantiles[LOW]!);
      const logTable = new Float64Array(LEVELS);
      calibrateTable(logQuantiles, trackerOf(calibration, group), logTable);
      const most = Number.isNaN(limit) ? Number.POSITIVE_INFINITY : Math.max(0, limit);
      for (let at = 0; at < LEVELS; at++) logTable[at] = Math.min(most, Math.max(0, logTable[at]!));
      const outlook = { logTable, bestRatio, group };
      issued.set(row, outlook);
      return outlook;
    },
  };
}

/** A part in a million: a runtime at the band's edge is inside. */
const ROUNDING = 1e-6;

/** Trains when a block begins; tells whether it did. */
function trainingAt(
  store: FeatureStore,
  { trainer, random, schedule }: NonNullable<LearnerOptions['training']>,
  onTrained: LearnerOptions['onTrained'],
): (row: number, past: Past) => boolean {
  const { runs } = store;
  const started: number[] = [];
  const byStart = Int32Array.from(runs.start.keys()).sort((a, b) => runs.start[a]! - runs.start[b]! || a - b);
  const blockRows = Math.max(1, Math.ceil((runs.count - schedule.first) / schedule.blocks));
  let next = 0;
  const catchUp = (row: number, nowSeconds: number) => {
    for (; next < byStart.length; next++) {
      const candidate = byStart[next]!;
      if (runs.start[candidate]! > nowSeconds || candidate >= row) return;
      started.push(candidate);
    }
  };
  return (row, past) => {
    if (row < schedule.first || (row - schedule.first) % blockRows !== 0) return false;
    catchUp(row, past.nowSeconds);
    if (started.length < LEAST_RUNS) return false;
    const pool = { started, nowSeconds: past.nowSeconds };
    const isFirst = row === schedule.first;
    const { steps, rate } = isFirst ? (schedule.warmUp ?? warmUpSteps(started.length)) : blockSteps(blockRows);
    const newest = isFirst ? undefined : Math.max(NEWEST_BLOCKS * blockRows, NEWEST_RUNS);
    for (let step = 0; step < steps; step++) {
      const loss = trainer.step(store, drawBatch(store, pool, random, newest), rate(step));
      onTrained?.(row, step, steps, loss);
    }
    return true;
  };
}
