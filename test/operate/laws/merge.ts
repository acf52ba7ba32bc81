type Tree = { readonly [key: string]: unknown };

/** JSON merge patch (RFC 7386): null takes a field away, lists are replaced. */
export function merged(target: unknown, patch: unknown, lists: Lists = replaced): unknown {
  if (!isTree(patch)) return Array.isArray(patch) ? lists(target, patch) : patch;
  const result: Record<string, unknown> = { ...(isTree(target) && target) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (value !== undefined) result[key] = merged(result[key], value, lists);
  }
  return result;
}

/** Strategic merge: containers are joined by their names; every other list that we write is replaced, as the API has it. */
export function strategicallyMerged(target: unknown, patch: unknown): unknown {
  return merged(target, patch, byName);
}

type Lists = (target: unknown, patch: readonly unknown[]) => unknown;

const replaced: Lists = (_, patch) => patch;

const byName: Lists = (target, patch) => {
  const isNamed = (entry: unknown): entry is Tree => isTree(entry) && 'name' in entry && 'resources' in entry;
  if (!Array.isArray(target) || !patch.every(isNamed)) return patch;
  return target.map((entry: unknown) => {
    const change = isTree(entry) ? patch.find(({ name }) => name === entry['name']) : undefined;
    return change ? merged(entry, change, byName) : entry;
  });
};

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
