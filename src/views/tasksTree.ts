import * as vscode from 'vscode';
import type { Session } from '../session.ts';
import type { TaskRow } from './clusterView.ts';
import { DrawnRows } from './drawnRows.ts';
import type { Pins } from './pins.ts';
import { none, noteItem, oneLine, taskItem } from './treeItems.ts';

const PAGE = 200;

/** How running tasks are grouped. Pending ones always come first, in a group of their own. */
export const GROUPINGS = ['owner', 'creator', 'node', 'namespace'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export type TasksElement =
  | { readonly kind: 'group'; readonly key: string; readonly title: string; readonly tasks: readonly TaskRow[] }
  | { readonly kind: 'task'; readonly task: TaskRow; readonly group: string }
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
  private filterText = '';
  /** Made once for each change of rows, pins, filter or grouping. */
  private groups: readonly TasksElement[] | undefined;
  private by: Grouping = 'owner';
  private readonly session: Session;
  private readonly pins: Pins;

  constructor(session: Session, pins: Pins) {
    this.session = session;
    this.pins = pins;
    const redraw = () => this.redraw();
    this.subscriptions = [session.onDidChangeRows(redraw), pins.onDidChange(redraw), this.changed, this.messageChanged];
  }

  get filter(): string {
    return this.filterText;
  }

  /** Words that must all occur in a task's id, owner, creator, node or state. */
  setFilter(text: string): void {
    this.filterText = text.trim();
    void vscode.commands.executeCommand('setContext', 'stowage.filtered', this.filterText !== '');
    this.redraw();
  }

  /** What stands above the rows: the filter, and why there are none; undefined: nothing. */
  get message(): string | undefined {
    const state = this.session.state;
    if (state.kind !== 'open') return undefined;
    const { tasks } = state.view;
    if (tasks.length === 0) return none('task', state.view);
    if (this.filterText === '') return undefined;
    const found = tasks.filter((task) => matches(task, this.filterText)).length;
    return `${found === 0 ? 'None' : found} of ${tasks.length} tasks: ${oneLine(this.filterText)}`;
  }

  get grouping(): Grouping {
    return this.by;
  }

  setGrouping(grouping: Grouping): void {
    this.by = grouping;
    this.redraw();
  }

  showMore(group: string): void {
    this.shown.set(group, (this.shown.get(group) ?? PAGE) + PAGE);
    this.redraw();
  }

  getTreeItem(element: TasksElement): vscode.TreeItem {
    switch (element.kind) {
      case 'group': {
        const item = new vscode.TreeItem(oneLine(element.title), vscode.TreeItemCollapsibleState.Collapsed);
        item.id = this.idOf(element);
        item.description = String(element.tasks.length);
        item.contextValue = 'group';
        if (element.key === 'pending' || element.key === 'pinned') {
          item.collapsibleState = vscode.TreeItemCollapsibleState.Expanded;
        }
        return item;
      }
      case 'task': {
        const item = taskItem(element.task, this.pins.has(`task:${element.task.id}`));
        item.id = `${element.group}/${item.id}`;
        return item;
      }
      case 'more':
        return noteItem(`Show ${Math.min(PAGE, element.left)} more of ${element.left}`, 'ellipsis', {
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
    if (!element) return [...this.all()];
    if (element.kind !== 'group') return [];
    const shown = element.tasks.slice(0, this.shown.get(element.key) ?? PAGE);
    const left = element.tasks.length - shown.length;
    const tasks = shown.map((task) => ({ kind: 'task', task, group: element.key }) as const);
    return left > 0 ? [...tasks, { kind: 'more', group: element.key, left }] : tasks;
  }

  getParent(element: TasksElement): TasksElement | undefined {
    return element.kind === 'group'
      ? undefined
      : this.all().find((group) => 'key' in group && group.key === element.group);
  }

  /** The element of a task by id, for reveal; undefined when it is gone or filtered out. */
  find(id: string): TasksElement | undefined {
    for (const group of this.all()) {
      const task = group.kind === 'group' ? group.tasks.find((candidate) => candidate.id === id) : undefined;
      if (task && group.kind === 'group') return { kind: 'task', task, group: group.key };
    }
    return undefined;
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  private redraw(): void {
    this.groups = undefined;
    this.messageChanged.fire();
    const rows = this.drawn.changes();
    if (rows?.length !== 0) this.changed.fire(rows);
  }

  private idOf(element: TasksElement): string {
    switch (element.kind) {
      case 'group':
        return `group:${this.by}:${element.key}`;
      case 'task':
        return `${element.group}/task:${element.task.id}`;
      case 'more':
        return `more:${element.group}`;
    }
  }

  private all(): readonly TasksElement[] {
    this.groups ??= this.grouped();
    return this.groups;
  }

  private grouped(): TasksElement[] {
    const state = this.session.state;
    if (state.kind !== 'open') return [];
    const tasks = state.view.tasks.filter((task) => matches(task, this.filterText));
    const pinned = tasks.filter((task) => this.pins.has(`task:${task.id}`));
    const pending = tasks.filter((task) => task.kind === 'pending');
    const byKey = new Map<string, TaskRow[]>();
    for (const task of tasks) {
      if (task.kind === 'pending') continue;
      const key = groupKey(task, this.by);
      const group = byKey.get(key);
      if (group) group.push(task);
      else byKey.set(key, [task]);
    }
    const group = (key: string, title: string, of: readonly TaskRow[]) =>
      ({ kind: 'group', key, title, tasks: of }) as const;
    return [
      ...(pinned.length > 0 ? [group('pinned', 'Pinned', pinned)] : []),
      ...(pending.length > 0 ? [group('pending', 'Pending', pending)] : []),
      ...[...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, of]) => group(`in:${key}`, key, of)),
    ];
  }
}

function groupKey(task: TaskRow, by: Grouping): string {
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

function matches(task: TaskRow, filter: string): boolean {
  if (filter === '') return true;
  const text = [task.id, task.owner, task.creator, task.node, task.kind].join(' ').toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
