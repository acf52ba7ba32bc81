import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { dominantShare } from '../../src/core/defrag/candidates.ts';
import { simulationStart } from '../../src/core/fleet/fromSnapshot.ts';
import { countArrivals } from '../../src/core/forecast/arrivals.ts';
import { forecast } from '../../src/core/forecast/forecast.ts';
import { withMoves } from '../../src/core/forecast/scenarios.ts';
import { maxResources } from '../../src/core/model/resources.ts';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import type { ResizeState, Task } from '../../src/core/model/task.ts';
import { clusterCapacity } from '../../src/core/place/capacity.ts';
import { nodeFilter } from '../../src/core/place/filter.ts';
import { adviseResizes } from '../../src/core/resize/adviseResizes.ts';
import { amounts, aNode, aSnapshot, aTask, certain, HOUR, NOW, used } from './small.ts';

type Resizing = { readonly granted: number; readonly wanted: number; readonly kind: ResizeState['kind'] };

const NODE_CORES = 32;

/** A running task whose resize is under way, as a cluster's reader makes it: an infeasible spec is not held (KEP-1287). */
function resizing({ granted, wanted, kind }: Resizing, index: number): Task {
  const [actual, desired] = [amounts(granted, 1), amounts(wanted, 1)];
  const allocation = kind === 'infeasible' ? actual : maxResources(actual, desired);
  return aTask(`r${index}`, 'n', actual, { allocation, desired, resizeState: { kind, message: '' } });
}

function held({ granted, wanted, kind }: Resizing): number {
  return kind === 'infeasible' ? granted : Math.max(granted, wanted);
}

/** Free milli-CPU of the one node, as each package that decides by it sees it. */
function freeBySight(snapshot: Snapshot): Record<string, number> {
  const capacity = clusterCapacity(snapshot);
  const node = capacity.nodes[0]!;
  const { fleet } = simulationStart(snapshot);
  const tooLarge = aTask('too-large', undefined, amounts(10 * NODE_CORES));
  const refusal = nodeFilter(tooLarge, capacity)(node);
  return {
    placement: node.free.milliCpu,
    'placement’s reason': refusal?.code === 'resource' ? refusal.free : Number.NaN,
    'the fleet of simulations': fleet.freeMilliCpu[0]!,
    forecast: freeCpuNow(snapshot),
    'the forecast without moves': freeCpuNow(withMoves(snapshot, [], DEFAULT_SETTINGS)),
    defragmentation: Math.round((1 - dominantShare(node).fraction) * 1000 * NODE_CORES),
  };
}

function freeCpuNow(snapshot: Snapshot): number {
  const arrivals = countArrivals([], snapshot, NOW);
  const request = { scenarios: { nothing: snapshot }, predictions: {}, arrivals, settings: DEFAULT_SETTINGS };
  const drawn = forecast({ ...request, seed: 1, samples: 1 }).next().value;
  return drawn.scenarios[0]!.moments[0]!.free['milliCpu']!.p50;
}

describe('what a task holds', () => {
  it('is one figure for all that reckon with free amounts, whatever a resize is at', () => {
    // 32 cores less 1 (infeasible 6 is not held), less 3 (deferred), less 2 (a shrink in progress still holds 2): 26.
    const states: Resizing[] = [
      { granted: 1, wanted: 6, kind: 'infeasible' },
      { granted: 1, wanted: 3, kind: 'deferred' },
      { granted: 2, wanted: 1, kind: 'inProgress' },
    ];
    const sight = freeBySight(aSnapshot([aNode('n', amounts(NODE_CORES, 64))], states.map(resizing)));
    for (const [who, free] of Object.entries(sight)) assert.equal(free, 26_000, who);
  });

  it('is that on any mix of resizes', () => {
    const kind = fc.constantFrom<ResizeState['kind'][]>('infeasible', 'deferred', 'inProgress');
    const cores = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(
        fc.array(fc.record({ granted: cores, wanted: cores, kind }), { minLength: 1, maxLength: 5 }),
        (states) => {
          const sight = freeBySight(aSnapshot([aNode('n', amounts(NODE_CORES, 64))], states.map(resizing)));
          const free = 1000 * (NODE_CORES - states.reduce((sum, state) => sum + held(state), 0));
          for (const [who, seen] of Object.entries(sight)) assert.equal(seen, free, who);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('leaves an expand what an infeasible resize beside it does not hold', () => {
    // 8 cores less 1 (infeasible 6 is not held) less the hungry task's own 2: 5, of the 6 (30 % of 20) that it wants.
    const hungry = aTask('hungry', 'n', amounts(20, 1), { allocation: amounts(2, 1), desired: amounts(2, 1) });
    const tasks = [resizing({ granted: 1, wanted: 6, kind: 'infeasible' }, 0), hungry];
    const usage = { [hungry.id]: used(amounts(40, 1)) };
    const snapshot = aSnapshot([aNode('n', amounts(8, 64))], tasks, { usage });
    const predictions = certain({ [hungry.id]: 10 * HOUR });
    const capacity = clusterCapacity(snapshot);
    const { advice } = adviseResizes({ snapshot, capacity, predictions, settings: DEFAULT_SETTINGS, since: {} });
    const decision = advice.find(({ taskId }) => taskId === hungry.id)?.decision;
    assert.ok(decision?.kind === 'wait', JSON.stringify(decision));
    assert.deepEqual([decision.amount, decision.free], [6000, 5000]);
  });
});
