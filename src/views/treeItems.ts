import * as vscode from 'vscode';
import type { Band } from '../core/model/band.ts';
import { plainLine } from '../core/model/plain.ts';
import { resourceNames } from '../core/model/resources.ts';
import { type Start, startAfter } from '../core/plan/starts.ts';
import type { CommandId } from '../editor/commandIds.ts';
import type { NodeRow, TaskRow } from '../rows/clusterView.ts';
import type { Outlook } from '../rows/outlook.ts';
import {
  describeNode,
  describeNodeShort,
  describeTask,
  describeTaskShort,
  type NodeFacts,
  nodeDetails,
  type TaskFacts,
  taskDetails,
} from '../text/tree.ts';

/**
 * Names and labels come from a cluster: they are shown as plain text, never as Markdown or a command link.
 * @param nowSeconds by the cluster's own clock
 */
export function nodeItem(node: NodeRow, nowSeconds: number, pinned: boolean): vscode.TreeItem {
  const facts = nodeFacts(node, nowSeconds);
  const item = new vscode.TreeItem(facts.name, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = `node:${node.name}`;
  item.description = describeNodeShort(facts);
  item.contextValue = `node ${pinned ? 'pinned' : 'unpinned'}`;
  item.iconPath = nodeIcon(node, pinned);
  item.tooltip = plain(nodeDetails(facts));
  item.accessibilityInformation = { label: describeNode(facts) };
  return item;
}

export function taskItem(task: TaskRow, nowSeconds: number, pinned: boolean): vscode.TreeItem {
  const facts = taskFacts(task, nowSeconds);
  const name = oneLine(task.name);
  const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.None);
  item.id = `task:${task.id}`;
  item.description = describeTaskShort(facts);
  item.contextValue = taskContext(task, pinned);
  item.iconPath = taskIcon(task, pinned);
  item.tooltip = plain(taskDetails(facts));
  item.accessibilityInformation = { label: describeTask(name, facts) };
  return item;
}

/** @param command one of ours, which a click runs */
export function noteItem(
  text: string,
  icon = 'warning',
  command?: vscode.Command & { readonly command: CommandId },
): vscode.TreeItem {
  const item = new vscode.TreeItem(oneLine(text), vscode.TreeItemCollapsibleState.None);
  item.iconPath = new vscode.ThemeIcon(icon);
  item.tooltip = plain([text]);
  item.contextValue = 'note';
  if (command) item.command = command;
  return item;
}

/** A row's facts as of now, its names fit to be shown. */
function nodeFacts({ name, available, taskIds, ...node }: NodeRow, nowSeconds: number): NodeFacts {
  const availableSeconds =
    'forSeconds' in available ? available.forSeconds : Math.max(0, available.untilSeconds - nowSeconds);
  const { kind, source } = available;
  return {
    ...node,
    name: oneLine(name),
    available: kind,
    source: oneLine(source),
    availableSeconds,
    tasks: taskIds.length,
  };
}

function taskFacts(row: TaskRow, nowSeconds: number): TaskFacts {
  const { startedAtSeconds, waitsSinceSeconds, ends, outlook, ...task } = row;
  return {
    ...task,
    ...(waitsSinceSeconds !== undefined && { waitingSeconds: Math.max(0, nowSeconds - waitsSinceSeconds) }),
    ...(outlook && { outlook: outlookFacts(outlook, nowSeconds) }),
    ...(startedAtSeconds !== undefined && { elapsedSeconds: Math.max(0, nowSeconds - startedAtSeconds) }),
    ...(ends && { left: remaining(ends, nowSeconds) }),
  };
}

function outlookFacts({ atSeconds, starts, withPlan, ...said }: Outlook, nowSeconds: number) {
  const now = (start: Start) => startAfter(start, nowSeconds - atSeconds);
  return { ...said, ...(starts && { starts: now(starts) }), ...(withPlan && { withPlan: now(withPlan) }) };
}

function remaining({ p10, p50, p90 }: Band, nowSeconds: number): Band {
  const left = (endsAtSeconds: number) => Math.max(0, endsAtSeconds - nowSeconds);
  return { p10: left(p10), p50: left(p50), p90: left(p90) };
}

function taskContext(task: TaskRow, pinned: boolean): string {
  const words = ['task', pinned ? 'pinned' : 'unpinned'];
  if (task.node) words.push('placed');
  if (task.kind === 'pending' && task.actions.place === '') words.push('placeable');
  if (task.kind === 'running' && task.actions.resize === '') words.push('resizable');
  if (task.kind === 'running' && task.actions.migrate === '') words.push('movable');
  return words.join(' ');
}

function nodeIcon(node: NodeRow, pinned: boolean): vscode.ThemeIcon {
  if (node.state !== 'ready') return new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
  if (pinned) return new vscode.ThemeIcon('pinned');
  return new vscode.ThemeIcon(resourceNames(node.total).includes('gpuMilli') ? 'circuit-board' : 'server');
}

function taskIcon(task: TaskRow, pinned: boolean): vscode.ThemeIcon {
  if (pinned) return new vscode.ThemeIcon('pinned');
  switch (task.kind) {
    case 'pending':
      return new vscode.ThemeIcon('clock', new vscode.ThemeColor('list.warningForeground'));
    case 'ending':
      return new vscode.ThemeIcon('circle-slash');
    case 'running':
      return new vscode.ThemeIcon(task.endless ? 'sync' : 'play-circle', new vscode.ThemeColor('charts.green'));
  }
}

/** A tooltip as plain text of bounded length; a string, so that nothing in it is read as Markdown. */
function plain(lines: readonly string[]): string {
  return lines.map(oneLine).slice(0, 40).join('\n');
}

/** What is not plain and line breaks shown as one space, long values cut: labels are hostile until shown. */
export function oneLine(text: string): string {
  const clean = plainLine(text.slice(0, 400));
  return clean.length > 200 || text.length > 400 ? `${plainLine(clean.slice(0, 200))}…` : clean;
}
