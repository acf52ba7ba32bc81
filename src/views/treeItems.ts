import * as vscode from 'vscode';
import { amountOf, dominantResource, resourceNames, subtractResources } from '../core/model/resources.ts';
import { amounts, duration, percent } from '../words.ts';
import type { Band, NodeRow, TaskRow } from './clusterView.ts';

/** Names and labels come from a cluster: they are shown as plain text, never as Markdown or a command link. */
export function nodeItem(node: NodeRow, tasks: readonly TaskRow[], pinned: boolean): vscode.TreeItem {
  const item = new vscode.TreeItem(oneLine(node.name), vscode.TreeItemCollapsibleState.Collapsed);
  item.id = `node:${node.name}`;
  item.description = nodeSummary(node);
  item.contextValue = `node ${pinned ? 'pinned' : 'unpinned'}`;
  item.iconPath = nodeIcon(node, pinned);
  item.tooltip = plain([
    node.name,
    `free: ${amounts(node.free)} of ${amounts(node.total)}`,
    node.usageFraction === undefined
      ? 'usage: no readings'
      : `usage: ${percent(node.usageFraction)} of its main resource`,
    `available time: ${duration(node.available.seconds)} (${node.available.source})`,
    ...(node.deadline ? [`ends by ${node.deadline.source}`] : []),
    `${tasks.length} tasks`,
  ]);
  item.accessibilityInformation = { label: `node ${node.name}, ${nodeSummary(node)}, ${tasks.length} tasks` };
  return item;
}

export function taskItem(task: TaskRow, pinned: boolean): vscode.TreeItem {
  const item = new vscode.TreeItem(oneLine(task.name), vscode.TreeItemCollapsibleState.None);
  item.id = `task:${task.id}`;
  item.description = taskSummary(task);
  item.contextValue = taskContext(task, pinned);
  item.iconPath = taskIcon(task, pinned);
  item.tooltip = plain(taskDetails(task));
  item.accessibilityInformation = { label: `task ${task.name}, ${task.kind}, ${taskSummary(task)}` };
  return item;
}

export function noteItem(text: string, icon = 'warning', command?: vscode.Command): vscode.TreeItem {
  const item = new vscode.TreeItem(oneLine(text), vscode.TreeItemCollapsibleState.None);
  item.iconPath = new vscode.ThemeIcon(icon);
  item.tooltip = plain([text]);
  item.contextValue = 'note';
  if (command) item.command = command;
  return item;
}

/** `6 min (4–11 min)`: the median with its 80 % band. */
export function bandText({ low, median, high }: Band): string {
  return `${duration(median)} (${duration(low)}–${duration(high)})`;
}

function nodeSummary(node: NodeRow): string {
  const main = dominantResource(node.total, subtractResources(node.total, node.free));
  const total = amountOf(node.total, main);
  const share = total > 0 ? percent(amountOf(node.free, main) / total) : '—';
  const word = main === 'gpuMilli' ? 'GPU' : main === 'milliCpu' ? 'CPU' : 'memory';
  const parts = [`${share} ${word} free`, `${duration(node.available.seconds)} ${node.available.source}`];
  if (node.usageFraction !== undefined) parts.push(`${percent(node.usageFraction)} used`);
  if (node.state === 'unschedulable') parts.push('unschedulable');
  if (node.state === 'notReady') parts.push('not ready');
  return parts.join(' · ');
}

function taskSummary(task: TaskRow): string {
  if (task.infrastructure) return 'infrastructure';
  if (task.endless) return 'runs until stopped';
  if (task.kind === 'pending') return task.runtime ? `would run ${bandText(task.runtime)}` : 'no prediction';
  const left = task.remaining ? `${bandText(task.remaining)} left` : 'no prediction';
  return task.resize ? `${left} · resize ${task.resize}` : left;
}

function taskDetails(task: TaskRow): string[] {
  const lines = [task.id, `${task.kind}${task.node ? ` on ${task.node}` : ''}`];
  if (task.owner) lines.push(`owner: ${task.owner}`);
  if (task.creator) lines.push(`creator: ${task.creator}`);
  lines.push(`holds: ${amounts(task.allocation)}`);
  if (task.usage) lines.push(`uses: ${amounts(task.usage)}`);
  if (task.elapsedSeconds !== undefined) lines.push(`has run: ${duration(task.elapsedSeconds)}`);
  if (task.runtime) lines.push(`predicted runtime: ${bandText(task.runtime)}, 80 % band`);
  if (task.remaining) lines.push(`predicted remaining: ${bandText(task.remaining)}, 80 % band`);
  if (task.basis) lines.push(`stands on: ${task.basis}`);
  if (task.trackRecord) lines.push(`track record: ${task.trackRecord}`);
  for (const [action, why] of Object.entries(task.actions)) if (why) lines.push(`cannot ${action}: ${why}`);
  return [...lines, ...task.problems];
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
      return new vscode.ThemeIcon('clock', new vscode.ThemeColor('charts.orange'));
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

/** Control characters and line breaks shown as one space, long values cut: labels are hostile until shown. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, ' ');
  return clean.length > 200 ? `${clean.slice(0, 200)}…` : clean;
}
