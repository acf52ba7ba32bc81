import { ApiError } from '../../../src/cluster/errors.ts';
import type { ApiObject, Job, Metadata, Pod } from '../../../src/cluster/kubernetes/api/objects.ts';
import { conditionOf, stopSuspended } from './controllers.ts';
import { managedBy } from './managedFields.ts';
import { merged, strategicallyMerged } from './merge.ts';
import { digestOf, type World, written } from './world.ts';

/** A change of one object, as `Connection.send` is asked for it. */
export type Change = {
  readonly path: string;
  readonly body: unknown;
  readonly strategic: boolean;
  readonly dryRun: boolean;
  readonly manager: string;
};

/** @throws ApiError 404 */
export function got(world: World, path: string): ApiObject {
  const object = world.objects.get(path);
  if (object) return object;
  throw new ApiError(404, 'NotFound', `${path} not found`);
}

/** Objects of a list, as far as a label selector of one equation takes them. */
export function listed(world: World, path: string, labelSelector: string | undefined): ApiObject[] {
  const [label = '', value] = labelSelector?.split('=') ?? [];
  return [...world.objects].flatMap(([each, object]) =>
    each.startsWith(`${path}/`) && (labelSelector === undefined || object.metadata?.labels?.[label] === value)
      ? [object]
      : [],
  );
}

/**
 * A patch by the rules of Kubernetes 1.36: its uid and resource version must be the object's; what a subresource does
 * not change is passed over; a Job's template is fixed but while it is suspended and has stopped; a generation counts
 * changes of the spec, and what changes nothing writes nothing.
 * @throws ApiError 404, 409, 422
 */
export function changed(world: World, change: Change): { readonly world: World; readonly answer: ApiObject } {
  const [, path = '', subresource] = /^(.*?)(?:\/(status|resize))?$/.exec(change.path) ?? [];
  const old = got(world, path);
  const wanted = (change.strategic ? strategicallyMerged : merged)(old, change.body) as ApiObject;
  refuseOther(old, change.body);
  const next = subresource === undefined ? withoutStatus(old, wanted) : onlyIn(subresource, old, wanted);
  refuseFixedTemplate(old, next);
  if (digestOf(next) === digestOf(old)) return { world, answer: old };
  const specChanged = digestOf(specOf(next)) !== digestOf(specOf(old));
  const generation = (old.metadata?.generation ?? 0) + (specChanged ? 1 : 0);
  const metadata = { ...next.metadata, generation, managedFields: managedBy(change.manager, old, next) };
  const after = written(world, path, { ...next, metadata });
  const answer = got(after, path);
  return change.dryRun ? { world, answer } : { world: stopSuspended(after), answer };
}

function refuseOther({ metadata }: ApiObject, body: unknown): void {
  const { uid, resourceVersion } = (body as { readonly metadata?: Metadata }).metadata ?? {};
  const differs = (wanted: string | undefined, found: string | undefined) => wanted !== undefined && wanted !== found;
  if (differs(uid, metadata?.uid) || differs(resourceVersion, metadata?.resourceVersion)) {
    throw new ApiError(
      409,
      'Conflict',
      'the object has been modified; please apply your changes to the latest version',
    );
  }
}

function withoutStatus(old: ApiObject, wanted: ApiObject): ApiObject {
  const { status } = old as Job;
  return { ...wanted, ...(status && { status }) } as ApiObject;
}

/** Of a resize the containers' amounts count, of a status the status: neither takes metadata. */
function onlyIn(subresource: string, old: ApiObject, wanted: ApiObject): ApiObject {
  if (subresource === 'status') return { ...old, status: (wanted as Job).status } as ApiObject;
  const { containers } = (wanted as Pod).spec ?? {};
  return { ...old, spec: { ...(old as Pod).spec, containers } } as ApiObject;
}

/** The template of a Job that never ran, or has been stopped, may change. */
function refuseFixedTemplate(old: ApiObject, next: ApiObject): void {
  if (!isJob(old) || digestOf(old.spec?.template ?? {}) === digestOf((next as Job).spec?.template ?? {})) return;
  const hasStopped = !old.status?.startTime || conditionOf(old, 'Suspended') === 'True';
  if (old.spec?.suspend && hasStopped && (old.status?.active ?? 0) === 0) return;
  throw new ApiError(422, 'Invalid', 'spec.template: field is immutable');
}

function isJob(object: ApiObject): object is Job {
  return 'template' in specOf(object);
}

function specOf(object: ApiObject): object {
  return (object as Job).spec ?? {};
}
