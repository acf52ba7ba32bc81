import type { TaskClass } from '../fragment/mix.ts';

/** A node of a window, with what would be free if the window's movable tasks were lifted out. */
export type WindowNode = {
  readonly name: string;
  readonly milliCpu: number;
  readonly memoryBytes: number;
  readonly gpuMilli: readonly number[];
  readonly gpuModel?: string | undefined;
};

/** A running task that may be moved: one GPU, a share of one, or none. */
export type WindowTask = {
  readonly id: string;
  readonly taskClass: TaskClass;
  readonly memoryBytes: number;
  /** Place in the window's nodes, and the GPU there; −1 without GPU. */
  readonly node: number;
  readonly gpu: number;
  readonly remainingSeconds: number;
};

export type WaitingTask = Pick<WindowTask, 'id' | 'taskClass' | 'memoryBytes'>;

export type Window = {
  readonly nodes: readonly WindowNode[];
  readonly tasks: readonly WindowTask[];
  readonly waiting: readonly WaitingTask[];
};

/** Where a task goes: node, and GPU (−1: none, or several whole ones). */
export type Assignment = { readonly task: WindowTask | WaitingTask; readonly node: number; readonly gpu: number };
