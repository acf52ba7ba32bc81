import type { FinishedTask } from '../../../src/core/model/finished.ts';
import { seededRandom } from '../../../src/core/model/random.ts';

/** A finished task of the test's own: user a, 1 processor, 100 s from its submit, unless told otherwise. */
export function finished(changes: Partial<FinishedTask> & { runtime?: number } = {}): FinishedTask {
  const submittedAtSeconds = changes.submittedAtSeconds ?? 0;
  const startedAtSeconds = changes.startedAtSeconds ?? submittedAtSeconds;
  return {
    id: 'task',
    parameters: { creator: 'a' },
    request: { milliCpu: 1000, memoryBytes: 0, gpuMilli: 0, extended: {} },
    size: 1,
    submittedAtSeconds,
    startedAtSeconds,
    endedAtSeconds: startedAtSeconds + (changes.runtime ?? 100),
    outcome: 'succeeded',
    ...changes,
  };
}

/** A history of recurring tasks: ten creators with three tasks each, waits, limits, overlaps; seeded. */
export function recurringHistory(count: number, seed = 1): FinishedTask[] {
  const random = seededRandom(seed);
  let clock = 1_000_000;
  return Array.from({ length: count }, (_, at) => {
    clock += Math.floor(random() * 120);
    const creator = Math.floor(random() * 10);
    const kind = Math.floor(random() * 3);
    const typical = 30 * 4 ** kind * (1 + creator);
    const runtime = Math.max(1, Math.round(typical * Math.exp(random() - 0.5)));
    const startedAtSeconds = clock + Math.floor(random() * 300);
    return finished({
      id: `t${at}`,
      parameters: { creator: `user ${creator}`, name: `kind ${kind}`, requestedRuntimeSeconds: typical * 4 },
      size: 1 + kind,
      submittedAtSeconds: clock,
      startedAtSeconds,
      endedAtSeconds: startedAtSeconds + runtime,
    });
  });
}
