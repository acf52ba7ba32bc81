import type { Task } from './task.ts';

type Started = Pick<Task, 'checkpoint' | 'startedAtSeconds'>;

/** Seconds since a task started; 0 for one that has not. */
export function elapsedSeconds({ startedAtSeconds }: Started, nowSeconds: number): number {
  return Math.max(0, nowSeconds - (startedAtSeconds ?? nowSeconds));
}

/**
 * Seconds of its run that a task loses when it is ended now (S410): all of it without a checkpoint, else the time since
 * the checkpoint was saved. A checkpoint without a time is one the task saves when it is told to stop.
 */
export function lostWork(task: Started, nowSeconds: number): number {
  const elapsed = elapsedSeconds(task, nowSeconds);
  if (!task.checkpoint) return elapsed;
  return Math.min(elapsed, Math.max(0, nowSeconds - (task.checkpoint.savedAtSeconds ?? nowSeconds)));
}

/** Seconds of its run that a task resumes from when it is ended now: what it does not lose. */
export function keptWork(task: Started, nowSeconds: number): number {
  return elapsedSeconds(task, nowSeconds) - lostWork(task, nowSeconds);
}
