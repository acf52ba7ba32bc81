import { isRecord } from '../../../core/model/isRecord.ts';
import type { ApiObject, ManagedFields } from '../api/objects.ts';

/** As whom we write: the server keeps who wrote each field last. */
export const FIELD_MANAGER = 'stowage';

/** The field of a Job that a pin of ours changes. */
export const NODE_AFFINITY = ['spec', 'template', 'spec', 'affinity', 'nodeAffinity'] as const;

/** Who manages a field, by its path: `['spec', 'suspend']`. Several may, where they agree. */
export function managersOf({ metadata }: ApiObject, path: readonly string[]): ManagedFields[] {
  return (metadata?.managedFields ?? []).filter(
    ({ subresource, fieldsV1 }) => subresource === undefined && holdsField(fieldsV1, path),
  );
}

function holdsField(fields: unknown, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true;
  return isRecord(fields) && `f:${name}` in fields && holdsField(fields[`f:${name}`], rest);
}
