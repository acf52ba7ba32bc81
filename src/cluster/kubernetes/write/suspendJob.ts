import type { OwnerRef } from '../../../core/model/moves.ts';
import type { ActOptions, ActResult, MoveRecord } from '../../port.ts';
import { type Attempt, acting, type Refused, refuse, refuseChanged } from '../../refused.ts';
import type { Connection } from '../api/connection.ts';
import type { Budget } from '../api/objects.ts';
import { selects } from '../model/constraints.ts';
import { jobOwnership } from '../model/owner.ts';
import { isOver } from '../model/pod.ts';
import { RECORD, readRecord } from '../model/records.ts';
import { failingExitCode } from './failurePolicy.ts';
import { getJob, isFinished, isHeld, jobPath } from './jobs.ts';
import { podsOfJob } from './pods.ts';
import { done, patched, trying, unchanged } from './request.ts';

/** First half of S410: stops all pods of a Job; its record stands on it from the same request on. */
export function suspendJob(
  connection: Connection,
  owner: OwnerRef,
  record: MoveRecord,
  options: ActOptions,
): Promise<ActResult> {
  const attempt = acting('suspend', owner);
  return trying(attempt, options, async () => {
    const { job, refused } = await getJob(connection, owner, attempt, options);
    if (refused) return refused;
    if (job.spec?.suspend) {
      if (isHeld(job, record)) return done(job);
      const found = readRecord(job);
      return refuse('conflict', attempt, { code: 'suspended', ...(found && { byPlan: found.planId }) });
    }
    if (isFinished(job)) return refuse('notFound', attempt, { code: 'ended' });
    const { steering } = jobOwnership(job);
    if (steering) return refuse('notMovable', attempt, { code: 'steered', by: steering });
    const exitCode = failingExitCode(job);
    if (exitCode !== undefined) return refuse('notMovable', attempt, { code: 'failsWhenStopped', exitCode });
    const changed = refuseChanged(attempt, owner.generation, job.metadata?.generation);
    if (changed) return changed;
    const spent = await spentBudget(connection, owner, attempt, options);
    if (spent) return spent;
    // A change of the spec adds 1; nobody comes between, for the server refuses the patch of another version.
    const written: MoveRecord = { ...record, generation: (job.metadata?.generation ?? 0) + 1 };
    const body = {
      metadata: { ...unchanged(job), annotations: { [RECORD]: JSON.stringify(written) } },
      spec: { suspend: true },
    };
    return patched(connection, { path: jobPath(owner), type: 'merge', body }, options);
  });
}

/** Suspending a Job deletes its pods whatever their budgets allow, so we ask the budgets ourselves. */
async function spentBudget(
  connection: Connection,
  owner: OwnerRef,
  attempt: Attempt,
  options: ActOptions,
): Promise<Refused | undefined> {
  const budgets: Budget[] = [];
  const path = `/apis/policy/v1/namespaces/${encodeURIComponent(owner.namespace)}/poddisruptionbudgets`;
  await connection.list<Budget>(path, (page) => budgets.push(...page), { signal: options.signal });
  if (budgets.length === 0) return undefined;
  const running = (await podsOfJob(connection, owner, options.signal)).filter(
    (pod) => !isOver(pod) && pod.spec?.nodeName,
  );
  for (const budget of budgets) {
    const covered = running.filter((pod) => selects(budget.spec?.selector, pod.metadata?.labels ?? {})).length;
    const allowed = budget.status?.disruptionsAllowed ?? 0;
    if (covered > allowed) {
      const name = budget.metadata?.name ?? '';
      return refuse('budget', attempt, { code: 'budget', budget: name, tasks: covered, allowed });
    }
  }
  return undefined;
}
