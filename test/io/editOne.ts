/** Values that no field of ours may have instead of its own. */
const OTHERS: readonly unknown[] = [null, {}, [null], true, { a: 1 }, [{}]];

/** A copy with one value, wherever it is, replaced by one of another kind. */
export function editOne(entry: object, random: () => number): { edited: object; what: string } {
  const edited = structuredClone(entry) as Record<string, unknown>;
  let at = edited;
  const path: string[] = [];
  for (;;) {
    const keys = Object.keys(at);
    const key = keys[Math.floor(random() * keys.length)]!;
    path.push(key);
    const value = at[key];
    const goesOn = typeof value === 'object' && value !== null && Object.keys(value).length > 0 && random() < 0.85;
    if (goesOn) {
      at = value as Record<string, unknown>;
      continue;
    }
    const kind = kindOf(value);
    const others = OTHERS.filter((other) => kindOf(other) !== kind);
    const other = others[Math.floor(random() * others.length)];
    at[key] = other;
    return { edited, what: `${path.join('.')} = ${JSON.stringify(other)}` };
  }
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value;
}
