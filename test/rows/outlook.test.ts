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
  decision: { kind: 'place', to: 'n1', afterMigrations: false },
  refused: [{ code: 'notReady', nodes: 3, example: { node: 'n2', refusal: { code: 'notReady' } } }],
};

const planOf = (forecast?: Pick<Forecast, 'scenarios' | 'atSeconds'>) =>
  ({ snapshot: { takenAtSeconds: NOW }, placements: [advice], ...(forecast && { forecast }) }) as unknown as Plan;

describe('the outlook of a pending task', () => {
  it('is when it starts without and with the plan, what that decides, and why nodes cannot take it', () => {
    const scenarios = [
      scenario('nothing', start({ gated: true })),
      scenario('plan', start({ p10: 0, p50: 60, p90: 600 })),
    ];
    assert.deepEqual(Object.fromEntries(outlookOf(planOf({ atSeconds: NOW - 5, scenarios }))), {
      'default/a': {
        atSeconds: NOW - 5,
        starts: { kind: 'gated' },
        withPlan: { kind: 'in', p10: 0, p50: 60, p90: 600 },
        decision: 'place on n1',
        refused: ['3 nodes: n2 is not ready'],
      },
    });
  });

  it('has no starts where the plan has no forecast', () => {
    const outlook = outlookOf(planOf()).get('default/a');
    assert.deepEqual(outlook, { atSeconds: NOW, decision: 'place on n1', refused: ['3 nodes: n2 is not ready'] });
  });
});
