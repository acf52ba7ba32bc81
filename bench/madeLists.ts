/**
 * Task lists made from the default one, which imitate lists that nobody tuned on, as the names of the published variants
 * say: tasks without GPUs drawn to a part of their number (`cpu050`); tasks drawn so that shares of a GPU have a part of
 * the demand (`gpushare60`); tasks of several GPUs added until they have it (`multigpu50`); a part of the GPU tasks bound
 * to models, by the sets of models that occur in the list gpuspec25 (`gpuspec20`).
 */

import { type Random, randomIndex, seededRandom } from '../src/core/model/random.ts';
import type { ListedTask } from '../src/core/replay/openb.ts';

/**
 * The list of that name, made of the given ones.
 * @param given the default list
 * @param bound tasks that are bound to models, whose sets of models are drawn from
 */
export function madeList(name: string, given: readonly ListedTask[], bound: readonly ListedTask[]): ListedTask[] {
  const [, kind, percent] = /^(cpu|gpushare|gpuspec|multigpu)(\d+)$/.exec(name) ?? [];
  const part = Number(percent) / 100;
  const random = seededRandom(99);
  const withGpus = given.filter((task) => demandOf(task) > 0);
  const without = given.filter((task) => demandOf(task) === 0);
  switch (kind) {
    case 'cpu':
      return [...withGpus, ...drawn(without, random, Math.round(part * without.length))];
    case 'gpushare':
      return [...without, ...drawnByDemand(withGpus, isShare, part, random)];
    case 'multigpu':
      return [...given, ...drawnBeside(given, isMultiple, part, random)];
    case 'gpuspec':
      return given.map((task) => (demandOf(task) > 0 && random() < part ? boundToModels(task, bound, random) : task));
  }
  throw new Error(`There is no list ${name}. Names are like cpu050, gpushare60, gpuspec20, multigpu40.`);
}

/** More tasks of a kind, so that with those that are given they have a part of the demand of all. */
function drawnBeside(
  tasks: readonly ListedTask[],
  ofKind: (task: ListedTask) => boolean,
  part: number,
  random: Random,
): ListedTask[] {
  const pool = tasks.filter(ofKind);
  const others = totalDemand(tasks.filter((task) => !ofKind(task)));
  return drawnUpTo(pool, (others * part) / (1 - part) - totalDemand(pool), random);
}

/** As much demand as in the given tasks, a part of it of those that are of a kind. */
function drawnByDemand(
  tasks: readonly ListedTask[],
  ofKind: (task: ListedTask) => boolean,
  part: number,
  random: Random,
): ListedTask[] {
  const total = totalDemand(tasks);
  const others = tasks.filter((task) => !ofKind(task));
  return [...drawnUpTo(tasks.filter(ofKind), part * total, random), ...drawnUpTo(others, (1 - part) * total, random)];
}

function drawnUpTo(pool: readonly ListedTask[], milli: number, random: Random): ListedTask[] {
  const found: ListedTask[] = [];
  for (let left = milli; left > 0; left -= demandOf(found.at(-1)!)) found.push(...drawn(pool, random, 1));
  return found;
}

function boundToModels(task: ListedTask, bound: readonly ListedTask[], random: Random): ListedTask {
  const { gpuModels } = bound[randomIndex(random, bound.length)]!.taskClass;
  return { ...task, taskClass: { ...task.taskClass, gpuModels } };
}

function drawn(pool: readonly ListedTask[], random: Random, count: number): ListedTask[] {
  return Array.from({ length: count }, () => pool[randomIndex(random, pool.length)]!);
}

function isShare({ taskClass }: ListedTask): boolean {
  return taskClass.gpuCount === 1 && taskClass.gpuMilli < 1000;
}

function isMultiple({ taskClass }: ListedTask): boolean {
  return taskClass.gpuCount > 1;
}

function totalDemand(tasks: readonly ListedTask[]): number {
  return tasks.reduce((sum, task) => sum + demandOf(task), 0);
}

function demandOf({ taskClass }: ListedTask): number {
  return taskClass.gpuMilli * taskClass.gpuCount;
}
