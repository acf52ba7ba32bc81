import * as vscode from 'vscode';
import type { Band } from '../core/model/band.ts';
import { amountOf, dominantResource, resourceNames, subtractResources } from '../core/model/resources.ts';
import type { CommandId } from '../editor/commandIds.ts';
import type { ClusterView, NodeRow, TaskRow } from '../rows/clusterView.ts';
import { describeWhyNot } from '../text/action.ts';
import { amounts, band, counted, duration, percent, resourceTitle } from '../text/format.ts';
import { describeLeft } from '../text/prediction.ts';

/**
 * Names and labels come from a cluster: they are shown as plain text, never as Markdown or a command link.
 * @param nowSeconds by the cluster's own clock
 */
export function nodeItem(node: NodeRow, nowSeconds: number, pinned: boolean): vscode.TreeItem {
  const item = new vscode.TreeItem(oneLine(node.name), vscode.TreeItemCollapsibleState.Collapsed);
  item.id = `node:${node.name}`;
  item.description = nodeSummary(node, nowSeconds);
  item.contextValue = `node ${pinned ? 'pinned' : 'unpinned'}`;
  item.iconPath = nodeIcon(node, pinned);
  item.tooltip = plain([
    node.name,
    `free: ${amounts(node.free)} of ${amounts(node.total)}`,
    node.usageFraction === undefined
      ? 'usage: no readings'
      : `usage: ${percent(node.usageFraction)} of its main resource`,
    `available time: ${duration(availableSeconds(node, nowSeconds))} (${node.available.source})`,
    ...(node.deadline ? [`ends by ${node.deadline.source}`] : []),
    counted(node.taskIds.length, 'task'),
  ]);
  item.accessibilityInformation = {
    label: `node ${oneLine(node.name)}, ${nodeSentence(node, nowSeconds)}, ${counted(node.taskIds.length, 'task')}`,
  };
  return item;
}

export function taskItem(task: TaskRow, nowSeconds: number, pinned: boolean): vscode.TreeItem {
  const item = new vscode.TreeItem(oneLine(task.name), vscode.TreeItemCollapsibleState.None);
  item.id = `task:${task.id}`;
  item.description = taskSummary(task, nowSeconds);
  item.contextValue = taskContext(task, pinned);
  item.iconPath = taskIcon(task, pinned);
  item.tooltip = plain(taskDetails(task, nowSeconds));
  item.accessibilityInformation = {
    label: `task ${oneLine(task.name)}, ${task.kind}, ${taskSentence(task, nowSeconds)}`,
  };
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

/** Why a tree of an open cluster is empty. */
export function none(what: 'node' | 'task', { problems }: ClusterView): string {
  return problems.length === 0
    ? `The cluster has no ${what}s.`
    : `No ${what} can be seen: the notes above the nodes say why.`;
}

/** Short, since a side bar is narrow: what is free, for how long, how much of it is used. */
function nodeSummary(node: NodeRow, nowSeconds: number): string {
  const parts = [freeText(node), duration(availableSeconds(node, nowSeconds))];
  if (node.usageFraction !== undefined) parts.push(`${percent(node.usageFraction)} used`);
  if (node.state !== 'ready') parts.unshift(NODE_STATES[node.state]);
  return parts.join(' · ');
}

/** The same in full, for a screen reader. */
function nodeSentence(node: NodeRow, nowSeconds: number): string {
  const parts = [freeText(node), `${duration(availableSeconds(node, nowSeconds))} ${oneLine(node.available.source)}`];
  if (node.usageFraction !== undefined) parts.push(`${percent(node.usageFraction)} used`);
  if (node.state !== 'ready') parts.unshift(NODE_STATES[node.state]);
  return parts.join(', ');
}

function availableSeconds({ available }: NodeRow, nowSeconds: number): number {
  return 'forSeconds' in available ? available.forSeconds : Math.max(0, available.untilSeconds - nowSeconds);
}

const NODE_STATES = { notReady: 'not ready', unschedulable: 'unschedulable' } as const;

function freeText({ total, free }: NodeRow): string {
  const main = dominantResource(total, subtractResources(total, free));
  const amount = amountOf(total, main);
  return `${amount > 0 ? percent(amountOf(free, main) / amount) : '—'} ${resourceTitle(main)} free`;
}

/** The median first: what is cut off at the edge is its band. */
function taskSummary(task: TaskRow, nowSeconds: number): string {
  const fixed = withoutRuntime(task);
  if (fixed) return fixed;
  if (task.kind === 'pending') return task.runtime ? band(task.runtime, duration) : 'no prediction';
  const left = task.ends ? describeLeft(remaining(task.ends, nowSeconds)) : 'no prediction';
  return task.resize ? `resize ${task.resize} · ${left}` : left;
}

function taskSentence(task: TaskRow, nowSeconds: number): string {
  const fixed = withoutRuntime(task);
  if (fixed) return fixed;
  if (task.kind === 'pending') return task.runtime ? `would run ${band(task.runtime, duration)}` : 'no prediction';
  const left = task.ends ? describeLeft(remaining(task.ends, nowSeconds)) : 'no prediction';
  return task.resize ? `${left}, resize ${task.resize}` : left;
}

function remaining({ p10, p50, p90 }: Band, nowSeconds: number): Band {
  const left = (endsAtSeconds: number) => Math.max(0, endsAtSeconds - nowSeconds);
  return { p10: left(p10), p50: left(p50), p90: left(p90) };
}

function withoutRuntime(task: TaskRow): string | undefined {
  if (task.infrastructure) return 'infrastructure';
  return task.endless ? 'runs until stopped' : undefined;
}

function taskDetails(task: TaskRow, nowSeconds: number): string[] {
  const lines = [task.id, `${task.kind}${task.node ? ` on ${task.node}` : ''}`];
  if (task.owner) lines.push(`owner: ${task.owner}`);
  if (task.creator) lines.push(`creator: ${task.creator}`);
  lines.push(`holds: ${amounts(task.allocation)}`);
  if (task.usage) lines.push(`uses: ${amounts(task.usage)}`);
  if (task.startedAtSeconds !== undefined) {
    lines.push(`has run: ${duration(Math.max(0, nowSeconds - task.startedAtSeconds))}`);
  }
  if (task.runtime) lines.push(`predicted runtime: ${band(task.runtime, duration)}, 80 % band`);
  if (task.ends) lines.push(`predicted remaining: ${band(remaining(task.ends, nowSeconds), duration)}, 80 % band`);
  if (task.basis) lines.push(`stands on: ${task.basis}`);
  if (task.beside) lines.push(task.beside);
  if (task.trackRecord) lines.push(`track record: ${task.trackRecord}`);
  for (const action of ['place', 'resize', 'migrate'] as const) {
    const why = task.actions[action];
    if (why) lines.push(describeWhyNot(action, why));
  }
  if (task.byHand) lines.push(`by hand: ${task.byHand}`);
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

/** Control characters and line breaks shown as one space, long values cut: labels are hostile until shown. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
  const clean = text.slice(0, 400).replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, ' ');
  return clean.length > 200 || text.length > 400 ? `${clean.slice(0, 200)}…` : clean;
}
