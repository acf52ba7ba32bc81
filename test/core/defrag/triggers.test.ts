import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { findTriggers } from '../../../src/core/defrag/triggers.ts';
import { DEFAULT_SETTINGS } from '../../../src/core/model/settings.ts';
import type { Since } from '../../../src/core/model/since.ts';
import { clusterCapacity } from '../../../src/core/place/capacity.ts';
import { amounts, aNode, aSnapshot, aTask, HOUR, NOW } from '../small.ts';

const nodes = ['n1', 'n2', 'n3'].map((name) => aNode(name, amounts(10, 64)));
const filled = (cores: number[]) => cores.map((held, index) => aTask(`t${index}`, `n${index + 1}`, amounts(held, 1)));
const capacityOf = (cores: number[]) => clusterCapacity(aSnapshot(nodes, filled(cores)));

describe('triggers of a defragmentation (S407)', () => {
  it('(a) want two nodes above the preset, and count from when the second was', () => {
    const none = findTriggers([], capacityOf([5, 8, 9]), DEFAULT_SETTINGS, {}, NOW);
    assert.deepEqual([none.triggers, none.since], [[], { 'free n1': NOW }]);
    const since = { 'free n1': NOW - HOUR, 'free n2': NOW - 600 };
    const young = findTriggers([], capacityOf([5, 6, 9]), DEFAULT_SETTINGS, since, NOW);
    const trigger = { kind: 'freeNodes', nodes: ['n1', 'n2'], sinceSeconds: NOW - 600, held: false };
    assert.deepEqual(young.triggers, [trigger]);
    const old = findTriggers([], capacityOf([5, 6, 9]), DEFAULT_SETTINGS, { ...since, 'free n2': NOW - 900 }, NOW);
    assert.equal(old.triggers[0]?.held, true);
  });

  it('forget a node that fell below the preset, so that it begins again', () => {
    const { since } = findTriggers([], capacityOf([8, 6, 9]), DEFAULT_SETTINGS, { 'free n1': NOW - HOUR }, NOW);
    assert.deepEqual(since, { 'free n2': NOW });
  });

  it('find the same however often somebody looked in between', () => {
    const capacity = capacityOf([5, 6, 9]);
    const looks = fc.array(fc.integer({ min: 0, max: HOUR }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(looks, (moments) => {
        const waiting = [aTask('p', undefined, amounts(9, 1), { gated: false })];
        const at = (moment: number, since: Since) =>
          findTriggers(waiting, capacity, DEFAULT_SETTINGS, since, NOW + moment);
        const last = Math.max(...moments);
        const often = [0, ...moments.toSorted((left, right) => left - right)].reduce(
          (since, moment) => at(moment, since).since,
          {} as Since,
        );
        assert.deepEqual(at(last, often), at(last, at(0, {}).since));
        assert.equal(
          at(last, often).triggers.every(({ held }) => held),
          last >= 900,
        );
      }),
    );
  });

  it('(b) want more free together than the task asks for, on nodes that could take it', () => {
    const capacity = capacityOf([6, 6, 6]); // 4 cores free on each
    const found = (task: Parameters<typeof aTask>[3], cores: number) =>
      findTriggers(
        [aTask('p', undefined, amounts(cores, 1), task)],
        capacity,
        DEFAULT_SETTINGS,
        {},
        NOW,
      ).triggers.filter(({ kind }) => kind === 'unscheduled');
    assert.equal(found({}, 9).length, 1);
    assert.equal(found({}, 11).length, 0); // larger than any node
    assert.equal(found({ constraints: { nodeName: 'n1' } }, 9).length, 0); // n1 alone has 4
    const [trigger] = found({ gated: false, unschedulableSinceSeconds: NOW - 1000 }, 9);
    assert.deepEqual([trigger?.sinceSeconds, trigger?.held], [NOW - 1000, true]);
  });
});
