import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { EarliestStart, ScenarioForecast } from '../../../src/core/forecast/forecast.ts';
import { startAfter, startIn } from '../../../src/core/plan/starts.ts';
import { everything, plan } from './everything.ts';

const made = plan(everything());

function scenario(name: string, starts: readonly EarliestStart[]): ScenarioForecast {
  return { name, moments: [], starts };
}

describe('when a pending task starts in a scenario', () => {
  const start = { task: 'default/other', startedFraction: 1, admittingNodes: 2 };

  it('is now where it runs from the beginning, or in every future', () => {
    assert.deepEqual(startIn(made, scenario('plan', []), 'default/fits'), { kind: 'now' });
    assert.deepEqual(startIn(made, scenario('nothing', [{ ...start, p50: 0, p90: 0 }]), 'default/other'), {
      kind: 'now',
    });
  });

  it('is later, with what is known of when', () => {
    const of = (earliest: Partial<EarliestStart>) =>
      startIn(made, scenario('nothing', [{ ...start, ...earliest }]), 'default/other');
    assert.deepEqual(of({ p10: 30, p50: 60, p90: 90 }), { kind: 'in', p10: 30, p50: 60, p90: 90 });
    assert.deepEqual(of({ p50: 0, startedFraction: 0.8 }), { kind: 'in', p10: 0, p50: 0 });
    assert.deepEqual(of({ startedFraction: 0.2 }), { kind: 'later', startedFraction: 0.2 });
    assert.deepEqual(of({ startedFraction: 0, admittingNodes: 0, gated: true }), { kind: 'never' });
  });

  it('comes nearer, and is now when it was due', () => {
    assert.deepEqual(startAfter({ kind: 'in', p10: 0, p50: 60, p90: 90 }, 30), {
      kind: 'in',
      p10: 0,
      p50: 30,
      p90: 60,
    });
    assert.deepEqual(startAfter({ kind: 'in', p10: 0, p50: 60 }, 90), { kind: 'in', p10: 0, p50: 0 });
    assert.deepEqual(startAfter({ kind: 'gated' }, 30), { kind: 'gated' });
  });

  it('is not behind a gate that nobody lifts; nor, in plans of 0.1.0, where the plan alone would lift it', () => {
    const gated = { ...start, gated: true } as const;
    assert.deepEqual(startIn(made, scenario('plan', [gated]), 'default/other'), { kind: 'gated' });
    const old = { ...start, task: 'default/fits', p50: 0, p90: 0 };
    assert.deepEqual(startIn(made, scenario('nothing', [old]), 'default/fits'), { kind: 'gated' });
    assert.deepEqual(startIn(made, scenario('plan', [old]), 'default/fits'), { kind: 'now' });
  });
});
