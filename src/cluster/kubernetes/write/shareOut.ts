/** A container or sidecar that requests a resource: whole units. `need`: what it must keep, where that is known. */
export type Part = { readonly name: string; readonly request: number; readonly need?: number };

/**
 * Each part's new amount, by its name. `needs`: it does not reach for what this container must keep, and `left` is what
 * the others would leave it. `short`: it does not even reach for 1 each.
 */
export type Shares =
  | { readonly kind: 'shares'; readonly amounts: ReadonlyMap<string, number> }
  | { readonly kind: 'needs'; readonly container: string; readonly needed: number; readonly left: number }
  | { readonly kind: 'short' };

/**
 * Divides a new total among parts, exactly. Less than they have: each gives up the same share of what it can spare
 * above its need, and none goes below that, or below what it has where it needs more. More than they have: each gets of
 * it by its need. Where not every need is known, a request stands for it: an expand goes by the requests alone.
 * @param parts at least one, each requesting more than 0
 */
export function shareOut(parts: readonly Part[], total: number): Shares {
  const present = sum(parts.map(({ request }) => request));
  const needs = parts.map(({ need }) => need);
  if (total >= present) {
    const known = needs.every((need) => need !== undefined) && sum(needs) > 0;
    const weights = parts.map(({ request, need }) => (known ? need! : request));
    return shares(parts, (index) => parts[index]!.request, weights, total - present);
  }
  const floors = parts.map(({ request, need = 0 }) => Math.min(request, Math.max(1, Math.ceil(need))));
  const spare = parts.map(({ request }, index) => request - floors[index]!);
  const rest = total - sum(floors);
  if (rest < 0) return total < parts.length ? { kind: 'short' } : neediest(parts, floors, rest);
  return shares(parts, (index) => floors[index]!, spare, rest);
}

/** Who has the most of what must be kept: the one that would be left the least of it. */
function neediest(parts: readonly Part[], floors: readonly number[], rest: number): Shares {
  const index = floors.indexOf(Math.max(...floors));
  const needed = floors[index]!;
  return { kind: 'needs', container: parts[index]!.name, needed, left: needed + rest };
}

function shares(
  parts: readonly Part[],
  base: (index: number) => number,
  weights: readonly number[],
  rest: number,
): Shares {
  const added = divide(rest, weights);
  return { kind: 'shares', amounts: new Map(parts.map(({ name }, index) => [name, base(index) + added[index]!])) };
}

/** An amount in integers in proportion to weights, exactly; what rounding leaves goes to the heaviest, 1 each. */
function divide(amount: number, weights: readonly number[]): number[] {
  const all = weights.reduce((sum, weight) => sum + BigInt(Math.ceil(weight)), 0n);
  if (all === 0n) return weights.map((_, index) => (index === 0 ? amount : 0));
  const divided = weights.map((weight) => Number((BigInt(amount) * BigInt(Math.ceil(weight))) / all));
  const heaviest = weights.map((_, index) => index).sort((a, b) => weights[b]! - weights[a]!);
  for (const index of heaviest.slice(0, amount - sum(divided))) divided[index]! += 1;
  return divided;
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
