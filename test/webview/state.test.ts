import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { EMPTY_MODEL, MOVES_PAGE, parseChoices, reduce, wholeForecast } from '../../webview/state.ts';

const host = (planId: string) => ({ type: 'state', state: { cluster: 'c', steps: [], planId } }) as const;
const choose = (moveId: string, on: boolean) => ({ type: 'choose', moveId, on, all: ['a', 'b', 'c'] }) as const;

const withPlan = (planId: string) =>
  ({
    type: 'state',
    state: {
      cluster: 'c',
      steps: [],
      planId,
      plan: new TextEncoder().encode(JSON.stringify({ id: planId, moves: [] })),
    },
  }) as const;

describe('the state of the plan panel', () => {
  it('begins with all moves chosen and takes one out', () => {
    const model = reduce(reduce(EMPTY_MODEL, host('p')), choose('b', false));
    assert.deepEqual(model.choices.chosen, ['a', 'c']);
  });

  it('keeps the order of the plan when a move is chosen again', () => {
    const without = reduce(EMPTY_MODEL, choose('a', false));
    assert.deepEqual(reduce(without, choose('a', true)).choices.chosen, ['a', 'b', 'c']);
  });

  it('keeps the plan that a later state of the same plan does not carry', () => {
    const first = reduce(EMPTY_MODEL, withPlan('p'));
    assert.deepEqual(reduce(first, host('p')).plan, { id: 'p', moves: [] });
    assert.equal(reduce(first, host('q')).plan, undefined);
  });

  it('lists a page of moves more each time, and the first page again of another plan', () => {
    const more = reduce(reduce(reduce(EMPTY_MODEL, withPlan('p')), { type: 'listMore' }), { type: 'listMore' });
    assert.equal(more.choices.listed, 3 * MOVES_PAGE);
    assert.equal(reduce(more, withPlan('q')).choices.listed, undefined);
  });

  it('shows no plan once the host has none, as after another cluster was opened', () => {
    const none = { type: 'state', state: { cluster: 'other', steps: [] } } as const;
    assert.equal(reduce(reduce(EMPTY_MODEL, withPlan('p')), none).plan, undefined);
  });

  it('keeps the choice over progress and a reload, and forgets it with a new plan', () => {
    const chosen = reduce(reduce(EMPTY_MODEL, host('p')), choose('b', false));
    assert.deepEqual(reduce(chosen, host('p')).choices.chosen, ['a', 'c']);
    const reloaded = { ...EMPTY_MODEL, choices: parseChoices(JSON.parse(JSON.stringify(chosen.choices))) };
    const connecting = { type: 'state', state: { cluster: 'c', steps: [], busy: 'connecting' } } as const;
    assert.deepEqual(reduce(reduce(reloaded, connecting), host('p')).choices.chosen, ['a', 'c']);
    assert.equal(reduce(chosen, host('q')).choices.chosen, undefined);
  });

  it('takes nothing from kept choices that are out of shape', () => {
    for (const value of [null, 7, 'p', [], { chosen: 'all', task: {}, planId: 3 }])
      assert.deepEqual(parseChoices(value), {});
    assert.deepEqual(parseChoices({ chosen: ['a', 7, null] }), { chosen: ['a'] });
  });

  it('keeps the tried ranking and the what-ifs as the host sends them, and draws these beside the plan’s scenarios', () => {
    const whatIf = {
      planId: 'p',
      change: { kind: 'lost', node: 'a' },
      forecast: { scenarios: [{ name: 'without a' }] },
    };
    const state = { cluster: 'c', steps: [], planId: 'p', whatIfs: [whatIf] };
    const { host: kept } = reduce(EMPTY_MODEL, { type: 'state', state } as unknown as Parameters<typeof reduce>[1]);
    assert.deepEqual(kept.whatIfs, [whatIf]);
    const own = { scenarios: [{ name: 'nothing' }, { name: 'plan' }] } as unknown as Parameters<
      typeof wholeForecast
    >[0];
    const names = wholeForecast(own, kept.whatIfs).scenarios.map(({ name }) => name);
    assert.deepEqual(names, ['nothing', 'plan', 'without a']);
    assert.deepEqual(wholeForecast(own), own);
  });
});
