import * as vscode from 'vscode';
import type { Action } from '../core/model/snapshot.ts';
import { findRow } from '../core/model/sortedList.ts';
import type { CommandId } from '../editor/commandIds.ts';
import type { Session } from '../editor/session.ts';
import type { NodeRow, TaskRow } from '../rows/clusterView.ts';
import { idOf as taskId } from '../rows/viewDeltas.ts';
import { describeRefusedEverywhere } from '../text/action.ts';
import { describeMore } from '../text/counts.ts';
import { describeNone } from '../text/tree.ts';
import { DrawnRows } from './drawnRows.ts';
import { NodeOrder } from './nodeOrder.ts';
import type { Pins } from './pins.ts';
import { nodeItem, noteItem, oneLine, taskItem } from './treeItems.ts';

const PAGE = 200;

export type NodesElement =
  | { readonly kind: 'node'; readonly node: NodeRow }
  | { readonly kind: 'task'; readonly task: TaskRow; readonly node: NodeRow }
  | { readonly kind: 'note'; readonly text: string }
  | Offer
  | { readonly kind: 'more'; readonly left: number };

/** What can be done where there is nothing to show. */
type Offer = { readonly kind: 'offer'; readonly text: string; readonly icon: string; readonly command: CommandId };

const AFTER_FAILURE: readonly Offer[] = [
  { kind: 'offer', text: 'Try Again', icon: 'refresh', command: 'stowage.refresh' },
  { kind: 'offer', text: 'Ask the Doctor', icon: 'pulse', command: 'stowage.doctor' },
  { kind: 'offer', text: 'Connect to Another Cluster…', icon: 'plug', command: 'stowage.connect' },
  { kind: 'offer', text: 'Open the Sample Cluster', icon: 'beaker', command: 'stowage.openSample' },
  { kind: 'offer', text: 'Show Log', icon: 'output', command: 'stowage.showLog' },
];

/** Nodes with free capacity, usage and available time; their tasks under each. Pinned ones first. */
export class NodesTree implements vscode.TreeDataProvider<NodesElement>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<NodesElement[] | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly drawn = new DrawnRows<NodesElement>({
    idOf,
    childrenOf: (element) => this.childrenOf(element),
    itemOf: (element) => this.getTreeItem(element),
  });
  private readonly subscriptions: vscode.Disposable[];
  private readonly order = new NodeOrder();
  private shown = PAGE;
  private readonly session: Session;
  private readonly pins: Pins;

  constructor(session: Session, pins: Pins) {
    this.session = session;
    this.pins = pins;
    const redraw = () => this.redraw();
    this.subscriptions = [session.onDidChangeRows(redraw), pins.onDidChange(redraw), this.changed];
  }

  getTreeItem(element: NodesElement): vscode.TreeItem {
    switch (element.kind) {
      case 'node':
        return nodeItem(element.node, this.nowSeconds, this.pins.all.has(`node:${element.node.name}`));
      case 'task':
        return taskItem(element.task, this.nowSeconds, this.pins.all.has(`task:${element.task.id}`));
      case 'note':
        return noteItem(element.text);
      case 'offer':
        return noteItem(element.text, element.icon, { title: element.text, command: element.command });
      case 'more':
        return noteItem(describeMore(PAGE, element.left), 'ellipsis', {
          title: 'Show more',
          command: 'stowage.showMoreNodes',
        });
    }
  }

  getChildren(element?: NodesElement): NodesElement[] {
    return this.drawn.children(element);
  }

  private childrenOf(element?: NodesElement): NodesElement[] {
    if (element?.kind === 'node') {
      return this.tasksOf(element.node).map((task) => ({ kind: 'task', task, node: element.node }));
    }
    if (element) return [];
    const state = this.session.state;
    switch (state.kind) {
      case 'closed':
      case 'connecting':
        return [];
      case 'failed':
        return [...AFTER_FAILURE];
      case 'open':
        return [
          ...(state.stale ? [{ kind: 'note', text: `Not up to date: ${state.stale}` } as const] : []),
          ...state.view.problems.slice(0, 20).map((text) => ({ kind: 'note', text }) as const),
          ...Object.entries(state.view.refused).map(
            ([action, missing]) =>
              ({ kind: 'note', text: describeRefusedEverywhere(action as Action, oneLine(missing)) }) as const,
          ),
          ...this.page(state.view.nodes),
        ];
    }
  }

  getParent(element: NodesElement): NodesElement | undefined {
    return element.kind === 'task' ? { kind: 'node', node: element.node } : undefined;
  }

  /** What stands above the rows, on as many lines as it takes; undefined: nothing. */
  get message(): string | undefined {
    const state = this.session.state;
    switch (state.kind) {
      case 'connecting':
        return `Connecting to ${oneLine(state.name)} …`;
      case 'failed':
        return state.message.slice(0, 2000);
      case 'open':
        return state.view.nodes.length === 0 ? describeNone('node', state.view.problems) : undefined;
      default:
        return undefined;
    }
  }

  /** The element of a node by name, for reveal; undefined when it is not in the cluster any more. */
  find(name: string): NodesElement | undefined {
    const state = this.session.state;
    if (state.kind !== 'open') return undefined;
    const nodes = this.sorted(state.view.nodes);
    const index = nodes.findIndex((node) => node.name === name);
    const node = nodes[index];
    if (node && index >= this.shown) {
      this.shown = index + 1;
      this.redraw();
    }
    return node && { kind: 'node', node };
  }

  showMore(): void {
    this.shown += PAGE;
    this.redraw();
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  private redraw(): void {
    const rows = this.drawn.changes();
    if (rows?.length !== 0) this.changed.fire(rows);
  }

  private page(nodes: readonly NodeRow[]): NodesElement[] {
    const rows = this.sorted(nodes).slice(0, this.shown);
    const left = nodes.length - rows.length;
    const elements: NodesElement[] = rows.map((node) => ({ kind: 'node', node }));
    return left > 0 ? [...elements, { kind: 'more', left }] : elements;
  }

  /** Pinned ones first. */
  private sorted(rows: readonly NodeRow[]): NodeRow[] {
    const nodes = this.order.of(rows);
    const isPinned = ({ name }: NodeRow) => this.pins.all.has(`node:${name}`);
    return [...nodes.filter(isPinned), ...nodes.filter((node) => !isPinned(node))];
  }

  private tasksOf(node: NodeRow): TaskRow[] {
    const { state } = this.session;
    return state.kind === 'open' ? node.taskIds.flatMap((id) => findRow(state.view.tasks, id, taskId) ?? []) : [];
  }

  private get nowSeconds(): number {
    const { state } = this.session;
    return state.kind === 'open' ? state.view.takenAtSeconds : 0;
  }
}

function idOf(element: NodesElement): string {
  switch (element.kind) {
    case 'node':
      return `node:${element.node.name}`;
    case 'task':
      return `task:${element.node.name}/${element.task.id}`;
    case 'note':
    case 'offer':
      return `${element.kind}:${element.text}`;
    case 'more':
      return 'more';
  }
}
