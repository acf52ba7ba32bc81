import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openSampleCluster, type SampleCluster } from '../../src/cluster/sample/sampleCluster.ts';
import type { Move } from '../../src/core/model/moves.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src/core/model/settings.ts';
import { draftPlan, finishPlan } from '../../src/core/plan/makePlan.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { selectMoves } from '../../src/core/plan/previewPlan.ts';
import { fitPredictor, predictSnapshot } from '../../src/core/predict/predictor.ts';
import { sha256 } from '../../src/io/sha256.ts';
import type { ApplyOptions } from '../../src/operate/applyPlan.ts';
import type { Journal } from '../../src/operate/journal.ts';
import { SAMPLE_CLOCK } from '../../src/operate/stepContext.ts';
import { agreeing, memoryJournal } from './memory.ts';

/** A sample cluster in a directory of its own, which goes with `remove`. */
export async function freshSample(seed = 7): Promise<{ directory: string; remove: () => Promise<void> }> {
  const directory = await mkdtemp(path.join(tmpdir(), `stowage-operate-${seed}-`));
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** The planner's own plan of a cluster as it is now. */
export async function planOf(cluster: SampleCluster, settings: Settings = DEFAULT_SETTINGS): Promise<Plan> {
  const snapshot = await cluster.readSnapshot();
  const { tasks } = await cluster.readHistory();
  const predictions = predictSnapshot(fitPredictor(tasks), snapshot);
  const predictor = { name: 'baselines', tasks: tasks.length };
  return finishPlan(draftPlan({ snapshot, predictions, predictor, settings, since: {}, hash: sha256 }), sha256);
}

/** The plan with the first move of each of the kinds. */
export function firstOfEach(plan: Plan, kinds: readonly ((move: Move) => boolean)[]): Plan {
  const ids = kinds.map((wanted) => {
    const move = plan.moves.find(wanted);
    if (!move) throw new Error(`The plan has no such move. Its moves and its reasons:\n${described(plan)}`);
    return move.id;
  });
  return selectMoves(plan, new Set(ids), sha256);
}

function described({ moves, resizes, migrations }: Plan): string {
  const reasons = [...resizes, ...migrations].map(({ decision }) => JSON.stringify(decision));
  return [...moves.map(({ id }) => id), ...new Set(reasons)].join('\n');
}

export const isShrink = (move: Move) => move.kind === 'resize' && move.direction === 'shrink';
export const isExpand = (move: Move) => move.kind === 'resize' && move.direction === 'expand';
export const isPlacement = (move: Move) => move.kind === 'placement';
export const isMigration = (move: Move) => move.kind === 'migration';

/** Says yes, keeps all in memory, and lets the sample's clock go with each look. */
export function optionsOf(journal: Journal = memoryJournal(), more: Partial<ApplyOptions> = {}): ApplyOptions {
  return { ...agreeing(journal), polling: SAMPLE_CLOCK, ...more };
}

export function open(directory: string, seed = 7): Promise<SampleCluster> {
  return openSampleCluster({ seed, directory });
}
