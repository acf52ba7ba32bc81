import type { NodeChange } from '../src/core/forecast/scenarios.ts';
import type { PlanCopy } from '../src/panel/protocol.ts';
import type { MovesView } from './moves/view.ts';
import type { WeightActions } from './weights.ts';

/** What the reader can do in the panel. */
export type PanelActions = {
  /** Asks for these moves of the plan to be done; the host asks once more. */
  apply(planId: string, moveIds: readonly string[]): void;
  /** Plans again. */
  refresh(): void;
  /** Shows a node or a task in its tree. */
  reveal(what: 'node' | 'task', name: string): void;
  /** Ticks moves or takes their ticks away. */
  tick(moveIds: readonly string[], on: boolean): void;
  tickAll(on: boolean): void;
  /** Lists the moves in another way. */
  list(view: Partial<MovesView>): void;
  /** Opens or closes a group of moves. */
  open(group: string, on: boolean): void;
  /** Shows the ranked nodes of a pending task. */
  showTask(task: string): void;
  /** Asks for a forecast with a node less or a node more; the host asks which. */
  whatIf(kind: NodeChange['kind']): void;
  /** Takes the plan elsewhere. */
  take(as: PlanCopy): void;
} & WeightActions;
