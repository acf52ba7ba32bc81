import type { Plan } from './plan.ts';

/**
 * When planning again can first say something else although nothing comes or ends: when a trigger has held long enough,
 * a wait is over, or enough is measured.
 * @returns epoch seconds, after the plan's snapshot; undefined where nothing is waited for
 */
export function nextLook(plan: Pick<Plan, 'snapshot' | 'rules' | 'resizes' | 'migrations'>): number | undefined {
  const { snapshot, rules, resizes, migrations } = plan;
  const waits = [...resizes, ...migrations].flatMap(({ decision }) =>
    decision.kind === 'wait' ? [decision.untilSeconds] : [],
  );
  const triggers = snapshot.triggers.flatMap(({ held, sinceSeconds }) =>
    held ? [] : [sinceSeconds + rules.triggerHoldSeconds],
  );
  const readings = snapshot.fewReadings ? [snapshot.fewReadings.enoughAtSeconds] : [];
  const blocked = migrations.flatMap(({ decision }) => {
    if (decision.kind !== 'blocked' || decision.reason.code !== 'usageUnknown') return [];
    return decision.reason.readings?.enoughAtSeconds ?? [];
  });
  const coming = [...waits, ...triggers, ...readings, ...blocked].filter(
    (atSeconds) => atSeconds > snapshot.takenAtSeconds,
  );
  return coming.length > 0 ? coming.reduce((first, each) => Math.min(first, each)) : undefined;
}
