import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { SolveProgram } from '../../../src/core/model/program.ts';
import type { Packing } from '../../../src/core/replay/sharePrices.ts';
import { sharePrices } from '../../../src/core/replay/sharePrices.ts';
import { loadSolver } from '../../../src/io/highs.ts';

/** Kinds by amount, how many wait, and GPUs by the amounts on them. */
function packing(amounts: readonly number[], waiting: Record<number, number>, gpus: readonly number[][]): Packing {
  return {
    kinds: amounts.map((gpuMilli) => ({ gpuMilli, gpuModels: [] })),
    waiting: amounts.map((amount) => waiting[amount] ?? 0),
    gpus: gpus.map((held) => ({
      gpuModel: undefined,
      shares: held.map((amount) => amounts.indexOf(amount)),
      count: 1,
    })),
  };
}

describe('the prices of shares', () => {
  let solve: SolveProgram;
  before(async () => {
    solve = await loadSolver();
  });

  it('bound what the best packing admits: nothing where rests add up and cannot be put together', () => {
    // Rests of 400 and 400 beside 600 and 600: no packing puts 800 beside them, one of 400 comes to each.
    const bound = (waiting: Record<number, number>) =>
      sharePrices(packing([600, 400, 800], waiting, [[600], [600]]), solve).boundMilli;
    assert.ok(Math.abs(bound({ 800: 5 })) < 1e-6);
    assert.ok(Math.abs(bound({ 800: 5, 400: 1 }) - 400) < 1e-6);
    assert.ok(Math.abs(bound({ 800: 5, 400: 5 }) - 800) < 1e-6);
    assert.ok(Math.abs(bound({})) < 1e-6);
  });

  it('are paid by waste alone: no set that fits is worth more than its GPU', () => {
    // Rests 70, 100 and 30, which 600 + 400, 500 + 500, 470 + 330 + 200 turn into room for 200.
    const held = [
      [600, 330],
      [500, 400],
      [470, 500],
    ];
    const amounts = [600, 500, 470, 400, 330, 200];
    const prices = sharePrices(packing(amounts, { 200: 1 }, held), solve);
    assert.ok(prices.boundMilli >= 200 - 1e-6);
    const worth = (set: readonly number[]) =>
      set.reduce((sum, amount) => sum + prices.priceOf(amounts.indexOf(amount)), 0);
    const whole = prices.worthOf(undefined, 1000);
    for (const set of [...held, [600, 400], [500, 500], [470, 330, 200], [200, 200, 200, 200, 200]]) {
      assert.ok(worth(set) <= whole + 1e-6, `${set}`);
    }
    const wasted = held.reduce((sum, set) => sum + whole - worth(set), 0);
    assert.ok(wasted <= prices.boundMilli + 1e-6 && wasted > 0);
  });

  it('give room to a share that asks for a model on GPUs of that model alone', () => {
    const kinds = [
      { gpuMilli: 600, gpuModels: [] },
      { gpuMilli: 400, gpuModels: ['T4'] },
    ];
    const bound = (gpuModel: string) =>
      sharePrices({ kinds, waiting: [0, 1], gpus: [{ gpuModel, shares: [0], count: 1 }] }, solve).boundMilli;
    assert.ok(Math.abs(bound('T4') - 400) < 1e-6);
    assert.ok(Math.abs(bound('P100')) < 1e-6);
  });

  it('are none where there are no GPUs', () => {
    assert.ok(Math.abs(sharePrices({ kinds: [], waiting: [], gpus: [] }, solve).boundMilli) < 1e-6);
  });
});
