import type { RuntimeDistribution } from '../predict/distribution.ts';
import { distributionOf, remainingQuantile } from '../predict/distribution.ts';

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
  /** A task ended: from now on its runtime may be learned from. */
  ended(group: string, runtimeSeconds: number): void;
};

/** Latest runs of a group that its distribution is made of, and how many it needs to stand alone. */
const RUNS = 400;
const FEWEST = 5;

/** Predictions are medians of what was left for earlier tasks of the group that lived as long (else of all tasks). */
export function createKnowledge(name: KnowledgeName): Knowledge {
  const groups = new Map<string, RunRecord>();
  const all = newRecord();
  const distributionFor = (group: string): RuntimeDistribution | undefined => {
    const record = groups.get(group);
    return record && record.count >= FEWEST ? distribution(record) : all.count > 0 ? distribution(all) : undefined;
  };
  return {
    expectedRemaining(group, runtimeSeconds, elapsedSeconds) {
      if (name === 'none') return undefined;
      if (name === 'oracle') return runtimeSeconds - elapsedSeconds;
      const runtime = distributionFor(group);
      return runtime && remainingQuantile(runtime, elapsedSeconds, 0.5);
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

/** The latest runs, and the distribution made of them when there were `madeAt` in all. */
type RunRecord = { readonly runs: number[]; count: number; madeAt: number; made?: RuntimeDistribution };

function newRecord(): RunRecord {
  return { runs: [], count: 0, madeAt: 0 };
}

function add(record: RunRecord, runtimeSeconds: number): void {
  record.runs[record.count % RUNS] = runtimeSeconds;
  record.count += 1;
}

/** Made anew once a tenth of its runs are new. */
function distribution(record: RunRecord): RuntimeDistribution {
  if (!record.made || record.count - record.madeAt > Math.min(record.count, RUNS) / 10) {
    record.made = distributionOf(record.runs);
    record.madeAt = record.count;
  }
  return record.made;
}
