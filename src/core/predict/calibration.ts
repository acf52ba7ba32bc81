import { QUANTILE_LEVELS } from './distribution.ts';

/**
 * Keeps the 80 % band at 80 % while tasks, users and the network drift, over everyone and in each group. Each side
 * follows its own level on the raw quantile table, moved a little at every end of a task; misses that arrive late and
 * in bursts are a debt that is paid back over thousands of ends, which plain adaptive conformal inference (Gibbs &
 * Candès 2021) does not do. Own design.
 */
export type Calibration = { readonly [group: string]: Tracker };

/** How far a band's two levels are moved towards the middle (positive) or outwards (negative). */
export type Shift = { readonly low: number; readonly high: number };

/** A shift that follows the misses, and what is owed. */
export type Tracker = Shift & {
  /** Misses beyond 10 % so far, each side. */
  readonly lowDebt: number;
  readonly highDebt: number;
  readonly ends: number;
};

/** A group of tasks whose bands err alike: how often it has run, and how wide its raw band is in ln units. */
export type BandGroup = `${'new' | 'few' | 'many'} ${'narrow' | 'middle' | 'wide'}`;

const EVERYONE = 'everyone';
const FRESH: Tracker = { low: 0, high: 0, lowDebt: 0, highDebt: 0, ends: 0 };
/** Miss rate of one side. */
const TARGET = 0.1;
/** How fast everyone's levels follow, and how fast what a group adds to them. */
const [RATE, OWN_RATE] = [0.0015, 0.0005];
const REPAYMENT = 8;
const PATIENCE = 1000;
/** Bounds of a shift: beyond the table's end by up to 2 ln units, or in to the median. */
const [OUTERMOST, INNERMOST] = [-0.2, 0.4];
/** A group adds its own shift to everyone's from so many ends on. */
const OWN_FROM = 100;
/** Past the table's end a band grows by so many ln units per unit of level. */
const BEYOND = 20;

/**
 * The group of a band: how many runs of the task have ended (none, under 5, more) and how wide it is.
 * @param logWidth ln of its upper end ÷ its lower end
 */
export function bandGroup(runsOfTask: number, logWidth: number): BandGroup {
  const history = runsOfTask === 0 ? 'new' : runsOfTask < 5 ? 'few' : 'many';
  return `${history} ${logWidth < 0.5 ? 'narrow' : logWidth < 2 ? 'middle' : 'wide'}`;
}

/** The shift that holds for a group now: everyone's, and what the group adds to it once it has enough ends. */
export function shiftOf(calibration: Calibration, group: BandGroup): Shift {
  const everyone = calibration[EVERYONE] ?? FRESH;
  const own = calibration[group];
  if (!own || own.ends < OWN_FROM) return everyone;
  return { low: bounded(everyone.low + own.low), high: bounded(everyone.high + own.high) };
}

/** The calibration after one more end: whether it fell below or above the band that was issued for it. */
export function learnOutcome(
  calibration: Calibration,
  group: BandGroup,
  miss: { readonly below: boolean; readonly above: boolean },
): Calibration {
  const learn = (tracker: Tracker = FRESH, rate: number): Tracker => {
    const ends = tracker.ends + 1;
    const low = repay(tracker.low, tracker.lowDebt, miss.below, ends, rate);
    const high = repay(tracker.high, tracker.highDebt, miss.above, ends, rate);
    return { low: low.shift, high: high.shift, lowDebt: low.debt, highDebt: high.debt, ends };
  };
  return {
    ...calibration,
    [EVERYONE]: learn(calibration[EVERYONE], RATE),
    [group]: learn(calibration[group], OWN_RATE),
  };
}

function repay(shift: number, owed: number, missed: boolean, ends: number, rate: number) {
  const debt = owed + (missed ? 1 : 0) - TARGET;
  const aim = Math.max(0.01, Math.min(0.2, TARGET - (REPAYMENT * debt) / (ends + PATIENCE)));
  return { debt, shift: bounded(shift + rate * (aim - (missed ? 1 : 0))) };
}

function bounded(shift: number): number {
  return Math.max(OUTERMOST, Math.min(INNERMOST, shift));
}

/** Writes a raw table (ln seconds at `QUANTILE_LEVELS`) with its levels shifted; the median stays, the order too. */
export function calibrateTable(raw: Float64Array, { low, high }: Shift, into: Float64Array): void {
  for (let at = 0; at < raw.length; at++) {
    const level = QUANTILE_LEVELS[at]!;
    into[at] = level < 0.5 ? lower(raw, level, TARGET + low) : upper(raw, level, TARGET + high);
  }
}

function lower(raw: Float64Array, level: number, edge: number): number {
  return at(raw, shifted(level, edge));
}

function upper(raw: Float64Array, level: number, edge: number): number {
  return at(raw, 1 - shifted(1 - level, edge));
}

/** Maps 0…0.1…0.5 to 0…edge…0.5, straight between; an edge near 0 keeps the levels outside it in order. */
function shifted(level: number, edge: number): number {
  if (level >= TARGET) return edge + ((level - TARGET) / (0.5 - TARGET)) * (0.5 - edge);
  return edge - (1 - level / TARGET) * Math.max(edge, 0.005);
}

/** Value of the table at a level, linear between its levels and beyond its ends. */
function at(raw: Float64Array, level: number): number {
  const last = raw.length - 1;
  const [first, end] = [QUANTILE_LEVELS[0]!, QUANTILE_LEVELS[last]!];
  if (level <= first) return raw[0]! - BEYOND * (first - level);
  if (level >= end) return raw[last]! + BEYOND * (level - end);
  let left = 0;
  while (QUANTILE_LEVELS[left + 1]! < level) left += 1;
  const share = (level - QUANTILE_LEVELS[left]!) / (QUANTILE_LEVELS[left + 1]! - QUANTILE_LEVELS[left]!);
  return raw[left]! + share * (raw[left + 1]! - raw[left]!);
}
