import { tickFormats } from '../../src/text/axis.ts';

type Layout = Readonly<Record<string, unknown>>;

/**
 * A layout whose axes write more decimals as their ticks come closer, so that none read the same: "2 %, 1 %, 1 %" else. An
 * axis that says itself how it writes them, or has no format, stays.
 */
export function withTickFormats(layout: Layout): Layout {
  return Object.fromEntries(
    Object.entries(layout).map(([name, value]) => [name, /^[xy]axis\d*$/.test(name) ? withStops(value) : value]),
  );
}

function withStops(axis: unknown): unknown {
  if (typeof axis !== 'object' || axis === null) return axis;
  const { tickformat, tickformatstops } = axis as { tickformat?: unknown; tickformatstops?: unknown };
  if (typeof tickformat !== 'string' || tickformatstops !== undefined) return axis;
  return { ...axis, tickformatstops: tickFormats(tickformat) };
}
