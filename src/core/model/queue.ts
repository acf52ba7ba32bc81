import type { Task } from './task.ts';

/**
 * The order in which a scheduler takes pending tasks: higher priority first, then older (kube-scheduler's
 * PrioritySort). Equal ones keep the order they are sorted from; in a snapshot that is by id.
 */
export function byQueue(left: Task, right: Task): number {
  return right.priority - left.priority || left.createdAtSeconds - right.createdAtSeconds;
}
