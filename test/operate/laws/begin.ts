import type { Affinity, Container, Job, Pod } from '../../../src/cluster/kubernetes/api/objects.ts';
import { settled } from './controllers.ts';
import { NAMESPACE, pathOf, type World, written } from './world.ts';

/** Worlds that scenarios begin with. */

export const START_SECONDS = 1_800_000_000;

/** Three nodes of 8 CPUs, of which the middle one lies in the east. */
export function nodes(): World {
  const empty: World = {
    ...{ objects: new Map(), version: 0, made: 0, nowSeconds: START_SECONDS },
    wishes: { jobs: {}, affinity: {}, amounts: {} },
  };
  return ['a', 'b', 'c'].reduce((world, name) => {
    const conditions = [{ type: 'Ready', status: 'True' }];
    const status = { allocatable: { cpu: '8', memory: '64Gi', pods: '110' }, conditions };
    const labels = { zone: name === 'b' ? 'east' : 'west' };
    const metadata = { name, uid: `node ${name}`, generation: 1, labels };
    return written(world, pathOf.node(name), { metadata, spec: {}, status } as object);
  }, empty);
}

type Template = { readonly affinity?: Affinity; readonly parallelism?: number };

/** The world with a Job of one task, which runs on the first node that takes it. */
export function withJob(world: World, template: Template = {}): World {
  const path = pathOf.job('train');
  const next = settled(written(world, path, aJob(template)));
  const wishes = { ...next.wishes, jobs: { [path]: 'running' as const }, affinity: { [path]: template.affinity } };
  return { ...next, wishes };
}

export function aJob({ affinity, parallelism = 1 }: Template = {}): Job {
  const metadata = { namespace: NAMESPACE, name: 'train', uid: 'job train', generation: 1 };
  const containers = [container('main', '4')];
  const spec = { ...(affinity && { affinity }), containers, restartPolicy: 'Never' };
  return { metadata, spec: { suspend: false, parallelism, template: { spec } } };
}

/** The world with a bare pod of this name, which runs on the first node that takes it. */
export function withPod(world: World, name: string, spec: Partial<Pod['spec']>): World {
  const metadata = { namespace: NAMESPACE, name, uid: `pod ${name}`, generation: 1 };
  const pod: Pod = { metadata, spec: { restartPolicy: 'Never', ...spec }, status: { phase: 'Pending' } };
  return settled(written(world, pathOf.pod(name), pod));
}

/** The same on the first node, beside a pod that leaves it 6 CPUs. */
export function withPodBeside(world: World, name: string, cpu: string): World {
  const beside = withPod(world, 'neighbour', { containers: [container('main', '2')] });
  return withPod(beside, name, { containers: [container('main', cpu)] });
}

export function container(name: string, cpu: string, limit?: string): Container {
  const limits = limit === undefined ? {} : { limits: { cpu: limit } };
  return { name, resources: { requests: { cpu, memory: '1Gi' }, ...limits } };
}
