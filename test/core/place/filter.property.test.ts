import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Node } from '../../../src/core/model/node.ts';
import type { Task } from '../../../src/core/model/task.ts';
import { clusterCapacity, withoutTask, withTask } from '../../../src/core/place/capacity.ts';
import { nodeFilter } from '../../../src/core/place/filter.ts';
import { amounts, node, snapshot, task } from './cluster.ts';

const ZONES = ['z1', 'z2'];
const APPS = ['web', 'db'];
const NAMES = ['a', 'b', 'c', 'd'];

const nodeShape = fc.record({
  zone: fc.option(fc.constantFrom(...ZONES)),
  cores: fc.integer({ min: 1, max: 4 }),
  gpus: fc.integer({ min: 0, max: 2 }),
  tainted: fc.boolean(),
  maxTasks: fc.integer({ min: 1, max: 4 }),
});

const taskShape = fc.record({
  app: fc.constantFrom(...APPS),
  cores: fc.integer({ min: 0, max: 2 }),
  gpuMilli: fc.constantFrom(0, 0, 400, 1000, 2000),
  on: fc.constantFrom(...NAMES),
  shuns: fc.option(fc.constantFrom(...APPS), { freq: 3 }),
  nears: fc.option(fc.constantFrom(...APPS), { freq: 3 }),
  spreads: fc.option(fc.integer({ min: 1, max: 2 }), { freq: 3 }),
  tolerates: fc.boolean(),
});

type TaskShape = typeof taskShape extends fc.Arbitrary<infer Shape> ? Shape : never;

const worlds = fc.record({
  nodes: fc.tuple(nodeShape, nodeShape, nodeShape, nodeShape),
  held: fc.array(taskShape, { maxLength: 6 }),
  wanted: taskShape,
});

function asTask(name: string, shape: TaskShape, on?: string): Task {
  const term = (app: string) => ({ selector: { matchLabels: { app } }, namespaces: [], topologyKey: 'zone' });
  return task(name, {
    ...(on !== undefined && { node: on }),
    labels: { app: shape.app },
    request: amounts({ milliCpu: shape.cores * 1000, gpuMilli: shape.gpuMilli }),
    constraints: {
      ...(shape.shuns !== null && { podAntiAffinity: [term(shape.shuns)] }),
      ...(shape.nears !== null && { podAffinity: [term(shape.nears)] }),
      ...(shape.tolerates && { tolerations: [{ key: 'k', operator: 'Exists' as const }] }),
      ...(shape.spreads !== null && {
        topologySpread: [
          {
            maxSkew: shape.spreads,
            topologyKey: 'zone',
            whenUnsatisfiable: 'DoNotSchedule' as const,
            selector: { matchLabels: { app: shape.app } },
          },
        ],
      }),
    },
  });
}

function asNode(name: string, shape: typeof nodeShape extends fc.Arbitrary<infer Shape> ? Shape : never): Node {
  return node(name, {
    labels: shape.zone === null ? {} : { zone: shape.zone },
    taints: shape.tainted ? [{ key: 'k', value: '', effect: 'NoSchedule' }] : [],
    allocatable: amounts({ milliCpu: shape.cores * 1000, memoryBytes: 1, gpuMilli: shape.gpus * 1000 }),
    maxTasks: shape.maxTasks,
  });
}

describe('the filter on random clusters', () => {
  it('takes exactly the nodes on which every rule, read one by one, holds', () => {
    fc.assert(
      fc.property(worlds, ({ nodes, held, wanted }) => {
        const all = NAMES.map((name, index) => asNode(name, nodes[index]!));
        const tasks = held.map((shape, index) => asTask(`t${index}`, shape, shape.on));
        const capacity = clusterCapacity(snapshot(all, tasks));
        const filter = nodeFilter(asTask('new', wanted), capacity);
        const zoneOf = (name: string) => nodes[NAMES.indexOf(name)]!.zone;
        const inZone = (zone: string, of: string) =>
          held.filter(({ on, app }) => zoneOf(on) === zone && app === of).length;
        NAMES.forEach((name, index) => {
          const { cores, gpus, tainted, maxTasks, zone } = nodes[index]!;
          const here = held.filter(({ on }) => on === name);
          const freeCores = cores - here.reduce((sum, each) => sum + each.cores, 0);
          const gpuFree = capacity.nodes[index]!.gpuFree;
          const somewhere = held.some(({ on, app }) => zoneOf(on) !== null && app === wanted.nears);
          const rules = [
            wanted.tolerates || !tainted,
            here.length < maxTasks,
            wanted.cores === 0 || wanted.cores <= freeCores,
            wanted.gpuMilli === 0 ||
              wanted.gpuMilli <= 1000 * gpus - here.reduce((sum, each) => sum + each.gpuMilli, 0),
            wanted.gpuMilli === 0 ||
              gpuFree.filter((free) => free >= Math.min(1000, wanted.gpuMilli)).length >=
                Math.ceil(wanted.gpuMilli / 1000),
            wanted.spreads === null ||
              (zone !== null &&
                inZone(zone, wanted.app) +
                  1 -
                  Math.min(
                    ...ZONES.filter((each) => nodes.some((other) => other.zone === each)).map((each) =>
                      inZone(each, wanted.app),
                    ),
                  ) <=
                  wanted.spreads),
            wanted.nears === null ||
              (zone !== null && (inZone(zone, wanted.nears) > 0 || (!somewhere && wanted.app === wanted.nears))),
            wanted.shuns === null || zone === null || inZone(zone, wanted.shuns) === 0,
            zone === null || !held.some(({ on, shuns }) => zoneOf(on) === zone && shuns === wanted.app),
          ];
          const refusal = filter(capacity.nodes[index]!);
          assert.equal(refusal === undefined, rules.every(Boolean), `${name} ${JSON.stringify(refusal)} ${rules}`);
        });
      }),
      { numRuns: 2000 },
    );
  });

  it('has less capacity by what a task holds while it is there, and the same capacity after it went', () => {
    fc.assert(
      fc.property(worlds, ({ nodes, held, wanted }) => {
        const all = NAMES.map((name, index) => asNode(name, nodes[index]!));
        const capacity = clusterCapacity(
          snapshot(
            all,
            held.map((shape, index) => asTask(`t${index}`, shape, shape.on)),
          ),
        );
        const taken = withTask(capacity, asTask('new', wanted), wanted.on);
        const bound = taken.nodes[NAMES.indexOf(wanted.on)]!.tasks.at(-1)!;
        assert.deepEqual(withoutTask(taken, bound), capacity);
        assert.equal(
          taken.nodes[NAMES.indexOf(wanted.on)]!.free.milliCpu,
          capacity.nodes[NAMES.indexOf(wanted.on)]!.free.milliCpu - wanted.cores * 1000,
        );
      }),
    );
  });
});
