import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { InputError } from '../../../src/core/model/input.ts';
import type { Node } from '../../../src/core/model/node.ts';
import { DEFAULT_SETTINGS } from '../../../src/core/model/settings.ts';
import type { Task } from '../../../src/core/model/task.ts';
import { clusterCapacity, withoutTask, withTask } from '../../../src/core/place/capacity.ts';
import { RANKING_POLICIES } from '../../../src/core/place/policyNames.ts';
import { rankNodes } from '../../../src/core/place/rankNodes.ts';
import type { Predictions } from '../../../src/core/predict/prediction.ts';
import { describeRanked, describeRefusal } from '../../../src/text/placement.ts';
import { amounts, node, prediction, snapshot, sure, task } from './cluster.ts';

const HOUR = 3600;
const DAY = 86400;
const AT_START = { settings: DEFAULT_SETTINGS, nowSeconds: 0 };
const KNOWS_NOTHING = { predictions: {}, ...AT_START };

function rank(wanted: Task, nodes: readonly Node[], tasks: readonly Task[], predictions: Predictions, limit?: number) {
  const capacity = clusterCapacity(snapshot(nodes, tasks));
  return rankNodes(wanted, capacity, { predictions, ...AT_START }, limit === undefined ? {} : { limit });
}

describe('the ranking by time fit (S204)', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const nodes = [
    ...names.slice(0, 4).map((name) => node(name)),
    node('e', { allocatable: amounts({ milliCpu: 16_000, memoryBytes: 2 ** 40 }) }),
    node('f'),
  ];
  const held = { a: 10, b: 5, c: 1, d: 2 };
  const tasks = Object.keys(held).map((name) => task(`on-${name}`, { node: name }));
  const predictions = {
    ...Object.fromEntries(Object.entries(held).map(([name, hours]) => [`default/on-${name}`, sure(hours * HOUR)])),
    'default/new': sure(4 * HOUR),
  };

  it('takes nodes in use that outlive the task by X, then those it prolongs least, then the smallest empty one', () => {
    const { ranked, refused, fitting } = rank(task('new'), nodes, tasks, predictions);
    assert.deepEqual(
      ranked.map(({ node: name, fit }) => `${name} ${fit.rank}`),
      ['b outlives', 'a outlives', 'd prolongs', 'c prolongs', 'f empty', 'e empty'],
    );
    assert.deepEqual(refused, []);
    assert.equal(fitting, 6);
  });

  it('prints X = 1 − (t − t1)/T, and how far a node falls short on the same scale', () => {
    const { ranked } = rank(task('new'), nodes, tasks, predictions);
    const x = (name: string) => ranked.find(({ node: at }) => at === name)!.fit.x;
    // T = 168 h: b has 5 h for 4 h, a has 10 h, d has 2 h.
    assert.ok(Math.abs(x('b') - (1 - 1 / 168)) < 1e-12);
    assert.ok(Math.abs(x('a') - (1 - 6 / 168)) < 1e-12);
    assert.ok(Math.abs(x('d') - (1 - 2 / 168)) < 1e-12);
  });

  it('gives X at the 10th and the 90th percentile of both runtimes and exits', () => {
    const runs = Array.from({ length: 1001 }, (_, index) => index * 100);
    const banded = { 'default/on-a': prediction(runs), 'default/new': sure(20_000) };
    const fit = rank(task('new'), [node('a')], [task('on-a', { node: 'a' })], banded).ranked[0]!.fit;
    const expected = (t: number) => 1 - Math.abs(t - 20_000) / (7 * DAY);
    assert.ok(Math.abs(fit.xAtP10 - expected(10_000)) < 1e-6);
    assert.ok(Math.abs(fit.x - expected(50_000)) < 1e-6);
    assert.ok(Math.abs(fit.xAtP90 - expected(90_000)) < 1e-6);
  });

  it('puts an endless task beside endless ones, X = 1, rather than on nodes it would prolong', () => {
    const web = task('web', { node: 'a', endless: true });
    const { ranked } = rank(task('new', { endless: true }), nodes, [web, ...tasks.slice(1)], predictions);
    assert.deepEqual([ranked[0]!.node, ranked[0]!.fit.rank, ranked[0]!.fit.x], ['a', 'outlives', 1]);
  });

  it('breaks ties by name', () => {
    const twins = [node('b'), node('a')];
    const both = [task('x', { node: 'a' }), task('y', { node: 'b' })];
    const sureOf = { 'default/x': sure(HOUR), 'default/y': sure(HOUR), 'default/new': sure(60) };
    assert.deepEqual(
      rank(task('new'), twins, both, sureOf).ranked.map(({ node: name }) => name),
      ['a', 'b'],
    );
  });

  it('gives the best few of the same order when asked for few', () => {
    const all = rank(task('new'), nodes, tasks, predictions).ranked;
    for (let limit = 0; limit <= all.length; limit++) {
      assert.deepEqual(rank(task('new'), nodes, tasks, predictions, limit).ranked, all.slice(0, limit));
    }
  });

  it('says in a sentence why each node stands where it stands', () => {
    const { ranked } = rank(task('new'), nodes, tasks, predictions);
    assert.deepEqual(describeRanked(ranked[0]!), [
      'free for 5 h (until default/on-b ends); the task runs 4 h · time fit 0.998',
    ]);
  });

  it('gives empty lists for an empty cluster', () => {
    assert.deepEqual(rank(task('new'), [], [], {}), { ranked: [], refused: [], fitting: 0 });
  });
});

describe('the ranking and deadlines', () => {
  const spot = (hours: number) => node('spot', { deadline: { atSeconds: hours * HOUR, source: 'spot' } });
  // Of 101 past runs 0 … 100 min, 10 % take longer than 90 min.
  const runs = Array.from({ length: 1001 }, (_, index) => index * 6);

  it('refuses a node that ends before the task with more than the allowed probability', () => {
    const wanted = task('new');
    const predictions = { 'default/new': prediction(runs) };
    assert.equal(rank(wanted, [spot(1.51)], [], predictions).fitting, 1);
    const { refusal } = rank(wanted, [spot(1)], [], predictions).refused[0]!;
    assert.equal(refusal.code, 'deadline');
    assert.ok(refusal.code === 'deadline' && Math.abs(refusal.probability - 0.4) < 0.01, JSON.stringify(refusal));
    assert.equal(
      describeRefusal('spot', refusal),
      'spot ends in 1 h (spot notice); the task would still run with 40 % probability, 10 % is allowed',
    );
  });

  it('lets an endless task onto a leased node, but not onto one whose end is announced', () => {
    const leased = node('leased', { deadline: { atSeconds: 20 * DAY, source: 'expiry' } });
    const { ranked, refused } = rank(task('web', { endless: true }), [leased, spot(1)], [], {});
    assert.deepEqual(
      [ranked.map(({ node: name }) => name), refused.map(({ node: name }) => name)],
      [['leased'], ['spot']],
    );
  });

  it("believes the task's own limit", () => {
    const limited = task('new', { runtimeLimitSeconds: HOUR });
    assert.equal(rank(limited, [spot(1)], [], { 'default/new': sure(10 * HOUR) }).fitting, 1);
    assert.equal(rank(limited, [spot(0.9)], [], {}).fitting, 0);
  });
});

describe('the ranking and its policies', () => {
  it('refuses a policy it does not know, naming those it does', () => {
    const settings = { ...DEFAULT_SETTINGS, policyWeights: { luck: 1 } };
    const capacity = clusterCapacity(snapshot([node('a')], []));
    assert.throws(
      () => rankNodes(task('new'), capacity, { ...KNOWS_NOTHING, settings }),
      (error) => error instanceof InputError && /no policy "luck".*timeFit/.test(error.message),
    );
    const none = { ...settings, policyWeights: { timeFit: 0 } };
    assert.throws(() => rankNodes(task('new'), capacity, { ...KNOWS_NOTHING, settings: none }), InputError);
  });

  /** Two cores of eight taken on `a`, six on `b`. */
  const uneven = [
    task('x', { node: 'a', request: amounts({ milliCpu: 2000, memoryBytes: 2 ** 30 }) }),
    task('y', { node: 'b', request: amounts({ milliCpu: 6000, memoryBytes: 2 ** 30 }) }),
  ];
  const mixed = (policyWeights: Record<string, number>, given: Partial<Node> = {}, wanted = task('new')) =>
    rankNodes(wanted, clusterCapacity(snapshot([node('a', given), node('b', given)], uneven)), {
      predictions: { 'default/x': sure(2 * HOUR), 'default/y': sure(90 * HOUR), 'default/new': sure(HOUR) },
      settings: { ...DEFAULT_SETTINGS, policyWeights },
      nowSeconds: 0,
    });

  it('ranks by the policy that is chosen by name', () => {
    assert.deepEqual(
      mixed({ leastAllocated: 1 }).ranked.map(({ node: name }) => name),
      ['a', 'b'],
    );
    assert.deepEqual(
      mixed({ mostAllocated: 1 }).ranked.map(({ node: name }) => name),
      ['b', 'a'],
    );
    assert.deepEqual(
      mixed({ timeFit: 1 }).ranked.map(({ node: name }) => name),
      ['a', 'b'],
    );
  });

  for (const policy of ['nilas', 'stowage-time']) {
    it(`knows with ${policy} for how long running tasks hold each node`, () => {
      // An hour's work, asked after half an hour: a, two equal nodes' first by name, is held for ten minutes more, b for 9.5 h.
      const { ranked } = rankNodes(
        task('new'),
        clusterCapacity(snapshot([node('a'), node('b')], [task('x', { node: 'a' }), task('y', { node: 'b' })])),
        {
          predictions: { 'default/x': sure((40 / 60) * HOUR), 'default/y': sure(10 * HOUR), 'default/new': sure(HOUR) },
          settings: { ...DEFAULT_SETTINGS, policyWeights: { [policy]: 1 } },
          nowSeconds: HOUR / 2,
        },
      );
      assert.deepEqual(
        ranked.map(({ node: name }) => name),
        ['b', 'a'],
      );
      assert.match(describeRanked(ranked[0]!).join(' '), /ends before the node empties/i);
      assert.match(describeRanked(ranked[1]!).join(' '), /holds? the node 50 min longer/);
    });
  }

  it('mixes scores by their weights, and shows each part with its words', () => {
    const { ranked } = mixed({ timeFit: 3, mostAllocated: 1 });
    for (const { score, parts } of ranked) {
      const [time, most] = parts;
      assert.ok(Math.abs(score - (3 * time!.score + most!.score) / 4) < 1e-12);
      assert.deepEqual([time!.policy, time!.weight, most!.policy, most!.weight], ['timeFit', 3, 'mostAllocated', 1]);
    }
    // Most allocated: b 1, a 0; the weights decide who is first.
    assert.deepEqual(
      mixed({ timeFit: 1, mostAllocated: 100 }).ranked.map(({ node: name }) => name),
      ['b', 'a'],
    );
    assert.match(describeRanked(ranked[0]!)[1]!, /^Scores \d+: with the task .* % of CPU.* · most allocated \d\.\d{3}/);
  });

  it('ranks with every policy it names: scores in 0…1, the same again, each with a reason', () => {
    const gpus = { allocatable: amounts({ milliCpu: 8000, memoryBytes: 2 ** 35, gpuMilli: 4000 }) };
    const wanted = task('new', { request: amounts({ milliCpu: 1000, memoryBytes: 2 ** 30, gpuMilli: 500 }) });
    for (const policy of RANKING_POLICIES) {
      const { ranked } = mixed({ [policy]: 1 }, gpus, wanted);
      assert.equal(ranked.length, 2, policy);
      for (const each of ranked) {
        assert.ok(each.score >= 0 && each.score <= 1, `${policy} ${each.score}`);
        assert.ok(describeRanked(each)[0]!.length > 20, policy);
      }
      assert.deepEqual(mixed({ [policy]: 1 }, gpus, wanted), mixed({ [policy]: 1 }, gpus, wanted));
    }
  });
});

describe('a capacity', () => {
  const wide = task('wide', { request: amounts({ milliCpu: 5000 }) });

  it('takes a placed task into account at once (S205), and gives it back', () => {
    const capacity = clusterCapacity(snapshot([node('a')], []));
    const taken = withTask(capacity, wide, 'a');
    const again = { ...wide, id: 'default/again' };
    assert.equal(rankNodes(again, taken, KNOWS_NOTHING).fitting, 0);
    assert.equal(rankNodes(again, capacity, KNOWS_NOTHING).fitting, 1);
    assert.deepEqual(withoutTask(taken, taken.nodes[0]!.tasks[0]!), capacity);
  });

  it('ranks alike whatever order nodes and tasks come in', () => {
    const world = fc.record({
      hours: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 12 }),
      seed: fc.integer(),
      wanted: fc.integer({ min: 1, max: 60 }),
    });
    fc.assert(
      fc.property(world, ({ hours, seed, wanted }) => {
        const nodes = hours.map((_, index) => node(`n${index}`));
        const tasks = hours.map((_, index) => task(`t${index}`, { node: `n${index}` }));
        const predictions = {
          ...Object.fromEntries(hours.map((each, index) => [`default/t${index}`, sure(each * HOUR)])),
          'default/new': sure(wanted * HOUR),
        };
        const turn = Math.abs(seed) % hours.length;
        const turned = <T>(all: readonly T[]) => [...all.slice(turn), ...all.slice(0, turn)].reverse();
        assert.deepEqual(
          rank(task('new'), turned(nodes), turned(tasks), predictions),
          rank(task('new'), nodes, tasks, predictions),
        );
      }),
    );
  });
});
