import type { FinishedTask } from '../../core/model/finished.ts';
import type { Resources } from '../../core/model/resources.ts';
import { DigestBuilder, ownerKey, type Reading, type UsageDigest } from '../../core/model/usageDigest.ts';
import { PEAK_TO_MEAN, usageOf } from './usage.ts';
import type { LiveTask, World } from './world.ts';

/** How far back the sample's usage is known. */
const DIGEST_SECONDS = 3 * 86_400;
/** Four readings an hour of each task: one of a burst, three of its mean. */
const READING_SECONDS = 15 * 60;
const BURST_SECONDS = 3600;

type OwnReading = { readonly owner: string; readonly reading: Reading };

/** What the owners of the sample used in its last three days, as if somebody had watched it. */
export function sampleDigest(world: World, history: readonly FinishedTask[]): UsageDigest {
  const from = world.nowSeconds - DIGEST_SECONDS;
  const finished = [...history, ...world.finished].filter(({ endedAtSeconds }) => endedAtSeconds > from);
  const readings = [
    ...finished.flatMap((task) => readingsOfFinished(task, from)),
    ...[...world.tasks.values()].flatMap((live) => readingsOfLive(live, from, world.nowSeconds)),
  ].sort((left, right) => left.reading.atSeconds - right.reading.atSeconds);
  const builder = new DigestBuilder();
  for (const { owner, reading } of readings) builder.add(owner, reading);
  return builder.digest(world.nowSeconds);
}

function readingsOfFinished(task: FinishedTask, from: number): OwnReading[] {
  const { meanUsage, parameters, startedAtSeconds, endedAtSeconds } = task;
  if (!meanUsage) return [];
  const [namespace = '', name = ''] = task.id.split('/');
  const owner = ownerKey({ namespace, name, owner: { kind: 'Job', name }, parameters });
  const peak = burst(meanUsage);
  return quarters(Math.max(from, startedAtSeconds), endedAtSeconds).map((atSeconds) => {
    return { owner, reading: readingOf(meanUsage, peak, atSeconds) };
  });
}

function readingsOfLive(live: LiveTask, from: number, nowSeconds: number): OwnReading[] {
  const { startedAtSeconds, infrastructure } = live.task;
  if (startedAtSeconds === undefined || infrastructure) return [];
  const owner = ownerKey(live.task);
  const windows = { usageWindowSeconds: READING_SECONDS, nodeUsageWindowSeconds: READING_SECONDS };
  return quarters(Math.max(from, startedAtSeconds), nowSeconds).flatMap((atSeconds) => {
    const used = usageOf(live, atSeconds, windows);
    return used ? [{ owner, reading: readingOf(used.mean, used.peak, atSeconds) }] : [];
  });
}

/** The quarters of an hour after `from`, up to `to`. */
function quarters(from: number, to: number): number[] {
  const [first, last] = [Math.floor(from / READING_SECONDS) + 1, Math.floor(to / READING_SECONDS)];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => (first + at) * READING_SECONDS);
}

function readingOf(mean: Resources, peak: Resources, atSeconds: number): Reading {
  const { milliCpu, memoryBytes } = atSeconds % BURST_SECONDS === 0 ? peak : mean;
  return { atSeconds, milliCpu, memoryBytes };
}

function burst(mean: Resources): Resources {
  return {
    ...mean,
    milliCpu: Math.round(mean.milliCpu * PEAK_TO_MEAN.milliCpu),
    memoryBytes: Math.round(mean.memoryBytes * PEAK_TO_MEAN.memoryBytes),
  };
}
