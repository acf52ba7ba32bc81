import type { ActOptions, ActResult, Cluster, MoveName, MoveRecord, TaskState } from '../cluster/port.ts';
import type { Move } from '../core/model/moves.ts';
import type { Settings } from '../core/model/settings.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { checkPlan, type Short, type Stale } from '../core/plan/checkPlan.ts';

/** What a move is carried out with. */
export type StepContext = {
  readonly cluster: Cluster;
  readonly settings: Settings;
  readonly planId: string;
  readonly polling: Polling;
  /** The moves take back what an earlier plan did. */
  readonly undoing: boolean;
  /** Those moves before it in its plan that are not at their end. */
  readonly earlier: readonly Move[];
};

/** How what was asked for is followed before it becomes a wait. */
export type Polling = {
  /** Lets real time pass between two attempts. */
  readonly sleep: (seconds: number) => Promise<void>;
  readonly pollSeconds: number;
  /** Attempts until a resize or a start becomes a wait. */
  readonly attempts: number;
  /** Attempts until stopping tasks are left alone; their own grace ends first. */
  readonly stopAttempts: number;
};

/** Two minutes for a resize or a start; an hour for tasks that stop, since each states its own grace. */
export const REAL_CLOCK: Polling = {
  sleep: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
  pollSeconds: 2,
  attempts: 60,
  stopAttempts: 1800,
};

/** For a clock that each attempt moves, as the sample's. */
export const SAMPLE_CLOCK: Polling = { sleep: async () => {}, pollSeconds: 0, attempts: 60, stopAttempts: 1800 };

/** How long a wait for tasks that still stop lasts; no setting says so. */
export const RETRY_SECONDS = 60;

/** The same for an owner that is stopped and could not be resumed: it loses time meanwhile, so it is tried sooner. */
export const RESUME_RETRY_SECONDS = 30;

/** Whether one move may begin now. */
export type MoveCheck =
  | { readonly kind: 'ok'; readonly snapshot: Snapshot }
  | { readonly kind: 'short'; readonly short: Short }
  | { readonly kind: 'stale'; readonly reasons: readonly Stale[]; readonly snapshot: Snapshot };

/** Checks one move on the cluster as it is now. */
export async function checkMove({ cluster }: StepContext, move: Move): Promise<MoveCheck> {
  const snapshot = await cluster.readSnapshot();
  const check = checkPlan({ moves: [move] }, snapshot);
  if (check.kind === 'stale') return { kind: 'stale', reasons: check.reasons, snapshot };
  const [short] = check.waits;
  return short ? { kind: 'short', short } : { kind: 'ok', snapshot };
}

/** Reads until there is an answer; undefined after so many attempts. */
export async function poll<T>(
  { polling: { sleep, pollSeconds } }: StepContext,
  attempts: number,
  read: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const answer = await read();
    if (answer !== undefined) return answer;
    await sleep(pollSeconds);
  }
  return undefined;
}

/** The server's dry run first, then for real. After a conflict with another writer, both are tried once more. */
export async function act(
  { polling }: StepContext,
  request: (options: ActOptions) => Promise<ActResult>,
): Promise<ActResult> {
  for (const attempt of [1, 2]) {
    const tried = await request({ dryRun: true });
    const result = tried.kind === 'done' ? await request({ dryRun: false }) : tried;
    if (result.kind === 'done' || result.code !== 'conflict' || attempt === 2) return result;
    await polling.sleep(polling.pollSeconds);
  }
  throw new Error('unreachable');
}

/** What a move is called in journal and record. */
export function nameOf({ planId }: StepContext, { id }: Pick<Move, 'id'>): MoveName {
  return { planId, moveId: id };
}

/** What stands on the object while a move is under way. */
export function recordOf(context: StepContext, move: Move): MoveRecord {
  const { cluster } = context;
  const common = { ...nameOf(context, move), startedAtSeconds: Math.round(cluster.nowSeconds()) };
  if (move.kind === 'migration') return { ...common, kind: 'migration', from: move.from, to: move.to };
  if (move.kind === 'resize') return { ...common, kind: 'resize', before: move.from, request: move.request };
  throw new TypeError(`A ${move.kind} leaves no record`);
}

/** A task of which nothing is to come. */
export function isOver({ phase }: TaskState): boolean {
  return phase === 'succeeded' || phase === 'failed' || phase === 'ending';
}
