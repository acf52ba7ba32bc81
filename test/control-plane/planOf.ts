import type { Move } from '../../src/core/model/moves.ts';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import { draftPlan, finishPlan } from '../../src/core/plan/makePlan.ts';
import type { ClusterTarget, Plan } from '../../src/core/plan/plan.ts';
import { sha256 } from '../../src/io/sha256.ts';

/**
 * A plan of these moves and no others, without a predictor.
 * @param target how the plan opens its cluster; @param cluster its name, where that is not the snapshot's
 */
export function planOf(
  snapshot: Snapshot,
  moves: readonly Move[],
  { target, cluster = snapshot.cluster }: { readonly target?: ClusterTarget; readonly cluster?: string } = {},
): Plan {
  const draft = draftPlan({
    snapshot,
    predictions: {},
    predictor: { name: 'none', tasks: 0 },
    settings: DEFAULT_SETTINGS,
    since: {},
    hash: sha256,
  });
  return finishPlan({ ...draft, snapshot: { ...draft.snapshot, cluster }, moves }, sha256, target ? { target } : {});
}
