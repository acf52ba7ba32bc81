import { clock, duration } from './format.ts';

/** Sooner than this a moment is told by how far it is off: clocks show whole minutes. */
const SOON_SECONDS = 120;

/** When to plan again, behind a reason: "plan again in 15 s", "plan again at 14:12"; never a minute too early. */
export function planAgain(atSeconds: number, nowSeconds: number, say: typeof clock = clock): string {
  const inSeconds = atSeconds - nowSeconds;
  if (inSeconds < SOON_SECONDS) return `plan again in ${duration(Math.max(1, Math.ceil(inSeconds)))}`;
  return `plan again at ${say(60 * Math.ceil(atSeconds / 60), nowSeconds)}`;
}
