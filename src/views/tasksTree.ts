import * as vscode from 'vscode';
import { findRow } from '../core/model/sortedList.ts';
import type { Session } from '../editor/session.ts';
import type { TaskRow } from '../rows/clusterView.ts';
import { idOf } from '../rows/viewDeltas.ts';
import { describeMore } from '../text/counts.ts';
import { counted, number } from '../text/format.ts';
import { describeFiltered, describeNone } from '../text/tree.ts';
import { DrawnRows } from './drawnRows.ts';
import type { Pins } from './pins.ts';
import { type Grouping, type TaskGroup, TaskGroups } from './taskGroups.ts';
import { noteItem, oneLine, taskItem } from './treeItems.ts';

const PAGE = 200;
/** More pending tasks than these would hide the groups below them. */
const FEW = 20;

export type TasksElement =
  | ({ readonly kind: 'group'; readonly open: boolean } & TaskGroup)
  | { readonly kind: 'task'; readonly task: TaskRow; readonly group: string }
  /** `group` is empty where it is groups that are left. */
  | { readonly kind: 'more'; readonly group: string; readonly left: number };

/** Tasks: pinned, pending, then running by group, each with its predicted and remaining runtime. */
export class TasksTree implements vscode.TreeDataProvider<TasksElement>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<TasksElement[] | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly messageChanged = new vscode.EventEmitter<void>();
  readonly onDidChangeMessage = this.messageChanged.event;
  private readonly drawn = new DrawnRows<TasksElement>({
    idOf: (element) => this.idOf(element),
    childrenOf: (element) => this.childrenOf(element),
    itemOf: (element) => this.getTreeItem(element),
  });
  private readonly subscriptions: vscode.Disposable[];
  private readonly shown = new Map<string, number>();
  /** Groups by their keys, as the user has left them. */
  private readonly opened = new Map<string, boolean>();
  private filterText = '';
  private by: Grouping = 'owner';
  /** Replaced for each change of pins, filter or grouping; follows the rows. */
  private groups: TaskGroups;
  private following = false;
  private readonly session: Session;
  private readonly pins: Pins;

  constructor(session: Session, pins: Pins) {
    this.session = session;
    this.pins = pins;
    this.groups = this.noGroups();
    this.subscriptions = [
      session.onDidChangeRows(() => void this.follow()),
      pins.onDidChange(() => this.regroup()),
      this.changed,
      this.messageChanged,
    ];
  }

  get filter(): string {
    return this.filterText;
  }

  /** Words as in `GroupingOptions`. */
  setFilter(text: string): void {
    this.filterText = text.trim();
    void vscode.commands.executeCommand('setContext', 'stowage.filtered', this.filterText !== '');
    this.regroup();
  }

  /** What stands above the rows: the filter, and why there are none; undefined: nothing. */
  get message(): string | undefined {
    const state = this.session.state;
    if (state.kind !== 'open') return undefined;
    const { tasks } = state.view;
    if (tasks.length === 0) return describeNone('task', state.view.problems);
    if (this.filterText === '') return undefined;
    return describeFiltered(this.groups.count, tasks.length, oneLine(this.filterText));
  }

  get grouping(): Grouping {
    return this.by;
  }

  setGrouping(grouping: Grouping): void {
    this.by = grouping;
    this.regroup();
  }

  showMore(group: string): void {
    this.shown.set(group, this.shownOf(group) + PAGE);
    this.draw();
  }

  /** Remembers what the user has done to a group: one that comes back, after a filter, is as it was. */
  setOpened(element: TasksElement, opened: boolean): void {
    if (element.kind === 'group' && this.filterText === '') this.opened.set(element.key, opened);
  }

  getTreeItem(element: TasksElement): vscode.TreeItem {
    switch (element.kind) {
      case 'group':
        return groupItem(element, this.idOf(element));
      case 'task': {
        const item = taskItem(element.task, this.nowSeconds, this.pins.all.has(`task:${element.task.id}`));
        item.id = `${element.group}/${item.id}`;
        return item;
      }
      case 'more':
        return noteItem(describeMore(PAGE, element.left), 'ellipsis', {
          title: 'Show more',
          command: 'stowage.showMoreTasks',
          arguments: [element.group],
        });
    }
  }

  getChildren(element?: TasksElement): TasksElement[] {
    return this.drawn.children(element);
  }

  private childrenOf(element?: TasksElement): TasksElement[] {
    if (!element) {
      const groups = this.groups.first(this.shownOf(''));
      return withMore(this.elementsOf(groups), '', this.groups.size);
    }
    if (element.kind !== 'group') return [];
    const { key, tasks } = element;
    const shown = tasks.slice(0, this.shownOf(key)).map((task) => ({ kind: 'task', task, group: key }) as const);
    return withMore(shown, key, tasks.length);
  }

  getParent(element: TasksElement): TasksElement | undefined {
    const group = element.kind === 'group' ? undefined : this.groups.group(element.group);
    return group && !group.flat ? { kind: 'group', open: true, ...group } : undefined;
  }

  /** The element of a task by id, for reveal; undefined when it is gone or filtered out. */
  find(id: string): TasksElement | undefined {
    const task = findRow(this.rows, id, idOf);
    const found = task && this.groups.find(task);
    if (!found) return undefined;
    const { group, at, index } = found;
    if (at >= this.shownOf('') || index >= this.shownOf(group.key)) {
      this.shown.set('', Math.max(at + 1, this.shownOf('')));
      this.shown.set(group.key, Math.max(index + 1, this.shownOf(group.key)));
      this.draw();
    }
    return { kind: 'task', task, group: group.key };
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  /** A filter opens the groups with the first hits. */
  private elementsOf(groups: readonly TaskGroup[]): TasksElement[] {
    let before = 0;
    return groups.map((group): TasksElement => {
      const { key, tasks } = group;
      const open = this.filterText === '' ? (this.opened.get(key) ?? isOpenAtFirst(group)) : before < PAGE;
      before += tasks.length;
      return group.flat ? { kind: 'task', task: tasks[0]!, group: key } : { kind: 'group', open, ...group };
    });
  }

  private regroup(): void {
    this.groups = this.noGroups();
    void this.follow();
  }

  /** Updates the groups to the rows, then draws; many rows in pieces, between which the editor has its thread. */
  private async follow(): Promise<void> {
    if (this.rows.length === 0) this.groups = this.noGroups();
    if (this.following) return;
    this.following = true;
    try {
      let [rows, groups]: [readonly TaskRow[] | undefined, TaskGroups | undefined] = [undefined, undefined];
      while (rows !== this.rows || groups !== this.groups) {
        ({ rows, groups } = this);
        for (const _ of groups.follow(rows)) {
          await new Promise(setImmediate);
          if (groups !== this.groups) break;
        }
        if (groups === this.groups) this.draw();
      }
    } finally {
      this.following = false;
    }
  }

  private draw(): void {
    this.messageChanged.fire();
    const rows = this.drawn.changes();
    if (rows?.length !== 0) this.changed.fire(rows);
  }

  private noGroups(): TaskGroups {
    const { all } = this.pins;
    return new TaskGroups({ by: this.by, filter: this.filterText, isPinned: ({ id }) => all.has(`task:${id}`) });
  }

  private get rows(): readonly TaskRow[] {
    const { state } = this.session;
    return state.kind === 'open' ? state.view.tasks : NO_ROWS;
  }

  private get nowSeconds(): number {
    const { state } = this.session;
    return state.kind === 'open' ? state.view.takenAtSeconds : 0;
  }

  private shownOf(group: string): number {
    return this.shown.get(group) ?? PAGE;
  }

  private idOf(element: TasksElement): string {
    switch (element.kind) {
      case 'group':
        return `group:${this.by}:${this.filterText}:${element.key}`;
      case 'task':
        return `${element.group}/task:${element.task.id}`;
      case 'more':
        return `more:${element.group}`;
    }
  }
}

const NO_ROWS: readonly TaskRow[] = [];

function isOpenAtFirst({ key, tasks }: TaskGroup): boolean {
  return key === 'pinned' || (key === 'pending' && tasks.length <= FEW);
}

function groupItem({ title, tasks, open }: Extract<TasksElement, { kind: 'group' }>, id: string): vscode.TreeItem {
  const { Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(oneLine(title), open ? Expanded : Collapsed);
  item.id = id;
  item.description = number(tasks.length);
  item.contextValue = 'group';
  item.accessibilityInformation = { label: `${oneLine(title)}, ${counted(tasks.length, 'task')}` };
  return item;
}

function withMore(shown: readonly TasksElement[], group: string, of: number): TasksElement[] {
  const left = of - shown.length;
  return left > 0 ? [...shown, { kind: 'more', group, left }] : [...shown];
}
