import { compareNaturally } from '../core/model/naturalOrder.ts';
import { differences, firstAt, position } from '../core/model/sortedList.ts';
import type { TaskRow } from '../rows/clusterView.ts';
import { idOf } from '../rows/viewDeltas.ts';

/** How running tasks are grouped. Pending ones always come first, in a group of their own. */
export const GROUPINGS = ['owner', 'creator', 'node', 'namespace'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export type TaskGroup = {
  readonly key: string;
  readonly title: string;
  /** In the order of their ids. */
  readonly tasks: readonly TaskRow[];
  /** Of one task of one owner: shown without a group around it. */
  readonly flat: boolean;
};

export type GroupingOptions = {
  readonly by: Grouping;
  /** Words that must all occur in a task's id, owner, creator, node or state; empty: all tasks. */
  readonly filter: string;
  readonly isPinned: (task: TaskRow) => boolean;
};

/**
 * The tasks that pass the filter, in groups: pinned ones, pending ones, then running ones in the order of the groups'
 * titles. They follow the differences between rows, since a large cluster has as many groups as Jobs.
 */
export class TaskGroups {
  private readonly tasksOf = new Map<string, TaskRow[]>();
  /** In the order of the groups. */
  private readonly keys: string[] = [];
  private readonly options: GroupingOptions;
  private readonly words: readonly string[];
  private rows: readonly TaskRow[] = [];
  private passing = 0;
  /** Since the last yield, in rows. */
  private work = 0;

  constructor(options: GroupingOptions) {
    this.options = options;
    this.words = options.filter.toLowerCase().split(/\s+/).filter(Boolean);
  }

  /** Tasks that pass the filter. */
  get count(): number {
    return this.passing;
  }

  /** Groups there are. */
  get size(): number {
    return this.keys.length;
  }

  first(count: number): TaskGroup[] {
    return this.keys.slice(0, count).map((key) => this.group(key)!);
  }

  group(key: string): TaskGroup | undefined {
    const tasks = this.tasksOf.get(key);
    if (!tasks) return undefined;
    const flat = this.options.by === 'owner' && tasks.length === 1 && !(key in TITLES);
    return { key, title: TITLES[key] ?? key.slice(IN.length), tasks, flat };
  }

  /** The group that a task is in besides the pinned one; the place of the group, and the task's place in it. */
  find(task: TaskRow): { readonly group: TaskGroup; readonly at: number; readonly index: number } | undefined {
    const key = this.keysFor(task).at(-1);
    const group = key === undefined ? undefined : this.group(key);
    if (!group) return undefined;
    return {
      group,
      at: place(this.keys, group.key),
      index: position(group.tasks, task.id, idOf),
    };
  }

  /**
   * Updates the groups to other rows, which are in the order of their ids.
   * @returns a generator that yields after every thousand rows, sooner where long groups have to move up; until it ends,
   * each task is as it was or as it is
   */
  *follow(rows: readonly TaskRow[]): Generator<void, void> {
    const before = this.rows;
    for (const { was, is } of differences(before, rows, idOf)) {
      this.change(was, is);
      if (this.work < WORK_A_TURN) continue;
      this.work = 0;
      yield;
    }
    this.work = 0;
    this.rows = rows;
  }

  private change(was: TaskRow | undefined, is: TaskRow | undefined): void {
    const [left, entered] = [was ? this.keysFor(was) : [], is ? this.keysFor(is) : []];
    this.passing += Number(entered.length > 0) - Number(left.length > 0);
    this.work += 1;
    for (const key of left) if (was) this.replace(key, was, entered.includes(key) ? is : undefined);
    for (const key of entered) if (is && !left.includes(key)) this.enter(key, is);
  }

  private replace(key: string, was: TaskRow, is: TaskRow | undefined): void {
    const tasks = this.tasksOf.get(key) ?? [];
    const at = position(tasks, was.id, idOf);
    if (is) tasks[at] = is;
    else this.leave(key, tasks, at);
  }

  private enter(key: string, task: TaskRow): void {
    const tasks = this.tasksOf.get(key);
    if (tasks) return this.insert(tasks, position(tasks, task.id, idOf), task);
    this.tasksOf.set(key, [task]);
    this.insert(this.keys, place(this.keys, key), key);
  }

  private leave(key: string, tasks: TaskRow[], at: number): void {
    this.work += (tasks.length - at) / MOVED_AS_ONE_ROW;
    tasks.splice(at, 1);
    if (tasks.length > 0) return;
    this.tasksOf.delete(key);
    this.keys.splice(place(this.keys, key), 1);
  }

  private insert<T>(all: T[], at: number, one: T): void {
    this.work += (all.length - at) / MOVED_AS_ONE_ROW;
    if (at === all.length) all.push(one);
    else all.splice(at, 0, one);
  }

  private keysFor(task: TaskRow): string[] {
    const { by, isPinned } = this.options;
    if (!this.words.every((word) => hasWord(task, word))) return [];
    const key = task.kind === 'pending' ? PENDING : `${IN}${titleOf(task, by)}`;
    return isPinned(task) ? [PINNED, key] : [key];
  }
}

const PINNED = 'pinned';
const PENDING = 'pending';
const IN = 'in:';
const TITLES: Readonly<Record<string, string>> = { [PINNED]: 'Pinned', [PENDING]: 'Pending' };
const WORK_A_TURN = 1000;
/** How many entries of a list move up in the time that one row takes. */
const MOVED_AS_ONE_ROW = 1000;

/** Where a key stands among the groups' keys, or would. */
function place(keys: readonly string[], key: string): number {
  return firstAt(keys.length, (index) => !isBefore(keys[index]!, key));
}

function isBefore(left: string, right: string): boolean {
  const [first, second] = [rank(left), rank(right)];
  return first === second ? compareNaturally(left, right) < 0 : first < second;
}

function rank(key: string): number {
  return key === PINNED ? 0 : key === PENDING ? 1 : 2;
}

function titleOf(task: TaskRow, by: Grouping): string {
  switch (by) {
    case 'owner':
      return task.recurring ?? 'no owner';
    case 'creator':
      return task.creator ?? 'no creator';
    case 'node':
      return task.node ?? 'no node';
    case 'namespace':
      return task.namespace;
  }
}

function hasWord({ id, owner = '', creator = '', node = '', kind }: TaskRow, word: string): boolean {
  return [id, owner, creator, node, kind].some((text) => text.toLowerCase().includes(word));
}
