import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { nextLook } from '../../../src/core/plan/nextLook.ts';
import { amounts, aNode, aSnapshot, aTask, HOUR, NOW, used } from '../small.ts';
import { plan } from './everything.ts';

describe('when planning again can say something else', () => {
  const n1 = aNode('n1', amounts(8, 64));

  it('is not known where nothing is waited for', () => {
    assert.equal(nextLook(plan(aSnapshot([], []))), undefined);
    assert.equal(nextLook(plan(aSnapshot([n1], [aTask('a', 'n1', amounts(6, 1))]))), undefined);
  });

  it('is when a trigger has held for as long as it must', () => {
    // Two nodes keep most of their CPU free, the first for 5 min, the second for 4: 11 of the 15 min are left.
    const nodes = [n1, aNode('n2', amounts(8, 64))];
    const since = { 'free n1': NOW - 300, 'free n2': NOW - 240 };
    assert.equal(nextLook(plan(aSnapshot(nodes, []), {}, since)), NOW + 660);
    assert.equal(nextLook(plan(aSnapshot(nodes, []), {}, { 'free n1': NOW - HOUR, 'free n2': NOW - HOUR })), undefined);
  });

  it('is the first of waits and of readings', () => {
    // A shrink that would leave less than is used is looked at again after 2 h.
    const tight = { 'default/a': used(amounts(1.8, 1)) };
    const tasks = [aTask('a', 'n1', amounts(4, 1)), aTask('b', 'n1', amounts(3, 1))];
    assert.equal(nextLook(plan(aSnapshot([n1], tasks, { usage: tight }))), NOW + 2 * HOUR);
    const usage = { ...tight, 'default/b': { ...used(amounts(3, 1)), fromSeconds: NOW - 20, readings: 1 } };
    assert.equal(nextLook(plan(aSnapshot([n1], tasks, { usage }))), NOW + 40);
  });
});
