import { duration } from './format.ts';

/** How the ticks of an axis are written so that no two of them read the same. */

/** How numbers are written while the distance of two ticks lies in a range; Plotly's `tickformatstops`. */
export type TickFormat = {
  /** Smallest and largest distance; null has no end. */
  readonly dtickrange: readonly [number | null, number | null];
  /** In d3's notation. */
  readonly value: string;
};

/**
 * The formats of an axis by the distance of its ticks, which gets smaller as one zooms in: the given one where it tells
 * ticks apart, else with as many more decimals as that takes. Ticks are 1, 2 or 5 times a power of ten apart, as Plotly
 * sets them.
 * @param format of fixed decimals in d3's notation: `.0%`, `,.1f`, `d`. Of any other there are no formats, and Plotly
 * writes ticks by its own rule.
 */
export function tickFormats(format: string): readonly TickFormat[] {
  const [, head, decimals = '0', type] = /^(,?)(?:\.(\d+))?([%fd])$/.exec(format) ?? [];
  if (head === undefined || (type !== 'd' && !format.includes('.'))) return [];
  const unit = type === '%' ? 0.01 : 1;
  const first = type === 'd' ? 0 : Number(decimals);
  return Array.from({ length: FURTHER_DECIMALS + 1 }, (_, further): TickFormat => {
    // A little less than the distance itself, which is not exact in binary.
    const least = (count: number) => 0.75 * unit * 10 ** -(first + count);
    const written = further === 0 ? format : `${head}.${first + further}${type === 'd' ? 'f' : type}`;
    return {
      dtickrange: [further === FURTHER_DECIMALS ? null : least(further), further === 0 ? null : least(further - 1)],
      value: written,
    };
  });
}

/** No axis is zoomed further than to a millionth of what its format shows. */
const FURTHER_DECIMALS = 6;

/** Places on an axis, and what is written there. */
export type Ticks = { readonly seconds: readonly number[]; readonly texts: readonly string[] };

/**
 * Ticks for an axis on which equal steps are equal ratios of durations: round durations from `low` to `high`, evenly
 * spread, at most `most` (2 or more); where round ones are too far apart, whole seconds, minutes or hours. No two read the same.
 * @param low in seconds, above 0
 * @param high in seconds; without a whole second between the two there is no tick
 */
export function durationTicks(low: number, high: number, most = 8): Ticks {
  const inside = (seconds: number) => low <= seconds && seconds <= high;
  const round = ROUND_SECONDS.filter(inside);
  const seconds = spread(round.length < FEWEST ? wholeSeconds(low, high) : round, (high / low) ** (1 / (most - 1)));
  return { seconds, texts: seconds.map(duration) };
}

/** With fewer one cannot read a scale from an axis. */
const FEWEST = 3;

const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];
const ROUND_SECONDS = [
  ...[1, 2, 5, 10, 20, 30],
  ...[1, 2, 5, 10, 20, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 4, 8, 12].map((hours) => hours * HOUR),
  ...[1, 2, 4, 7, 14, 28, 90, 365].map((days) => days * DAY),
];

/** Every duration from `low` to `high` that `duration` writes exactly: its steps grow with it. */
function wholeSeconds(low: number, high: number): number[] {
  const seconds: number[] = [];
  const step = (at: number) => (at < MINUTE ? 1 : at < DAY ? MINUTE : HOUR);
  for (let at = Math.ceil(low / step(low)) * step(low); at <= high; at += step(at)) seconds.push(at);
  return seconds;
}

/** Of an ascending list the first, and each that is at least `ratio` times the last one taken. */
function spread(ascending: readonly number[], ratio: number): number[] {
  const taken: number[] = [];
  for (const value of ascending) if (value >= (taken.at(-1) ?? 0) * ratio) taken.push(value);
  return taken;
}
