import type { MigrationAdvice } from '../src/core/defrag/searchDefrag.ts';
import type { PlacementAdvice } from '../src/core/plan/plan.ts';
import type { ResizeAdvice } from '../src/core/resize/adviseResizes.ts';
import {
  describeBlocked,
  describeEnd,
  describeRepack,
  describeResizeRefusal,
  describeWait,
  fromTo,
} from '../src/text/sentences.ts';

/** What the plan decides of a pending task, as a table's cell. */
export function placementDecision({ decision }: PlacementAdvice): string {
  const later = 'afterMigrations' in decision && decision.afterMigrations ? ', once the migrations have made room' : '';
  switch (decision.kind) {
    case 'place':
      return `place on ${decision.to}${later}`;
    case 'scheduler':
      return `the cluster’s scheduler places it; best would be ${decision.to}${later}`;
    case 'noNode':
      return 'no node can take it now';
    case 'refused':
      return `you may not: ${decision.reason.missing}`;
  }
}

/** What the plan decides of one resource of a running task. */
export function resizeDecision(advice: ResizeAdvice, nowSeconds: number): string {
  const { decision, resource, allocation } = advice;
  switch (decision.kind) {
    case 'shrink':
    case 'expand':
      return `${decision.kind} ${fromTo(resource, allocation, decision.to)}`;
    case 'advise':
      return `ask for ${fromTo(resource, allocation, decision.to)} the next time; it cannot change in place`;
    case 'wait':
      return describeWait(decision, resource, nowSeconds);
    case 'refused':
      return describeResizeRefusal(decision.reason, resource);
  }
}

/** What the plan decides of a group of tasks: migrate, wait, or why not. */
export function migrationDecision(advice: MigrationAdvice, nowSeconds: number): string {
  switch (advice.decision.kind) {
    case 'migrate':
      return advice.repack ? `migrate; ${describeRepack(advice.repack)}` : 'migrate';
    case 'wait':
      return describeEnd(advice, nowSeconds);
    case 'blocked':
      return describeBlocked(advice.decision.reason);
  }
}
