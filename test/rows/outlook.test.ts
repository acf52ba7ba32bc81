import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { EarliestStart, Forecast } from '../../src/core/forecast/forecast.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { outlookOf } from '../../src/rows/outlook.ts';
import { NOW } from '../core/small.ts';

const scenario = (name: string, ...starts: EarliestStart[]) => ({ name, moments: [], starts });
const start = (given: Partial<EarliestStart>): EarliestStart => {
  return { task: 'default/a', startedFraction: 1, admittingNodes: 1, ...given };
};
const advice = {
  taskId: 'default/a',
  createdAtSeconds: NOW,
  decision: { kind: 'place', to: 'n1', afterMigrations: false },
  refused: [{ code: 'notReady', nodes: 3, example: { node: 'n2', refusal: { code: 'notReady' } } }],
};

const planOf = (forecast?: Pick<Forecast, 'scenarios' | 'atSeconds'>) =>
  ({
    snapshot: { takenAtSeconds: NOW },
    placements: [advice],
    migrations: [],
    ...(forecast && { forecast }),
  }) as unknown as Plan;

describe('the outlook of a pending task', () => {
  it('is when it starts without and with the plan, why it waits, and what helps', () => {
    const scenarios = [
      scenario('nothing', start({ gated: true })),
      scenario('plan', start({ p10: 0, p50: 60, p90: 600 })),
    ];
    assert.deepEqual(Object.fromEntries(outlookOf(planOf({ atSeconds: NOW - 5, scenarios }))), {
      'default/a': {
        atSeconds: NOW - 5,
        starts: { kind: 'gated' },
        withPlan: { kind: 'in', p10: 0, p50: 60, p90: 600 },
        why: 'nothing but a plan lifts its gate',
        help: 'this plan places it on n1',
      },
    });
  });

  it('has no starts where the plan has no forecast', () => {
    const outlook = outlookOf(planOf()).get('default/a');
    const said = { why: 'nothing but a plan lifts its gate', help: 'this plan places it on n1' };
    assert.deepEqual(outlook, { atSeconds: NOW, ...said });
  });
});
