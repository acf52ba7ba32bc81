import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { EMPTY_MODEL, reduce } from '../../webview/state.ts';

const host = (planId: string) => ({ type: 'state', state: { cluster: 'c', steps: [], planId } }) as const;
const choose = (moveId: string, on: boolean) => ({ type: 'choose', moveId, on, all: ['a', 'b', 'c'] }) as const;

describe('the state of the plan panel', () => {
  it('begins with all moves chosen and takes one out', () => {
    const model = reduce(reduce(EMPTY_MODEL, host('p')), choose('b', false));
    assert.deepEqual(model.chosen, ['a', 'c']);
  });

  it('keeps the order of the plan when a move is chosen again', () => {
    const without = reduce(EMPTY_MODEL, choose('a', false));
    assert.deepEqual(reduce(without, choose('a', true)).chosen, ['a', 'b', 'c']);
  });

  it('keeps the plan that a later state of the same plan does not carry', () => {
    const first = reduce(EMPTY_MODEL, {
      type: 'state',
      state: { cluster: 'c', steps: [], planId: 'p', plan: { moves: [] } },
    });
    assert.deepEqual(reduce(first, host('p')).host.plan, { moves: [] });
    assert.equal(reduce(first, host('q')).host.plan, undefined);
  });

  it('keeps the choice over progress, and forgets it with a new plan', () => {
    const chosen = reduce(reduce(EMPTY_MODEL, host('p')), choose('b', false));
    assert.deepEqual(reduce(chosen, host('p')).chosen, ['a', 'c']);
    assert.equal(reduce(chosen, host('q')).chosen, undefined);
  });
});
