import type { Resources } from '../../core/model/resources.ts';
import { DEFAULT_SETTINGS } from '../../core/model/settings.ts';
import type { Task } from '../../core/model/task.ts';
import type { Usage } from '../../core/model/usage.ts';
import type { Recurring } from './workload.ts';
import type { LiveTask } from './world.ts';

/** The sample's meter reads each task once a minute. */
const READING_SECONDS = 60;

/**
 * CPU load goes up and down around its mean by a twentieth, so that plans of different hours see different usage. The
 * period is three of the usual windows (30 min): a shorter one would be averaged away.
 */
const CPU_SWING = { fraction: 0.05, periodSeconds: 3 * 30 * 60 };

/** The highest reading relative to the mean: CPU comes in bursts, while memory, once taken, is mostly kept. */
const PEAK_TO_MEAN = { milliCpu: 1.15, memoryBytes: 1.06 };

/**
 * Mean and peak over the usage window (S306), from what the task truly uses.
 * @returns undefined until it has run long enough for one reading
 */
export function usageOf({ task, use, granted }: LiveTask, nowSeconds: number): Usage | undefined {
  if (task.phase !== 'running' || task.startedAtSeconds === undefined) return undefined;
  const fromSeconds = Math.max(task.startedAtSeconds, nowSeconds - DEFAULT_SETTINGS.usageWindowSeconds);
  const readings = Math.floor((nowSeconds - fromSeconds) / READING_SECONDS);
  if (readings < 1) return undefined;
  const limit = limitOf(task, granted);
  const used = usedOf(task.request, limit, use);
  const swing = loadSwing(task, (fromSeconds + nowSeconds) / 2);
  const milliCpu = Math.min(limit.milliCpu, Math.round(used.milliCpu * swing));
  const mean = { ...used, milliCpu };
  const peak = {
    ...mean,
    milliCpu: Math.min(limit.milliCpu, Math.round(milliCpu * PEAK_TO_MEAN.milliCpu)),
    memoryBytes: Math.min(limit.memoryBytes, Math.round(used.memoryBytes * PEAK_TO_MEAN.memoryBytes)),
  };
  return { mean, peak, fromSeconds, toSeconds: nowSeconds, readings, source: 'sample' };
}

/** Load at a moment relative to its mean; each task swings at its own time. */
function loadSwing({ createdAtSeconds }: Task, atSeconds: number): number {
  const { fraction, periodSeconds } = CPU_SWING;
  return 1 + fraction * Math.sin((2 * Math.PI * atSeconds) / periodSeconds + createdAtSeconds);
}

/** What a task uses of a request; CPU is throttled at its limit. */
export function usedOf(request: Resources, limit: Resources, use: Recurring['use']): Resources {
  return {
    milliCpu: Math.min(limit.milliCpu, Math.round(request.milliCpu * use.cpu)),
    memoryBytes: Math.min(limit.memoryBytes, Math.round(request.memoryBytes * use.memory)),
    gpuMilli: Math.round(request.gpuMilli * use.gpu),
    extended: request.extended,
  };
}

/** Guaranteed tasks are held to what is granted; Burstable ones may use twice as much CPU. */
export function limitOf({ qosClass }: Task, granted: Resources): Resources {
  return qosClass === 'Guaranteed' ? granted : { ...granted, milliCpu: granted.milliCpu * 2 };
}
