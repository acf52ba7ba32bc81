import type { StepText } from '../text/operation.ts';

/**
 * Where each move stands that was begun, in the order in which that changed. Readers take what is new since they looked
 * last: a plan of a large cluster has tens of thousands of moves, each with several steps.
 */
export class StepLog {
  readonly #steps: StepText[];
  readonly #confirmed = new Set<string>();

  /** @param first steps to begin with */
  constructor(first: Iterable<StepText> = []) {
    this.#steps = [...first];
  }

  /** The reader said yes to these moves: they are to be done, though most of them are not begun yet. */
  confirm(moveIds: Iterable<string>): void {
    for (const id of moveIds) this.#confirmed.add(id);
  }

  /** How many moves the reader said yes to, each counted once. */
  get confirmed(): number {
    return this.#confirmed.size;
  }

  add(step: StepText): void {
    this.#steps.push(step);
  }

  /** How many there were so far; what `since` counts from. */
  get length(): number {
    return this.#steps.length;
  }

  /** Those after the first `from`. */
  since(from: number): readonly StepText[] {
    return this.#steps.slice(from);
  }

  /** The latest step of each move that is waiting. */
  waiting(): readonly StepText[] {
    const latest = new Map(this.#steps.map((step) => [step.moveId, step]));
    return [...latest.values()].filter(({ state }) => state === 'waiting');
  }
}
