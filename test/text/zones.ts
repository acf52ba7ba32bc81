import { readerZone, useZone } from '../../src/text/zone.ts';

/** What some work gives while times are told in a zone; the zone before it counts again afterwards. */
export function inZone<T>(zone: string, work: () => T): T {
  const before = readerZone();
  useZone(zone);
  try {
    return work();
  } finally {
    useZone(before);
  }
}
