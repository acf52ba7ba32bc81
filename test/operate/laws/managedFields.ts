import type { ApiObject } from '../../../src/cluster/kubernetes/api/objects.ts';

/** Who wrote which fields last, as the API server keeps it: `f:spec`, in it `f:suspend`. */
export type ManagedFields = { readonly manager: string; readonly operation: 'Update'; readonly fieldsV1: Fields };

type Fields = { readonly [field: `f:${string}`]: Fields };
type Tree = { readonly [key: string]: unknown };

export function managedFieldsOf({ metadata }: ApiObject): readonly ManagedFields[] {
  return (metadata as { readonly managedFields?: readonly ManagedFields[] } | undefined)?.managedFields ?? [];
}

/** Whoever changes a field's value is its only manager from then on; one who sends the value that it has is none. */
export function managedBy(manager: string, old: ApiObject, next: ApiObject): readonly ManagedFields[] {
  const paths = differences(kept(old), kept(next));
  if (paths.length === 0) return managedFieldsOf(old);
  const others = managedFieldsOf(old).map((entry) => ({ ...entry, fieldsV1: paths.reduce(without, entry.fieldsV1) }));
  const own = others.find((entry) => entry.manager === manager)?.fieldsV1 ?? {};
  const fieldsV1 = paths.filter((path) => valueAt(next, path) !== undefined).reduce(withField, own);
  const all = [
    ...others.filter((entry) => entry.manager !== manager),
    { manager, operation: 'Update' as const, fieldsV1 },
  ];
  return all.filter((entry) => Object.keys(entry.fieldsV1).length > 0);
}

function kept(object: ApiObject): Tree {
  const { labels, annotations } = object.metadata ?? {};
  return { metadata: { labels, annotations }, spec: (object as Tree)['spec'] };
}

/** Paths at which two values differ; a list counts as one value. */
function differences(old: unknown, next: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (isTree(old) && isTree(next)) {
    const keys = new Set([...Object.keys(old), ...Object.keys(next)]);
    return [...keys].flatMap((key) => differences(old[key], next[key], [...path, key]));
  }
  return JSON.stringify(old) === JSON.stringify(next) ? [] : [path];
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce((each, key) => (isTree(each) ? each[key] : undefined), value);
}

function without(fields: Fields, [name, ...rest]: readonly string[]): Fields {
  const { [`f:${name}` as const]: found, ...others } = fields;
  if (!found || rest.length === 0) return others;
  const left = without(found, rest);
  return Object.keys(left).length > 0 ? { ...others, [`f:${name}` as const]: left } : others;
}

function withField(fields: Fields, [name, ...rest]: readonly string[]): Fields {
  if (name === undefined) return fields;
  return { ...fields, [`f:${name}` as const]: withField(fields[`f:${name}`] ?? {}, rest) };
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
