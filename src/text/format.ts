import type { Band } from '../core/model/band.ts';
import { amountOf, type ResourceName, type Resources, resourceNames } from '../core/model/resources.ts';
import { clockFace, readerZone } from './zone.ts';

/** How every door writes numbers, amounts, times and counts. A translation changes the language and the words here. */

const LANGUAGE = 'en';

/** A number with at most so many decimals: `0.5`, `10,690`. */
export function number(value: number, decimals = 0): string {
  return written(value, 0, decimals);
}

/** A number with exactly so many decimals, for columns: `0.930`. */
export function fixed(value: number, decimals: number): string {
  return written(value, decimals, decimals);
}

/** A fraction of 1 as a percentage: `38 %`. */
export function percent(fraction: number, decimals = 0): string {
  return `${number(fraction * 100, decimals)} %`;
}

/** In the place of a duration: of what runs until somebody stops it. */
export const NO_END = 'no end';

/** Seconds as people say them: `45 s`, `7 min`, `3 h 20 min`, `2 d 4 h`; `—` when not finite. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '—';
  const sign = seconds < 0 ? '−' : '';
  const whole = Math.round(Math.abs(seconds));
  if (whole < 60) return `${sign}${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${sign}${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${sign}${joined(hours, 'h', minutes % 60, 'min')}`;
  const allHours = Math.round(minutes / 60);
  return `${sign}${joined(Math.floor(allHours / 24), 'd', allHours % 24, 'h')}`;
}

/**
 * An instant on a screen whose head says `timesIn` its moment: `14:05`, with the day when it is not that of the moment, and
 * with its offset from UTC when the zone's clocks are set forward or back in between.
 */
export function clock(atSeconds: number, nowSeconds: number): string {
  return `${dayAndTime(atSeconds, nowSeconds)}${offsetSince(atSeconds, nowSeconds)}`;
}

/** The same in a line that stands alone: `14:05 UTC+8`. */
export function clockInZone(atSeconds: number, nowSeconds: number): string {
  return `${dayAndTime(atSeconds, nowSeconds)} ${clockFace(atSeconds).offset}`;
}

/** An instant with its day, on a screen whose head says `timesIn`: `2026-11-02 14:00`. */
export function dated(atSeconds: number, nowSeconds: number): string {
  return `${day(atSeconds)} ${timeOfDay(atSeconds)}${offsetSince(atSeconds, nowSeconds)}`;
}

/** In which zone a screen tells its times, for its head: `times in UTC+8 (Asia/Shanghai)`. */
export function timesIn(atSeconds: number): string {
  const { offset } = clockFace(atSeconds);
  return offset === readerZone() ? `times in ${offset}` : `times in ${offset} (${readerZone()})`;
}

/** When was read what a screen shows, for its head: `at 2026-11-02 14:00, times in UTC+8 (Asia/Shanghai)`. */
export function readAt(atSeconds: number): string {
  return `at ${dated(atSeconds, atSeconds)}, ${timesIn(atSeconds)}`;
}

/** The day of an instant: `2026-11-02`. */
export function day(atSeconds: number): string {
  const { year, month, day } = clockFace(atSeconds);
  return `${year}-${month}-${day}`;
}

/** An instant of the last weeks in a line that stands alone: `3 Nov 14:05 UTC+8`. */
export function moment(atSeconds: number): string {
  const { month, day, offset } = clockFace(atSeconds);
  return `${Number(day)} ${MONTHS[Number(month) - 1]} ${timeOfDay(atSeconds)} ${offset}`;
}

const MONTH = new Intl.DateTimeFormat(LANGUAGE, { month: 'short', timeZone: 'UTC' });
const MONTHS = Array.from({ length: 12 }, (_, month) => MONTH.format(Date.UTC(2026, month)));

function dayAndTime(atSeconds: number, nowSeconds: number): string {
  const time = timeOfDay(atSeconds);
  return day(atSeconds) === day(nowSeconds) ? time : `${day(atSeconds)} ${time}`;
}

function timeOfDay(atSeconds: number): string {
  const { hour, minute } = clockFace(atSeconds);
  return `${hour}:${minute}`;
}

/** Between the two the clocks may be set forward or back: then an hour comes twice, or never. */
function offsetSince(atSeconds: number, nowSeconds: number): string {
  const { offset } = clockFace(atSeconds);
  return offset === clockFace(nowSeconds).offset ? '' : ` ${offset}`;
}

/** One amount with its unit: `2.5 CPU`, `16 GiB`, `4 GPU`, `0.3 GPU`, `8 huawei.com/Ascend910`. */
export function amount(resource: ResourceName, value: number, decimals = 1): string {
  switch (resource) {
    case 'milliCpu':
      return `${decimal(value / 1000, decimals)} CPU`;
    case 'memoryBytes':
      return bytes(value, decimals);
    case 'gpuMilli':
      return `${decimal(value / 1000, decimals)} GPU`;
    default:
      return `${number(value)} ${resource}`;
  }
}

/** Two amounts that differ, with as many decimals as show that: `1.996 CPU` beside `2 CPU`. */
export function amountsApart(resource: ResourceName, left: number, right: number): readonly [string, string] {
  const pairs = [1, 3].map((decimals) => [left, right].map((value) => amount(resource, value, decimals)));
  const [first = '', second = ''] = pairs.find(([one, other]) => one !== other) ?? pairs[0]!;
  return [first, second];
}

/** All amounts that are not 0, joined: `4 CPU, 16 GiB, 1 GPU`; `nothing` when there are none. */
export function amounts(resources: Resources): string {
  const names = resourceNames(resources);
  return names.length === 0 ? 'nothing' : names.map((name) => amount(name, amountOf(resources, name))).join(', ');
}

/** A change without naming the unit twice: `8 → 4 CPU`, `512 MiB → 2 GiB`. */
export function fromTo(resource: ResourceName, from: number, to: number): string {
  return pair(amount(resource, from), ' → ', amount(resource, to));
}

/** The same inside a sentence: `from 8 to 4 CPU`. */
export function change(resource: ResourceName, from: number, to: number): string {
  return `from ${pair(amount(resource, from), ' to ', amount(resource, to))}`;
}

/** What a resource is called where its unit does not say it: `CPU`, `memory`, `GPU`, `huawei.com/Ascend910`. */
export function resourceTitle(resource: ResourceName): string {
  return RESOURCE_TITLES[resource] ?? resource;
}

const RESOURCE_TITLES: Readonly<Record<string, string>> = { milliCpu: 'CPU', memoryBytes: 'memory', gpuMilli: 'GPU' };

/** Shares of a node × seconds as people can compare them: `7.5 node-hours`, `3 node-minutes`. */
export function nodeHours(nodeSeconds: number): string {
  if (nodeSeconds > 0 && nodeSeconds < 30) return 'under 1 node-minute';
  const hours = nodeSeconds / 3600;
  if (hours >= 1) return plural(hours, { one: '# node-hour', other: '# node-hours' }, hours >= 10 ? 0 : 1);
  return plural(hours * 60, { one: '# node-minute', other: '# node-minutes' });
}

/** A median with its 80 % band: `6 min (4–11 min)`; the median alone where the band is as narrow as the words. */
export function band({ p10, p50, p90 }: Band, say: (value: number) => string): string {
  return say(p10) === say(p90) ? say(p50) : `${say(p50)} (${range({ p10, p90 }, say)})`;
}

/** The same where nothing around it says which band it is: `6 min (80 %: 4–11 min)`. */
export function namedBand({ p10, p50, p90 }: Band, say: (value: number) => string): string {
  return say(p10) === say(p90) ? say(p50) : `${say(p50)} (80 %: ${range({ p10, p90 }, say)})`;
}

/** The 80 % band alone: `4–11 min`, `45 min–2 h`. */
export function range({ p10, p90 }: Pick<Band, 'p10' | 'p90'>, say: (value: number) => string): string {
  return pair(say(p10), '–', say(p90));
}

/** A phrase in the form that its count asks for; `#` stands for the number. */
export type Plural = { readonly one: string; readonly other: string };

/**
 * `plural(3, { one: '# more task waits', other: '# more tasks wait' })` is `3 more tasks wait`.
 * @param decimals at most so many
 */
export function plural(count: number, { one, other }: Plural, decimals = 0): string {
  const rounded = Math.round(count * 10 ** decimals) / 10 ** decimals;
  return (PLURALS.select(rounded) === 'one' ? one : other).replace('#', number(rounded, decimals));
}

const PLURALS = new Intl.PluralRules(LANGUAGE);

/** What is counted in more than one sentence. */
const COUNTED = {
  task: { one: '# task', other: '# tasks' },
  'running task': { one: '# running task', other: '# running tasks' },
  'pending task': { one: '# pending task', other: '# pending tasks' },
  'finished task': { one: '# finished task', other: '# finished tasks' },
  node: { one: '# node', other: '# nodes' },
  move: { one: '# move', other: '# moves' },
  placement: { one: '# placement', other: '# placements' },
  resize: { one: '# resize', other: '# resizes' },
  shrink: { one: '# shrink', other: '# shrinks' },
  expand: { one: '# expand', other: '# expands' },
  migration: { one: '# migration', other: '# migrations' },
} as const satisfies Record<string, Plural>;

/** `1 placement`, `3 migrations`, `0 nodes`. */
export function counted(count: number, what: keyof typeof COUNTED): string {
  return plural(count, COUNTED[what]);
}

/** Somebody else's words as a sentence: with a full stop where they end in none. */
export function ended(words: string): string {
  const said = words.trim();
  return /[.!?]$/.test(said) ? said : `${said}.`;
}

/** `a`, `a and b`, `a, b, and c`. */
export function list(parts: readonly string[]): string {
  return LISTS.format(parts);
}

/** `a`, `a or b`, `a, b, or c`. */
export function either(parts: readonly string[]): string {
  return CHOICES.format(parts);
}

const CHOICES = new Intl.ListFormat(LANGUAGE, { type: 'disjunction' });
const LISTS = new Intl.ListFormat(LANGUAGE, { type: 'conjunction' });

/** Names of which there may be many: all of eight, else the first eight and how many more. */
export function names(all: readonly string[], most = 8): string {
  const left = all.length - most;
  return left > 0 ? `${all.slice(0, most).join(', ')}, and ${number(left)} more` : list(all);
}

const NUMBERS = new Map<number, Intl.NumberFormat>();

function written(value: number, least: number, most: number): string {
  const key = least * 10 + most;
  const format =
    NUMBERS.get(key) ??
    new Intl.NumberFormat(LANGUAGE, {
      minimumFractionDigits: least,
      maximumFractionDigits: most,
      signDisplay: 'negative',
    });
  NUMBERS.set(key, format);
  return format.format(value).replace('-', '−');
}

/** Two phrases of one unit with the unit once: `8`, ` → `, `4 CPU`. */
function pair(left: string, between: string, right: string): string {
  const [, amountLeft, unitLeft] = ONE_UNIT.exec(left) ?? [];
  const unitRight = ONE_UNIT.exec(right)?.[2];
  return amountLeft !== undefined && unitLeft === unitRight ? amountLeft + between + right : left + between + right;
}

const ONE_UNIT = /^(\S+) (\S+)$/;

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${number(large)} ${largeUnit}` : `${number(large)} ${largeUnit} ${small} ${smallUnit}`;
}

function bytes(value: number, decimals: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let scaled = value;
  let unit = 0;
  while (Math.abs(scaled) >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit++;
  }
  return `${decimal(scaled, decimals)} ${units[unit]}`;
}

/** What is large needs no tenths. */
function decimal(value: number, decimals: number): string {
  return number(value, decimals === 1 && Math.abs(value) >= 100 ? 0 : decimals);
}
