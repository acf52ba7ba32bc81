import { until } from '../until.ts';
import type { Admin, Json } from './admin.ts';
import { budgetManifest, type Place } from './manifests.ts';
import { conditionOf } from './objects.ts';
import type { RoundPlan } from './roundPlan.ts';
import { syncOf } from './users.ts';

/** Where the server has a round's objects. */
export function pathOf({ namespace }: Pick<Place, 'namespace'>, kind: keyof typeof GROUPS): string {
  return `${GROUPS[kind]}/namespaces/${namespace}/${kind}`;
}

const GROUPS = {
  jobs: '/apis/batch/v1',
  pods: '/api/v1',
  serviceaccounts: '/api/v1',
  poddisruptionbudgets: '/apis/policy/v1',
  leases: '/apis/coordination.k8s.io/v1',
  rolebindings: '/apis/rbac.authorization.k8s.io/v1',
} as const;

/** A namespace with a user who may plan and apply in it, and nowhere else. */
export async function makeNamespace(admin: Admin, place: Place): Promise<void> {
  const { namespace } = place;
  await admin.create('/api/v1/namespaces', { metadata: { name: namespace } });
  await admin.create(pathOf(place, 'serviceaccounts'), { metadata: { name: 'tenant' } });
  for (const name of ['stowage-reader', 'stowage-operator']) {
    await admin.create(pathOf(place, 'rolebindings'), {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name: 'tenant', namespace }],
    });
  }
}

/** A token of that user; each is another. */
export async function makeToken(admin: Admin, place: Place): Promise<string> {
  const { status } = await admin.create(`${pathOf(place, 'serviceaccounts')}/tenant/token`, { spec: {} });
  return status.token;
}

export function kubeconfigOf(server: string, token: string, { namespace }: Place): Json {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': namespace,
    clusters: [{ name: 'storm', cluster: { server } }],
    contexts: [{ name: namespace, context: { cluster: 'storm', user: 'tenant', namespace } }],
    users: [{ name: 'tenant', user: { token } }],
  };
}

/** Creates a round's tasks, and resolves to them once all run that can. */
export async function makeTasks(
  admin: Admin,
  place: Place,
  { jobs, pods }: RoundPlan,
  manifests: ReadonlyMap<string, Json>,
): Promise<Json[]> {
  const [jobsPath, podsPath] = [pathOf(place, 'jobs'), pathOf(place, 'pods')];
  const made: Json[] = [];
  for (const shape of jobs) {
    const { name, budget, gitOps } = shape;
    if (budget !== undefined) await admin.create(pathOf(place, 'poddisruptionbudgets'), budgetManifest(shape, place));
    const manifest = manifests.get(name)!;
    const synced = gitOps && (await syncOf(admin, `${jobsPath}/${name}`, manifest));
    made.push(synced ? synced.body : await admin.create(jobsPath, manifest));
  }
  for (const { name } of pods) made.push(await admin.create(podsPath, manifests.get(name)!));
  await until(
    async () => {
      const present = await admin.list(jobsPath);
      const idle = present.filter((job) => !(job['status'].active > 0) && !job['status'].conditions?.length);
      return [...idle, ...(await admin.list(podsPath)).filter(isWaiting)].map(nameOf);
    },
    (idle) => idle.length === 0,
  );
  return made;
}

/** Takes everything of a round away, and resolves when its nodes take the next. */
export async function cleanUp(admin: Admin, place: Place): Promise<void> {
  await admin.send('DELETE', pathOf(place, 'jobs'), { propagationPolicy: 'Background' });
  await admin.send('DELETE', pathOf(place, 'pods'), { gracePeriodSeconds: 0 });
  await admin.send('DELETE', `/api/v1/namespaces/${place.namespace}`);
  await until(
    async () => {
      const nodes = await admin.list('/api/v1/nodes');
      const ready = nodes.filter(({ spec, ...node }) => !spec.taints?.length && conditionOf(node, 'Ready'));
      const names = new Set(ready.map(nameOf));
      return place.nodes.filter((name) => !names.has(name));
    },
    (missing) => missing.length === 0,
  );
}

/** A pod that waits for a node or for its start, and not for its gate. */
export function isWaiting({ spec, status }: Json): boolean {
  return status.phase === 'Pending' && !spec.schedulingGates?.length;
}

function nameOf({ metadata }: Json): string {
  return metadata.name;
}
