import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSampleCluster } from '../../src/cluster/sample/sampleCluster.ts';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { planSituation } from '../../src/planning/plan.ts';
import { readSituation } from '../../src/planning/situation.ts';

let made: Promise<Plan> | undefined;

/** The sample's plan with its forecast, as the planner makes it; made once, so that no test may change it. */
export function samplePlan(): Promise<Plan> {
  made ??= makePlan();
  return made;
}

async function makePlan(): Promise<Plan> {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-webview-'));
  try {
    const cluster = await openSampleCluster({ seed: 7, directory });
    const situation = await readSituation(cluster, directory);
    return await planSituation(situation, { kind: 'sample', seed: 7, directory }, DEFAULT_SETTINGS, directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The same plan with nothing to do and nothing to say. */
export function emptyPlan(plan: Plan): Plan {
  const { forecast: _, ...rest } = plan;
  const snapshot = { ...plan.snapshot, triggers: [], candidates: [] };
  return { ...rest, snapshot, moves: [], placements: [], resizes: [], migrations: [] };
}

/** The plan with another name in place of each one given, wherever it stands alone. */
export function renamed(plan: Plan, names: Readonly<Record<string, string>>): Plan {
  const other = (value: unknown) => (typeof value === 'string' ? (names[value] ?? value) : value);
  return JSON.parse(JSON.stringify(plan), (_, value) => other(value)) as Plan;
}
