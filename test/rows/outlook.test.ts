import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { EarliestStart, Forecast } from '../../src/core/forecast/forecast.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { outlookOf } from '../../src/rows/outlook.ts';
import { plan } from '../core/plan/everything.ts';
import { amounts, aNode, aSnapshot, aTask, NOW } from '../core/small.ts';
import { inZone } from '../text/zones.ts';

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

  it('tells a time with its zone, which no tree names', () => {
    // Made 4 min ago; tasks may move for it once it has waited for 15 min. NOW is 13:46:40 UTC.
    const young = aTask('young', undefined, amounts(6, 1), { createdAtSeconds: NOW - 240 });
    const running = [aTask('a', 'n1', amounts(4, 1)), aTask('b', 'n2', amounts(4, 1))];
    const nodes = [aNode('n1', amounts(8, 64)), aNode('n2', amounts(8, 64))];
    const made = plan(aSnapshot(nodes, [...running, young]));
    const { help } = inZone('Asia/Kolkata', () => outlookOf(made)).get(young.id)!;
    assert.equal(help, 'plan again at 19:28 UTC+5:30: then tasks may move for it');
  });

  it('has no starts where the plan has no forecast', () => {
    const outlook = outlookOf(planOf()).get('default/a');
    const said = { why: 'nothing but a plan lifts its gate', help: 'this plan places it on n1' };
    assert.deepEqual(outlook, { atSeconds: NOW, ...said });
  });
});
