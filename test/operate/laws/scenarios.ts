import type { Affinity, Job } from '../../../src/cluster/kubernetes/api/objects.ts';
import { QUEUE_LABEL } from '../../../src/cluster/kubernetes/model/owner.ts';
import { PLACEMENT_GATE } from '../../../src/cluster/kubernetes/model/pod.ts';
import { RECORD } from '../../../src/cluster/kubernetes/model/records.ts';
import type { MoveRecord } from '../../../src/cluster/port.ts';
import type { Move } from '../../../src/core/model/moves.ts';
import { NO_RESOURCES } from '../../../src/core/model/resources.ts';
import { aJob, container, nodes, START_SECONDS, withJob, withPod, withPodBeside } from './begin.ts';
import { settled } from './controllers.ts';
import {
  type Disturbance,
  FAULTS,
  hoursPass,
  nodeLife,
  patched,
  podDeleted,
  resizers,
  usersOf,
} from './disturbances.ts';
import type { Scenario } from './explore.ts';
import { migration, placement, planOf, resize, tasksOf } from './planned.ts';
import { EMPTY, type Process, run, type State } from './run.ts';
import { pathOf, type World, written } from './world.ts';

/** Every scenario of the model, each with all that may happen in it. */
export async function scenarios(): Promise<Scenario[]> {
  return [
    aMigration(),
    aMigrationOfTwo(),
    await aSecondMigration(),
    await aMigrationOfAResizedTask(),
    await aMigrationOfOld(),
    aResize('a shrink', '3'),
    aResize('an expand', '6'),
    await anUndo(),
    aPlacement(),
    aPlanOfThree(),
    aForgedRecord(),
    anOldRecord(),
  ];
}

/** A scenario in which only these things may happen. */
export function only(scenario: Scenario, names: readonly string[]): Scenario {
  return { ...scenario, disturbances: scenario.disturbances.filter(({ name }) => names.includes(name)) };
}

function aMigration(): Scenario {
  const world = withJob(nodes());
  const plan = planOf(world, [migration(world, 'b')]);
  return scenario('a migration', world, { plan }, [...usersOf('train'), ...nodeLife('b', 'target'), sourceGone()]);
}

/** Of a Job with two tasks, whose user has said in two ways where they may run. */
function aMigrationOfTwo(): Scenario {
  const zone = (value: string) => ({ matchExpressions: [{ key: 'zone', operator: 'In', values: [value] }] });
  const terms = { nodeSelectorTerms: [zone('west'), zone('east')] };
  const affinity: Affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } };
  const world = withJob(nodes(), { affinity, parallelism: 2 });
  const plan = planOf(world, [migration(world, 'b')]);
  return scenario('a migration of two tasks', world, { plan }, [...usersOf('train'), ...nodeLife('b', 'target')]);
}

/**
 * Of a Job that was drawn to where it runs by another machine's record, and whose user had written the same preference.
 */
async function aSecondMigration(): Promise<Scenario> {
  const preference = { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] };
  const affinity: Affinity = {
    nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 40, preference }] },
  };
  const cordoned = patched(nodes(), pathOf.node('b'), { spec: { unschedulable: true } });
  const world = patched(withJob(cordoned, { affinity }), pathOf.node('b'), { spec: { unschedulable: false } });
  const process = { site: 'here', command: 'continue', plan: planOf(world, []) } as const;
  const stopped = await stoppedFor(world, 'b');
  const found = await run(stateOf(stopped.world), process);
  const moved = settled(found.state.world);
  const plan = planOf(moved, [migration(moved, 'c')]);
  return scenario('a second migration', moved, { plan }, usersOf('train'));
}

async function aMigrationOfAResizedTask(): Promise<Scenario> {
  const world = withJob(nodes());
  const { name } = tasksOf(world, 'train')[0]!;
  const resized = await applied(world, [resize(world, name, '3')]);
  const plan = planOf(resized.world, [migration(resized.world, 'b')]);
  return scenario('a migration of a resized task', resized.world, { plan, start: resized }, usersOf('train'));
}

/** Of which 0.1 was killed when it had stopped the tasks: neither its record nor its journal names a generation. */
async function aMigrationOfOld(): Promise<Scenario> {
  const before = withJob(nodes());
  const stopped = await stoppedFor(before, 'b');
  const path = pathOf.job('train');
  const { metadata, ...job } = stopped.world.objects.get(path) as Job;
  const text = metadata?.annotations?.[RECORD] ?? '{}';
  const { generation: _, ...record } = JSON.parse(text) as MoveRecord;
  const old = { ...job, metadata: { ...metadata, annotations: { [RECORD]: JSON.stringify(record) } } };
  const start = { ...stopped, world: written(stopped.world, path, old) };
  const more = [...usersOf('train'), ...nodeLife('b', 'target')];
  const beginning = { plan: planOf(before, []), start, command: 'continue' } as const;
  return scenario('a migration that 0.1 has begun', before, beginning, more);
}

function aResize(name: string, cpu: string): Scenario {
  const world = withPodBeside(nodes(), 'web', '4');
  const plan = planOf(world, [resize(world, 'web', cpu)]);
  const more = [...resizers('web', ['5', '7']), podDeleted('web'), hoursPass, ...nodeLife('a', 'node')];
  return scenario(name, world, { plan }, more);
}

/** Of a pod whose containers' amounts do not divide evenly. */
async function anUndo(): Promise<Scenario> {
  const containers = [container('main', '700m', '1'), container('beside', '300m', '650m')];
  const world = withPod(nodes(), 'web', { containers });
  const start = await applied(world, [resize(world, 'web', '901m')]);
  const more = [...resizers('web', ['2']), podDeleted('web'), hoursPass];
  return scenario('an undo', world, { plan: planOf(world, []), start, command: 'undo' }, more);
}

function aPlacement(): Scenario {
  const world = withGated(nodes());
  const plan = planOf(world, [placement(world, 'late', 'b')]);
  return scenario('a placement', world, { plan }, [podDeleted('late'), ...nodeLife('b', 'target')]);
}

/** A shrink, a migration, and a placement on the node that these free. */
function aPlanOfThree(): Scenario {
  const world = withGated(withJob(withPod(nodes(), 'web', { containers: [container('main', '4')] })));
  const moves = [resize(world, 'web', '3'), migration(world, 'b'), placement(world, 'late', 'a')];
  const more = [...usersOf('train'), ...resizers('web', ['5']), podDeleted('late'), ...nodeLife('b', 'target')];
  return scenario('a plan of three moves', world, { plan: planOf(world, moves) }, more);
}

/** A record that a tenant wrote on a Job which Kueue holds back. */
function aForgedRecord(): Scenario {
  const record: MoveRecord = {
    ...{ planId: 'forged', moveId: 'forged', kind: 'migration', startedAtSeconds: START_SECONDS, from: 'a', to: 'b' },
    allocation: { ...NO_RESOURCES, milliCpu: 8000, memoryBytes: 2 ** 30 },
  };
  const { metadata, spec } = aJob();
  const forged = { labels: { [QUEUE_LABEL]: 'team' }, annotations: { [RECORD]: JSON.stringify(record) } };
  const path = pathOf.job('train');
  const bare = written(nodes(), path, {
    metadata: { ...metadata, ...forged },
    spec: { ...spec, suspend: true },
  } as Job);
  const world = { ...bare, wishes: { ...bare.wishes, jobs: { [path]: 'stopped' as const } } };
  const beginning = { plan: planOf(world, []), command: 'continue' } as const;
  return scenario('a forged record on a Job that Kueue holds', world, beginning, []);
}

/** What 0.1 left on each pod that it resized. */
function anOldRecord(): Scenario {
  const world = withPodBeside(nodes(), 'web', '3');
  const before = { ...tasksOf(world, 'web')[0]!.request, milliCpu: 4000 };
  const old: MoveRecord = {
    ...{ planId: 'old', moveId: 'old', kind: 'resize', startedAtSeconds: START_SECONDS - 7200 },
    ...{ before, request: before },
  };
  const noted = patched(world, pathOf.pod('web'), { metadata: { annotations: { [RECORD]: JSON.stringify(old) } } });
  const more = [...resizers('web', ['5', '7']), ...nodeLife('a', 'node')];
  return scenario('a record of 0.1 on a pod', noted, { plan: planOf(noted, []), command: 'continue' }, more);
}

type Beginning = Pick<Process, 'plan'> & { readonly start?: State; readonly command?: Process['command'] };

function scenario(name: string, before: World, beginning: Beginning, more: readonly Disturbance[]): Scenario {
  const { plan, start = stateOf(before), command = 'apply' } = beginning;
  const first: Process = { site: 'here', command, plan };
  return { name, start, before, first, disturbances: [...FAULTS, ...more, otherMachine] };
}

/** Another machine, with a journal of its own, goes on meanwhile with what it finds on the objects. */
const otherMachine: Disturbance = {
  name: 'other machine',
  at: ['read', 'write'],
  when: 'before',
  async act(state, process) {
    const site = process.site === 'here' ? 'there' : 'here';
    const ran = await run(state, { ...process, site, command: 'continue' });
    return ran.state;
  },
};

function stateOf(world: World): State {
  return { world, here: EMPTY, there: EMPTY };
}

function sourceGone(): Disturbance {
  return nodeLife('a', 'source').find(({ name }) => name === 'source gone')!;
}

/** A gated pod, which needs more than a used node has. */
function withGated(world: World): World {
  return withPod(world, 'late', { containers: [container('main', '5')], schedulingGates: [{ name: PLACEMENT_GATE }] });
}

/** The state once a plan was applied and nothing happened meanwhile. */
async function applied(world: World, moves: readonly Move[]): Promise<State> {
  const { state } = await run(stateOf(world), { site: 'here', command: 'apply', plan: planOf(world, moves) });
  return { ...state, world: settled(state.world) };
}

/** The state once a process was killed when it had stopped the Job for a migration. */
async function stoppedFor(world: World, to: string): Promise<State> {
  const process = { site: 'here', command: 'apply', plan: planOf(world, [migration(world, to)]) } as const;
  const { points } = await run(stateOf(world), process);
  const killed = FAULTS.find(({ name }) => name === 'killed')!;
  const { state } = await run(stateOf(world), process, [[points.findIndex(({ kind }) => kind === 'write'), killed]]);
  return { ...state, world: settled(state.world) };
}
