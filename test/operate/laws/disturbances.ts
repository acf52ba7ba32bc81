import { ApiError, ClusterUnreachable } from '../../../src/cluster/errors.ts';
import type { Affinity, Job, Pod } from '../../../src/cluster/kubernetes/api/objects.ts';
import { RECORD } from '../../../src/cluster/kubernetes/model/records.ts';
import { changed } from './apiServer.ts';
import { deleting, isFinished, settled } from './controllers.ts';
import type { Point, Process, State } from './run.ts';
import { NAMESPACE, pathOf, podsOf, podsOfJob, removed, type World, written } from './world.ts';

/** One thing that happens at one point of a process, before what it does there or after it. */
export type Disturbance = {
  readonly name: string;
  readonly at: readonly Point['kind'][];
  readonly when: 'before' | 'after';
  /** What another does meanwhile; undefined where it makes no sense now. */
  readonly act?: (state: State, process: Process) => State | undefined | Promise<State | undefined>;
  /** What the process is told instead of an answer. Neither act nor error, and after: it is killed. */
  readonly error?: () => Error;
  /** Its user asks it to stop. */
  readonly interrupts?: true;
  /** The other that does the same to the process; it is then tried alone, and the other together with all. */
  readonly isLike?: string;
};

const status = (code: number) => () => new ApiError(code, '', `fault ${code}`);
const cut = () => new ClusterUnreachable({ server: 'model', context: 'model', code: 'connectionCut' });
const full = () => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

/** What may befall the process itself. A read that fails after the fact has only failed. */
export const FAULTS: readonly Disturbance[] = [
  { name: 'killed', at: ['write', 'journal', 'ledger'], when: 'after' },
  { name: 'interrupted', at: ['read', 'write'], when: 'before', interrupts: true },
  { name: 'server away', at: ['read', 'write'], when: 'before', error: status(503) },
  { name: 'not yet allowed', at: ['read'], when: 'before', error: status(403), isLike: 'server away' },
  { name: 'gateway timed out', at: ['write'], when: 'after', error: status(504) },
  { name: 'cut off', at: ['read', 'write'], when: 'before', error: cut, isLike: 'server away' },
  { name: 'answer cut off', at: ['write'], when: 'after', error: cut, isLike: 'gateway timed out' },
  { name: 'disk full', at: ['journal', 'ledger'], when: 'before', error: full },
];

type Act = (world: World) => World | undefined;

/** Others act between two requests; a write to a file of its own tells the process nothing of them. */
function others(name: string, act: Act): Disturbance {
  return {
    name,
    at: ['read', 'write'],
    when: 'before',
    act: (state) => {
      const world = act(state.world);
      return world && { ...state, world };
    },
  };
}

/** What the user of a Job may do to it meanwhile. */
export function usersOf(job: string): Disturbance[] {
  const path = pathOf.job(job);
  const on =
    (act: (world: World, job: Job) => World | undefined): Act =>
    (world) => {
      const found = world.objects.get(path) as Job | undefined;
      return found && !isFinished(found) ? act(world, found) : undefined;
    };
  const suspending = (suspend: boolean) =>
    on((world, { spec }) => {
      if ((spec?.suspend ?? false) === suspend) return undefined;
      return wishing(patched(world, path, { spec: { suspend } }), path, suspend ? 'stopped' : 'running');
    });
  return [
    others('user suspends', suspending(true)),
    others('user resumes', suspending(false)),
    others(
      'user deletes',
      on((world, found) => wishing(without(world, found), path, 'gone')),
    ),
    others(
      'user replaces',
      on((world, found) => wishing(replaced(world, found), path, 'stopped')),
    ),
    others(
      'user labels',
      on((world) => patched(world, path, { metadata: { labels: { mine: 'yes' } } })),
    ),
    others('user edits affinity', on(withAffinityEdited)),
    others(
      'record taken off',
      on((world, { metadata }) =>
        metadata?.annotations?.[RECORD]
          ? patched(world, path, { metadata: { annotations: { [RECORD]: null } } })
          : undefined,
      ),
    ),
    others('task ends', on(completed)),
  ];
}

function wishing(world: World, path: string, wish: World['wishes']['jobs'][string]): World {
  return { ...world, wishes: { ...world.wishes, jobs: { ...world.wishes.jobs, [path]: wish } } };
}

function without(world: World, job: Job): World {
  const state = removed(world, pathOf.job(job.metadata?.name ?? ''));
  return podsOfJob(world, job).reduce(deleting, state);
}

/** Deleted, and created anew from its user's own file, to be started later. */
function replaced(world: World, job: Job): World {
  const { annotations: _, ...metadata } = job.metadata ?? {};
  const uid = `${metadata.uid} anew`;
  const { affinity: _pinned, ...pod } = job.spec?.template?.spec ?? {};
  const wish = world.wishes.affinity[pathOf.job(metadata.name ?? '')];
  const template = { spec: { ...pod, ...(wish && { affinity: wish }) } };
  const anew: Job = { metadata: { ...metadata, uid, generation: 1 }, spec: { ...job.spec, suspend: true, template } };
  return written(without(world, job), pathOf.job(metadata.name ?? ''), anew);
}

/** A preference of the user's own; the template takes it only while the Job is stopped. */
function withAffinityEdited(world: World, job: Job): World | undefined {
  if (!job.spec?.suspend || (job.status?.active ?? 0) > 0) return undefined;
  const path = pathOf.job(job.metadata?.name ?? '');
  const now = withPreference(job.spec.template?.spec?.affinity);
  const wish = withPreference(world.wishes.affinity[path]);
  const next = patched(world, path, { spec: { template: { spec: { affinity: now } } } });
  return { ...next, wishes: { ...next.wishes, affinity: { ...next.wishes.affinity, [path]: wish } } };
}

function withPreference(affinity: Affinity | undefined): Affinity {
  const { nodeAffinity } = affinity ?? {};
  const terms = nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const own = { weight: 7, preference: { matchExpressions: [{ key: 'zone', operator: 'In', values: ['west'] }] } };
  return {
    ...affinity,
    nodeAffinity: { ...nodeAffinity, preferredDuringSchedulingIgnoredDuringExecution: [...terms, own] },
  };
}

function completed(world: World, job: Job): World | undefined {
  const running = podsOfJob(world, job).filter(
    ({ status: { phase } = {}, metadata }) => phase === 'Running' && !metadata?.deletionTimestamp,
  );
  if (running.length === 0 || job.spec?.suspend) return undefined;
  const state = running.reduce((each, pod) => removed(each, pathOf.pod(pod.metadata?.name ?? '')), world);
  const conditions = [{ type: 'Complete', status: 'True' }];
  return written(state, pathOf.job(job.metadata?.name ?? ''), { ...job, status: { conditions } } as Job);
}

/** What may happen to a node meanwhile. */
export function nodeLife(node: string, role: string): Disturbance[] {
  const path = pathOf.node(node);
  const on =
    (act: (world: World) => World | undefined): Act =>
    (world) =>
      world.objects.has(path) ? act(world) : undefined;
  const cordoned = (world: World) => patched(world, path, { spec: { unschedulable: true } });
  const drained = (world: World) =>
    podsOf(world)
      .filter(({ spec }) => spec?.nodeName === node)
      .reduce(deleting, cordoned(world));
  return [
    others(
      `${role} gone`,
      on((world) => removed(world, path)),
    ),
    others(`${role} cordoned`, on(cordoned)),
    others(`${role} drained`, on(drained)),
    others(
      `${role} fills up`,
      on((world) => filled(world, node)),
    ),
  ];
}

/** Another's pod takes most of a node. */
export function filled(world: World, node: string): World | undefined {
  const path = pathOf.pod(`filler-of-${node}`);
  const spare = podsOf(world).every(({ spec }) => spec?.nodeName !== node);
  if (world.objects.has(path) || !spare) return undefined;
  const metadata = { namespace: NAMESPACE, name: `filler-of-${node}`, uid: `filler-of-${node}`, generation: 1 };
  const containers = [{ name: 'main', resources: { requests: { cpu: '7', memory: '1Gi' } } }];
  const pod: Pod = {
    metadata,
    spec: { nodeName: node, containers },
    status: { phase: 'Running', observedGeneration: 1 },
  };
  return written(world, path, pod);
}

/** What a user, or an autoscaler of theirs, does to a pod. */
export function resizers(pod: string, cpus: readonly string[]): Disturbance[] {
  const path = pathOf.pod(pod);
  return cpus.map((cpu) =>
    others(`user resizes to ${cpu}`, (world) => {
      const found = world.objects.get(path) as Pod | undefined;
      const [first, ...rest] = found?.spec?.containers ?? [];
      if (!found || !first || found.metadata?.deletionTimestamp) return undefined;
      const resources = { ...first.resources, requests: { ...first.resources?.requests, cpu } };
      const next = patched(world, `${path}/resize`, { spec: { containers: [{ ...first, resources }, ...rest] } });
      if (next === world) return undefined;
      const amounts = { ...next.wishes.amounts, [path]: { [first.name ?? '']: resources } };
      return { ...next, wishes: { ...next.wishes, amounts } };
    }),
  );
}

export function podDeleted(pod: string): Disturbance {
  const path = pathOf.pod(pod);
  return others('pod deleted', (world) => {
    const found = world.objects.get(path) as Pod | undefined;
    return found && !found.metadata?.deletionTimestamp ? deleting(world, found) : undefined;
  });
}

export const hoursPass = others('hours pass', (world) => {
  const next = settled(world);
  return { ...next, nowSeconds: next.nowSeconds + 4 * 3600 };
});

/** A user's own patch. */
export function patched(world: World, path: string, body: object): World {
  return changed(world, { path, body, strategic: false, dryRun: false, manager: 'kubectl' }).world;
}
