/**
 * The reader's time zone, kept here once for each process, thread and page: every sentence with an instant is written in it.
 *
 * It is state of the module and no argument: sentences with times are made many calls deep, and a process has one reader.
 * Each entry sets it once: the command line by default (the process's own: TZ); the editor's host to what a page of ours in
 * the user's browser has told; planning thread, learning thread, notebook kernel and plan panel to what the host hands them.
 *
 * There is no locale beside it: the sentences are English, and `2026-11-02` and `14:05` read the same to everybody.
 */

const UTC = 'UTC';
/** Longer than any zone's name. */
const LONGEST_NAME = 64;

let zone = ownZone();
let writer = writerOf(zone);

/** The reader's zone by its IANA name: `Asia/Shanghai`. */
export function readerZone(): string {
  return zone;
}

/**
 * Writes every instant in this zone from now on. What is no zone's name changes nothing.
 * @returns whether the zone is another than before
 */
export function useZone(next: unknown): boolean {
  const named = parseZone(next);
  if (named === undefined || named === zone) return false;
  zone = named;
  writer = writerOf(named);
  return true;
}

/** The zone that this process or page runs in; UTC where it does not know. */
export function ownZone(): string {
  return parseZone(new Intl.DateTimeFormat().resolvedOptions().timeZone) ?? UTC;
}

/** @returns the name as it is; undefined for anything that this engine does not know as a zone's name */
export function parseZone(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > LONGEST_NAME) return undefined;
  try {
    writerOf(value);
    return value;
  } catch {
    return undefined;
  }
}

/** What the reader's calendar and clock show at an instant, two digits each but for the year. */
export type ClockFace = Readonly<Record<'year' | 'month' | 'day' | 'hour' | 'minute', string>> & {
  /** How far the zone is from UTC then: `UTC`, `UTC+8`, `UTC−3:30`. */
  readonly offset: string;
};

/** What no calendar shows is told as the last or first day of it. */
export function clockFace(atSeconds: number): ClockFace {
  const shown = Math.max(-LAST_SECONDS, Math.min(LAST_SECONDS, atSeconds));
  const parts = new Map(writer.formatToParts(shown * 1000).map(({ type, value }) => [type, value]));
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? '';
  return {
    year: of('year'),
    month: of('month'),
    day: of('day'),
    hour: of('hour'),
    minute: of('minute'),
    offset: of('timeZoneName')
      .replace(/^GMT(\+0$)?/, UTC)
      .replace('-', '−'),
  };
}

/** As far as a `Date` goes (ECMA-262, 21.4.1.1). */
const LAST_SECONDS = 8.64e12;

/** @throws RangeError for what is no zone's name */
function writerOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'shortOffset',
  });
}
