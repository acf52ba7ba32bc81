import type { FinishedTask } from '../core/model/finished.ts';
import { counted, day, plural } from './format.ts';

/** Every sentence about a history of finished tasks. */

/** "own.csv: 2 finished tasks; 1 row left out, the first because it has 1 field". */
export function describeHistory(
  name: string,
  tasks: readonly FinishedTask[],
  problems: readonly { readonly reason: string }[],
): string {
  const finished = `${name}: ${counted(tasks.length, 'finished task')}`;
  const [first] = problems;
  return first ? `${finished}; ${describeRowsLeftOut(problems.length)}, the first because ${first.reason}` : finished;
}

/** Rows of a history that could not be read. */
export function describeRowsLeftOut(count: number): string {
  return plural(count, { one: '# row left out', other: '# rows left out' });
}

/** What was read of a cluster's past, in the order of its ends: "180 finished tasks of prod, ended 2026-10-01 to 2026-11-02". */
export function describePastOf(cluster: string, tasks: readonly FinishedTask[]): string {
  const finished = `${counted(tasks.length, 'finished task')} of ${cluster}`;
  const [first, last] = [tasks[0], tasks.at(-1)];
  return first && last ? `${finished}, ended ${day(first.endedAtSeconds)} to ${day(last.endedAtSeconds)}` : finished;
}
