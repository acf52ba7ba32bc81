/**
 * How fast nodes are ranked: `node bench/place.ts [--nodes 10000]`, ten running tasks a node. Prints milliseconds of one
 * ranking once the capacity and its available times are known: the median of 300, and the best, which other work on the
 * machine disturbs least.
 */
import { parseArgs } from 'node:util';
import { DEFAULT_SETTINGS } from '../src/core/model/settings.ts';
import type { Task } from '../src/core/model/task.ts';
import { availableTimes } from '../src/core/place/availableTime.ts';
import { clusterCapacity, withTask } from '../src/core/place/capacity.ts';
import { rankNodes } from '../src/core/place/rankNodes.ts';
import { madeUpCluster } from './madeUpCluster.ts';

const { values } = parseArgs({ options: { nodes: { type: 'string', default: '10000' } } });
const nodes = Number(values.nodes);
const { snapshot, predictions } = madeUpCluster(nodes, 10 * nodes);
const now = snapshot.takenAtSeconds;
const expectations = { predictions, settings: DEFAULT_SETTINGS, nowSeconds: now };
const limit = 20;

const capacity = timed(`capacity of ${nodes} nodes and ${10 * nodes} tasks`, () => clusterCapacity(snapshot));
timed('available times of all nodes', () => availableTimes(capacity, predictions, DEFAULT_SETTINGS, now));

const pending = snapshot.tasks.find(({ phase }) => phase === 'pending')!;
const small = {
  ...pending,
  request: { ...pending.request, milliCpu: 100, memoryBytes: 1e6, gpuMilli: 0 },
  gpuCount: 0,
};
const cases: Readonly<Record<string, Task>> = {
  'fits nearly everywhere': held(small),
  'asks for a GPU': held(pending),
  'fits nowhere': held({ ...pending, request: { ...pending.request, milliCpu: 1e6 } }),
  'bound to a zone': held({ ...small, constraints: { nodeSelector: { zone: 'z1' } } }),
};
console.log('\ntask | nodes that fit | median ms | best ms');
console.log('--- | ---: | ---: | ---:');
for (const [name, task] of Object.entries(cases)) {
  const rank = () => rankNodes(task, capacity, expectations, { limit });
  const { median, best } = repeated(rank, 300);
  console.log(`${name} | ${rank().fitting} | ${median.toFixed(2)} | ${best.toFixed(2)}`);
}
let left = capacity;
const placing = repeated(() => {
  const { ranked } = rankNodes(held(small), left, expectations, { limit });
  left = withTask(left, held(small), ranked[0]!.node);
}, 100);
console.log(`place one task after the other | | ${placing.median.toFixed(2)} | ${placing.best.toFixed(2)}`);

function held(task: Task): Task {
  return { ...task, allocation: task.request, desired: task.request };
}

function timed<Value>(what: string, make: () => Value): Value {
  const begun = performance.now();
  const made = make();
  console.log(`${what}: ${Math.round(performance.now() - begun)} ms`);
  return made;
}

function repeated(act: () => unknown, times: number): { readonly median: number; readonly best: number } {
  const took = Array.from({ length: times }, () => {
    const begun = performance.now();
    act();
    return performance.now() - begun;
  }).sort((left, right) => left - right);
  return { median: took[times >> 1]!, best: took[0]! };
}
