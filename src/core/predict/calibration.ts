import { QUANTILE_LEVELS } from './distribution.ts';

/**
 * Keeps the 80 % band at 80 % while tasks, users and the network drift. Each side follows its own level on the raw
 * quantile table, moved a little at every end of a task; misses that arrive late and in bursts are a debt that is paid
 * back over thousands of ends, which plain adaptive conformal inference (Gibbs & Candès 2021) does not do. Own design.
 */
export type Calibration = { readonly [group: string]: Tracker };

/** Shift of a band's two levels towards the middle (positive) or outwards (negative), and what is owed. */
export type Tracker = {
  readonly low: number;
  readonly high: number;
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
const RATE = 0.0015;
const REPAYMENT = 8;
const PATIENCE = 1000;
/** Bounds of a shift: beyond the table's end by up to 2 ln units, or in to the median. */
const [OUTERMOST, INNERMOST] = [-0.2, 0.4];
/** A group has its own tracker from so many ends on. */
const OWN_FROM = 100;
/** Past the table's end a band grows by so many ln units per unit of level. */
const BEYOND = 20;

export function bandGroup(runsOfTask: number, logWidth: number): BandGroup {
  const history = runsOfTask === 0 ? 'new' : runsOfTask < 5 ? 'few' : 'many';
  return `${history} ${logWidth < 0.5 ? 'narrow' : logWidth < 2 ? 'middle' : 'wide'}`;
}

/** The tracker that holds for a group now: its own once it has enough ends, else everyone's. */
export function trackerOf(calibration: Calibration, group: BandGroup): Tracker {
  const own = calibration[group];
  return own && own.ends >= OWN_FROM ? own : (calibration[EVERYONE] ?? FRESH);
}

/** The calibration after one more end: whether it fell below or above the band that was issued for it. */
export function learnOutcome(
  calibration: Calibration,
  group: BandGroup,
  miss: { readonly below: boolean; readonly above: boolean },
): Calibration {
  const learn = (tracker: Tracker = FRESH): Tracker => {
    const ends = tracker.ends + 1;
    const low = repay(tracker.low, tracker.lowDebt, miss.below, ends);
    const high = repay(tracker.high, tracker.highDebt, miss.above, ends);
    return { low: low.shift, high: high.shift, lowDebt: low.debt, highDebt: high.debt, ends };
  };
  return { ...calibration, [EVERYONE]: learn(calibration[EVERYONE]), [group]: learn(calibration[group]) };
}

function repay(shift: number, owed: number, missed: boolean, ends: number): { shift: number; debt: number } {
  const debt = owed + (missed ? 1 : 0) - TARGET;
  const aim = Math.max(0.01, Math.min(0.2, TARGET - (REPAYMENT * debt) / (ends + PATIENCE)));
  return { debt, shift: Math.max(OUTERMOST, Math.min(INNERMOST, shift + RATE * (aim - (missed ? 1 : 0)))) };
}

/** Writes a raw table (ln seconds at `QUANTILE_LEVELS`) with its levels shifted; the median stays, the order too. */
export function calibrateTable(raw: Float64Array, { low, high }: Tracker, into: Float64Array): void {
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
