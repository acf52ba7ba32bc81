import type { NodeChange } from '../src/core/forecast/scenarios.ts';
import type { WeightActions } from './weights.ts';

/** What the reader can do in the panel. */
export type PanelActions = {
  /** Asks for these moves of the plan to be done; the host asks once more. */
  apply(planId: string, moveIds: readonly string[]): void;
  /** Plans again. */
  refresh(): void;
  /** Shows a node or a task in its tree. */
  reveal(what: 'node' | 'task', name: string): void;
  /** Ticks a move or takes its tick away; `all` are the moves that can be ticked. */
  choose(moveId: string, on: boolean, all: readonly string[]): void;
  /** Shows the ranked nodes of a pending task. */
  showTask(task: string): void;
  /** Asks for a forecast with a node less or a node more; the host asks which. */
  whatIf(kind: NodeChange['kind']): void;
  /** Lists a page of moves more. */
  listMore(): void;
} & WeightActions;
