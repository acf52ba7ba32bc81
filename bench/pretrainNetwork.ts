import type { FinishedTask } from '../src/core/model/finished.ts';
import {
  CONTEXT_INPUTS,
  type FeatureStore,
  FIRST_LOCAL_INPUT,
  makeFeatureStore,
  PAIR_FEATURES,
} from '../src/core/predict/features.ts';
import { type Network, newNetwork, PAIR_HIDDEN, SHAPES } from '../src/core/predict/network.ts';
import { replayRuns } from '../src/core/predict/past.ts';
import { runsOf } from '../src/core/predict/runs.ts';
import {
  drawBatch,
  type Engine,
  MASKED_IN_PRETRAINING,
  makeTrainer,
  warmUpSteps,
} from '../src/core/predict/training.ts';

export type PretrainingOptions = {
  readonly tf: Engine;
  readonly random: () => number;
  readonly steps: number;
  readonly onProgress?: (step: number, loss: number) => void;
};

/** Share of the batches in which no run has a limit, so that the network does without one. */
const WITHOUT_LIMIT = 0.25;

/**
 * One network for clusters that it has never seen, from several logs: what differs from log to log (clock, scale, names)
 * is hidden, logs are drawn by the square root of their rows, and a quarter of the batches know no limits. Weights of
 * inputs that were hidden or never there are 0: fine-tuning releases them.
 */
export function pretrainNetwork(
  histories: readonly (readonly FinishedTask[])[],
  { tf, random, steps, onProgress }: PretrainingOptions,
): Network {
  const logs = histories.map((tasks) => ({ full: describe(tasks), open: describe(tasks.map(withoutLimit)) }));
  const weights = logs.map(({ full }) => Math.sqrt(full.store.runs.count));
  const network = newNetwork(random);
  forget(network);
  const trainer = makeTrainer(tf, network, random, { pretraining: true });
  const { rate } = warmUpSteps(0, steps);
  for (let step = 0; step < steps; step++) {
    const log = logs[drawIndex(weights, random)]!;
    const { store, started } = random() < WITHOUT_LIMIT ? log.open : log.full;
    const batch = drawBatch(store, { started, nowSeconds: Number.MAX_VALUE }, random);
    const loss = trainer.step(store, batch, rate(step));
    onProgress?.(step, loss);
  }
  return network;
}

function describe(tasks: readonly FinishedTask[]): {
  readonly store: FeatureStore;
  readonly started: readonly number[];
} {
  const runs = runsOf(tasks);
  const store = makeFeatureStore(runs);
  replayRuns(runs, ({ kind, row }, past) => (kind === 'ended' ? store.ended(row, past) : store.submitted(row, past)));
  return { store, started: Array.from({ length: runs.count }, (_, row) => row) };
}

function withoutLimit(task: FinishedTask): FinishedTask {
  const { requestedRuntimeSeconds: _, ...parameters } = task.parameters;
  return { ...task, parameters };
}

/** Sets the weights of hidden and absent inputs to 0. */
function forget(network: Network): void {
  const hidden: readonly string[] = [...MASKED_IN_PRETRAINING, ...ABSENT];
  for (const [at, name] of PAIR_FEATURES.entries()) {
    if (hidden.includes(name)) network.pair.fill(0, at * PAIR_HIDDEN, (at + 1) * PAIR_HIDDEN);
  }
  const outputs = SHAPES.context1[1];
  network.context1.fill(0, FIRST_LOCAL_INPUT * outputs, CONTEXT_INPUTS * outputs);
}

/** Pair features that no public log in the Standard Workload Format has. */
const ABSENT = ['sameType', 'sameFramework', 'scaleRatio', 'scaleKnown', 'cpuUsage', 'memoryUsage'] as const;

function drawIndex(weights: readonly number[], random: () => number): number {
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  return Math.max(
    0,
    weights.findIndex((weight) => {
      left -= weight;
      return left < 0;
    }),
  );
}
