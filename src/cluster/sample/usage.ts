import type { Resources } from '../../core/model/resources.ts';
import type { UsageWindows } from '../../core/model/settings.ts';
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
export const PEAK_TO_MEAN = { milliCpu: 1.15, memoryBytes: 1.06 };

/**
 * Mean and peak over the usage window (S306), and the mean over the node's (S408), from what the task truly uses.
 * @returns undefined until it has run long enough for one reading
 */
export function usageOf(live: LiveTask, nowSeconds: number, windows: UsageWindows): Usage | undefined {
  const { task } = live;
  const { startedAtSeconds } = task;
  if (task.phase !== 'running' || startedAtSeconds === undefined) return undefined;
  const from = (windowSeconds: number) => Math.max(startedAtSeconds, nowSeconds - windowSeconds);
  const fromSeconds = from(windows.usageWindowSeconds);
  const readings = Math.floor((nowSeconds - fromSeconds) / READING_SECONDS);
  if (readings < 1) return undefined;
  const limit = limitOf(task, live.granted);
  const mean = meanOver(live, fromSeconds, nowSeconds);
  const peak = {
    ...mean,
    milliCpu: Math.min(limit.milliCpu, Math.round(mean.milliCpu * PEAK_TO_MEAN.milliCpu)),
    memoryBytes: Math.min(limit.memoryBytes, Math.round(mean.memoryBytes * PEAK_TO_MEAN.memoryBytes)),
  };
  const nodeWindowMean = meanOver(live, from(windows.nodeUsageWindowSeconds), nowSeconds);
  return { mean, peak, nodeWindowMean, fromSeconds, toSeconds: nowSeconds, readings, source: 'sample' };
}

/** The load of the span's middle stands for the span. */
function meanOver({ task, use, granted }: LiveTask, fromSeconds: number, nowSeconds: number): Resources {
  const limit = limitOf(task, granted);
  const used = usedOf(task.request, limit, use);
  const swing = loadSwing(task, (fromSeconds + nowSeconds) / 2);
  return { ...used, milliCpu: Math.min(limit.milliCpu, Math.round(used.milliCpu * swing)) };
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
function limitOf({ qosClass }: Task, granted: Resources): Resources {
  return qosClass === 'Guaranteed' ? granted : { ...granted, milliCpu: granted.milliCpu * 2 };
}
