import type { RuntimeDistribution } from '../predict/distribution.ts';
import { distributionOf, remainingQuantile } from '../predict/distribution.ts';
import type { Survival } from './nodeHolds.ts';
import { survivalOf } from './nodeHolds.ts';

/**
 * What a scheduler knows of a task's runtime: the truth, a prediction made once when it arrives, the same made again
 * each time the task outlives it, or nothing.
 */
export type KnowledgeName = 'oracle' | 'once' | 'repredicted' | 'none';
export const KNOWLEDGE: readonly KnowledgeName[] = ['oracle', 'once', 'repredicted', 'none'];

export type Knowledge = {
  /**
   * Seconds a task is expected to run on at an age; undefined where nothing is known.
   * @param group what is known of the task when it arrives: tasks of a group are taken as repetitions of each other
   */
  expectedRemaining(group: string, runtimeSeconds: number, elapsedSeconds: number): number | undefined;
  /**
   * The runtime of the group's tasks as a distribution; undefined but for repredictions, and where nothing ended yet.
   */
  survival(group: string): Survival | undefined;
  /** A task ended: from now on its runtime may be learned from. */
  ended(group: string, runtimeSeconds: number): void;
};

/** Latest runs of a group that its distribution is made of, and how many it needs to stand alone. */
const RUNS = 400;
const FEWEST = 5;

/**
 * Predictions are of earlier tasks of the group that lived as long (else of all tasks): the median of what was left.
 */
export function createKnowledge(name: KnowledgeName): Knowledge {
  const groups = new Map<string, RunRecord>();
  const all = newRecord();
  const recordFor = (group: string): RunRecord | undefined => {
    const record = groups.get(group);
    return record && record.count >= FEWEST ? record : all.count > 0 ? all : undefined;
  };
  return {
    expectedRemaining(group, runtimeSeconds, elapsedSeconds) {
      if (name === 'none') return undefined;
      if (name === 'oracle') return runtimeSeconds - elapsedSeconds;
      const record = recordFor(group);
      return record && remainingQuantile(made(record).runtime, elapsedSeconds, 0.5);
    },
    survival(group) {
      if (name !== 'repredicted') return undefined;
      const record = recordFor(group);
      return record && made(record).survival;
    },
    ended(group, runtimeSeconds) {
      if (name === 'none' || name === 'oracle') return;
      const record = groups.get(group) ?? newRecord();
      groups.set(group, record);
      add(record, runtimeSeconds);
      add(all, runtimeSeconds);
    },
  };
}

/** The latest runs, and what was made of them when there were `madeAt` in all. */
type RunRecord = { readonly runs: number[]; count: number; madeAt: number; made?: Made };
type Made = { readonly runtime: RuntimeDistribution; readonly survival: Survival };

function newRecord(): RunRecord {
  return { runs: [], count: 0, madeAt: 0 };
}

function add(record: RunRecord, runtimeSeconds: number): void {
  record.runs[record.count % RUNS] = runtimeSeconds;
  record.count += 1;
}

/** Made again once a tenth of its runs are new. */
function made(record: RunRecord): Made {
  if (!record.made || record.count - record.madeAt > Math.min(record.count, RUNS) / 10) {
    const runtime = distributionOf(record.runs);
    record.made = { runtime, survival: survivalOf(runtime) };
    record.madeAt = record.count;
  }
  return record.made;
}
