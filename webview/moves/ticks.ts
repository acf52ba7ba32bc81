/**
 * Which moves of a plan are ticked: all or none, but for some. A plan of a large cluster has tens of thousands, so that
 * a tick must not cost a list of all the others.
 */
export type Ticks = { readonly base: 'all' | 'none'; readonly except: ReadonlySet<string> };

/** A new plan is ticked whole. */
export const ALL_TICKED: Ticks = { base: 'all', except: new Set() };
export const NONE_TICKED: Ticks = { base: 'none', except: new Set() };

export function isTicked({ base, except }: Ticks, id: string): boolean {
  return (base === 'all') !== except.has(id);
}

/** The ticks with those of some moves set or taken away. */
export function withTicks({ base, except }: Ticks, ids: Iterable<string>, on: boolean): Ticks {
  const next = new Set(except);
  for (const id of ids) {
    if ((base === 'all') === on) next.delete(id);
    else next.add(id);
  }
  return { base, except: next };
}

/** How many of some moves are ticked: what a group's box shows. */
export function tickedOf(ticks: Ticks, ids: readonly string[]): 'all' | 'some' | 'none' {
  let ticked = 0;
  for (const id of ids) if (isTicked(ticks, id)) ticked++;
  return ticked === 0 ? 'none' : ticked === ids.length ? 'all' : 'some';
}

/** As plain data, which a page keeps over a reload. */
export type KeptTicks = { readonly base: Ticks['base']; readonly except: readonly string[] };

export function keepTicks({ base, except }: Ticks): KeptTicks {
  return { base, except: [...except] };
}

/** What was kept; anything out of shape is nothing. */
export function parseTicks(value: unknown): Ticks | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { base, except } = value as Record<string, unknown>;
  if ((base !== 'all' && base !== 'none') || !Array.isArray(except)) return undefined;
  return { base, except: new Set(except.filter((id) => typeof id === 'string')) };
}
