import * as vscode from 'vscode';
import { describeLine } from '../rows/kubectl.ts';
import type { NodesElement, NodesTree } from '../views/nodesTree.ts';
import type { Pins } from '../views/pins.ts';
import { GROUPINGS } from '../views/taskGroups.ts';
import type { TasksElement, TasksTree } from '../views/tasksTree.ts';

type Element = NodesElement | TasksElement;

export const filterTasks = (tree: TasksTree) => async () => {
  const text = await vscode.window.showInputBox({
    title: 'Filter tasks',
    prompt: 'Words of name, namespace, owner, creator, node or state; all must occur',
    placeHolder: 'train pending',
    value: tree.filter,
  });
  if (text !== undefined) tree.setFilter(text);
};

export const groupTasks = (tree: TasksTree) => async () => {
  const items = GROUPINGS.map((label) => ({ label, ...(label === tree.grouping && { description: 'as it is now' }) }));
  const choice = await vscode.window.showQuickPick(items, { title: 'Group running tasks by' });
  if (choice) tree.setGrouping(choice.label);
};

export const pin = (pins: Pins, pinned: boolean) => async (element?: Element) => {
  if (element?.kind === 'node') await pins.set(`node:${element.node.name}`, pinned);
  if (element?.kind === 'task') await pins.set(`task:${element.task.id}`, pinned);
};

/** Shows a node in its tree, by name or from a task. */
export const revealNode =
  (tree: NodesTree, view: vscode.TreeView<NodesElement>) => async (element?: Element | string) => {
    const name = typeof element === 'string' ? element : element?.kind === 'task' ? element.task.node : undefined;
    const found = name ? tree.find(name) : undefined;
    if (found) await view.reveal(found, { select: true, focus: true, expand: true });
  };

export const revealTask = (tree: TasksTree, view: vscode.TreeView<TasksElement>) => async (id: string) => {
  const found = tree.find(id);
  if (found) await view.reveal(found, { select: true, focus: true });
};

/** The line that moves what only its user can move, else the one that shows the object. */
export const copyKubectl = () => async (element?: Element) => {
  if (element?.kind !== 'node' && element?.kind !== 'task') return;
  const line =
    element.kind === 'node'
      ? describeLine({ node: element.node.name })
      : (element.task.byHand ?? describeLine(element.task));
  await vscode.env.clipboard.writeText(line);
  vscode.window.setStatusBarMessage(`Copied: ${line}`, 4000);
};
