import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import type { Task } from '../../src/core/model/task.ts';
import type { Usage } from '../../src/core/model/usage.ts';
import { distributionOf } from '../../src/core/predict/distribution.ts';
import type { RuntimePrediction } from '../../src/core/predict/prediction.ts';
import { clusterView, KnownRows } from '../../src/rows/clusterView.ts';
import { amounts, aNode, aSnapshot, aTask, NOW } from '../core/small.ts';
import { inZone } from '../text/zones.ts';

const NODES = ['m', 'n', 'o'].map((name) => aNode(name, amounts(8, 8)));
const predictionOf = (seconds: number): RuntimePrediction => ({
  runtime: distributionOf([seconds]),
  predictor: 'med5',
  basis: `${seconds} s`,
});
const usageOf = (milliCpu: number): Usage => ({
  mean: amounts(milliCpu, 1),
  peak: amounts(milliCpu, 1),
  fromSeconds: NOW - 60,
  toSeconds: NOW,
  readings: 1,
  source: 'observed',
});

/** Two versions of each node, so that one can be changed by another. */
const VERSIONS = [NODES, NODES.map((node) => ({ ...node, ready: false }))] as const;

/** What a task is in one snapshot: absent, or where it runs, its prediction and its usage. Few choices, so that much stays. */
const anyStep = fc.record({
  tasks: fc.dictionary(
    fc.constantFrom(...'abc'),
    fc.record({ node: fc.constantFrom('m', 'gone', undefined), runtime: fc.nat(1), usage: fc.nat(1) }),
  ),
  nodes: fc.dictionary(fc.constantFrom('0', '1'), fc.nat(1)),
  isRefused: fc.nat(9).map((of10) => of10 === 0),
});

describe('the rows of a cluster', () => {
  it('are the same whether they were made from the start or followed what has changed', () => {
    const tasks = new Map<string, Task>();
    const predictions = [100, 200].map(predictionOf);
    const usages = [1].map(usageOf);
    const rights = [{}, { migrate: { '*': 'patch jobs' } }];
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 6 }), (steps) => {
        const known = new KnownRows();
        for (const step of steps) {
          const ids = Object.keys(step.tasks).sort();
          const present = ids.map((id) => {
            const { node } = step.tasks[id]!;
            const key = `${id} ${node}`;
            if (!tasks.has(key)) {
              tasks.set(key, aTask(id, node, amounts(1, 1), { startedAtSeconds: NOW - 50 }));
            }
            return tasks.get(key)!;
          });
          const of = <T>(read: (id: string) => T | undefined) =>
            Object.fromEntries(
              ids.flatMap((id) => (read(id) === undefined ? [] : [[`default/${id}`, read(id)!]])),
            ) as Record<string, T>;
          const snapshot: Snapshot = {
            ...aSnapshot(
              Object.keys(step.nodes).map((index) => VERSIONS[step.nodes[index]! as 0 | 1][Number(index)]!),
              present,
            ),
            usage: of((id) => usages[step.tasks[id]!.usage]),
            rights: rights[Number(step.isRefused)]!,
          };
          const now = of((id) => predictions[step.tasks[id]!.runtime]);
          const followed = clusterView(snapshot, now, DEFAULT_SETTINGS, 'med5', known);
          assert.deepEqual(followed, clusterView(snapshot, now, DEFAULT_SETTINGS, 'med5'));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('tell times in the zone that the reader is in now, though nothing else has changed', () => {
    const task = aTask('a', 'm', amounts(1, 1));
    const most = { endedAtSeconds: 0, share: 0.6 };
    const basis = { code: 'pastRuns', runs: 2, most } as const;
    const predictions = { [task.id]: { ...predictionOf(60), basis } };
    const [known, snapshot] = [new KnownRows(), aSnapshot(NODES, [task])];
    const told = () => clusterView(snapshot, predictions, DEFAULT_SETTINGS, '', known).tasks[0]!.basis;
    assert.match(inZone('UTC', told)!, /1 Jan 00:00 UTC \(60 %\)/);
    assert.match(inZone('Asia/Shanghai', told)!, /1 Jan 08:00 UTC\+8 \(60 %\)/);
  });

  it('tell the tasks of a node that has changed, or is new, though none of these has', () => {
    const task = aTask('a', 'm', amounts(1, 1));
    const known = new KnownRows();
    const rows = (nodes: typeof NODES) => clusterView(aSnapshot(nodes, [task]), {}, DEFAULT_SETTINGS, '', known).nodes;
    const ids = rows(NODES).find(({ name }) => name === 'm')?.taskIds;
    assert.deepEqual(ids, [task.id]);
    assert.deepEqual(rows(NODES.map((node) => ({ ...node }))).find(({ name }) => name === 'm')?.taskIds, ids);
    rows([]);
    assert.deepEqual(rows(NODES).find(({ name }) => name === 'm')?.taskIds, ids);
  });

  it('tell what the last plan says of a pending task, and are other objects only where it says something else', () => {
    const [waits, runs] = [
      aTask('a', undefined, amounts(1, 1), { createdAtSeconds: NOW - 9 }),
      aTask('b', 'm', amounts(1, 1)),
    ];
    const snapshot = aSnapshot(NODES, [waits, runs]);
    const known = new KnownRows();
    const view = () => clusterView(snapshot, {}, DEFAULT_SETTINGS, '', known);
    const before = view();
    assert.equal(before.tasks[0]?.waitsSinceSeconds, NOW - 9);
    const outlook = { atSeconds: NOW, why: 'no room', help: 'wait' };
    known.expect(
      new Map([
        [waits.id, outlook],
        [runs.id, outlook],
      ]),
    );
    const after = view();
    assert.equal(after.tasks[0]?.outlook, outlook);
    assert.equal(after.tasks[1]?.outlook, undefined);
    assert.equal(view().tasks[0], after.tasks[0]);
    known.expect(new Map());
    assert.deepEqual(view(), before);
  });

  it('are the same objects where nothing of them has changed, whatever the time', () => {
    const [a, b] = [aTask('a', 'm', amounts(1, 1)), aTask('b', 'n', amounts(1, 1))];
    const known = new KnownRows();
    const first = clusterView(aSnapshot(NODES, [a, b]), {}, DEFAULT_SETTINGS, '', known);
    const later = { ...aSnapshot(NODES, [a, { ...b, generation: 2 }]), takenAtSeconds: NOW + 1 };
    const second = clusterView(later, {}, DEFAULT_SETTINGS, '', known);
    assert.notEqual(second.tasks[0], first.tasks[0]); // rights were asked again
    const rights = later.rights;
    const third = clusterView({ ...later, tasks: [a, b], rights }, {}, DEFAULT_SETTINGS, '', known);
    assert.equal(third.tasks[0], second.tasks[0]);
    assert.notEqual(third.tasks[1], second.tasks[1]);
    assert.equal(third.nodes[0], second.nodes[0]);
    assert.notEqual(third.nodes[1], second.nodes[1]);
    assert.equal(third.nodes[2], second.nodes[2]);
  });
});
