import { setTimeout as pause } from 'node:timers/promises';

/**
 * Reads again and again until what is read holds, and resolves to it.
 * @throws Error with what was read last, when it does not hold in time
 */
export async function until<T>(read: () => Promise<T>, holds: (value: T) => boolean, seconds = 600): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (Date.now() > end)
      throw new Error(`Still not so after ${seconds} s: ${String(JSON.stringify(value)).slice(0, 1000)}`);
    await pause(250);
  }
}
