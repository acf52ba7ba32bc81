import type { ActOptions, ActResult, Cluster, MoveRecord } from '../cluster/port.ts';
import type { Move } from '../core/model/moves.ts';
import type { Settings } from '../core/model/settings.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { checkPlan, type Short, type Stale } from '../core/plan/checkPlan.ts';

/** What a move is carried out with. */
export type Scene = {
  readonly cluster: Cluster;
  readonly settings: Settings;
  readonly planId: string;
  readonly patience: Patience;
  /** The moves take back what an earlier plan did. */
  readonly undoing: boolean;
  /** Moves earlier in the plan are not at their end, and may still make room. */
  readonly earlierUnderWay: boolean;
  /** The cluster as it is now. */
  look(): Promise<Snapshot>;
};

/** How long something is followed before it becomes a wait. */
export type Patience = {
  /** Lets real time pass between two looks. */
  readonly sleep: (seconds: number) => Promise<void>;
  readonly pollSeconds: number;
  /** Looks until a resize or a start becomes a wait. */
  readonly looks: number;
  /** Looks until stopping tasks are left alone; their own grace ends first. */
  readonly stopLooks: number;
};

export const PATIENT: Patience = {
  sleep: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
  pollSeconds: 2,
  looks: 60,
  stopLooks: 1800,
};

/** For a clock that moves by being looked at, as the sample's. */
export const RESTLESS: Patience = { sleep: async () => {}, pollSeconds: 0, looks: 60, stopLooks: 1800 };

/** Whether one move may begin now. */
export type MoveCheck =
  | { readonly kind: 'ok'; readonly snapshot: Snapshot }
  | { readonly kind: 'short'; readonly short: Short }
  | { readonly kind: 'stale'; readonly reasons: readonly Stale[] };

/** Checks one move on the cluster as it is now. */
export async function checkMove({ look }: Scene, move: Move): Promise<MoveCheck> {
  const snapshot = await look();
  const check = checkPlan({ moves: [move] }, snapshot);
  if (check.kind === 'stale') return { kind: 'stale', reasons: check.reasons };
  const [short] = check.waits;
  return short ? { kind: 'short', short } : { kind: 'ok', snapshot };
}

/** Looks again and again until `read` has an answer; undefined when patience ends. */
export async function follow<T>(
  { patience: { sleep, pollSeconds } }: Scene,
  looks: number,
  read: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (let look = 0; look < looks; look += 1) {
    const answer = await read();
    if (answer !== undefined) return answer;
    await sleep(pollSeconds);
  }
  return undefined;
}

/** The server's dry run first, then for real. A conflict with another writer of the same moment is tried once more. */
export async function act(
  { patience }: Scene,
  request: (options: ActOptions) => Promise<ActResult>,
): Promise<ActResult> {
  for (const attempt of [1, 2]) {
    const tried = await request({ dryRun: true });
    const result = tried.kind === 'done' ? await request({ dryRun: false }) : tried;
    if (result.kind === 'done' || result.code !== 'conflict' || attempt === 2) return result;
    await patience.sleep(patience.pollSeconds);
  }
  throw new Error('unreachable');
}

/** What stands on the object while a move is under way. */
export function recordOf({ planId, cluster }: Scene, move: Move): MoveRecord {
  const common = { planId, moveId: move.id, startedAtSeconds: Math.round(cluster.nowSeconds()) };
  if (move.kind === 'migration') return { ...common, kind: 'migration', from: move.from, to: move.to };
  if (move.kind === 'resize') return { ...common, kind: 'resize', before: move.from, request: move.request };
  throw new TypeError(`A ${move.kind} leaves no record`);
}
