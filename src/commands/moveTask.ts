import * as vscode from 'vscode';
import type { Move } from '../core/model/moves.ts';
import { runCommand } from '../editor/runCommand.ts';
import type { Session } from '../editor/session.ts';
import { describeNoMove } from '../text/action.ts';
import type { NodesElement } from '../views/nodesTree.ts';
import type { TasksElement } from '../views/tasksTree.ts';
import { applyPlan, withProgress } from './plan.ts';

/** Plans, then applies the one move of this kind that the plan has for the task; says so when it has none. */
export const moveTask = (session: Session, kind: Move['kind']) => async (element?: TasksElement | NodesElement) => {
  if (element?.kind !== 'task') {
    await vscode.window.showInformationMessage('That task is not there any more. Choose one in the Tasks view.');
    return;
  }
  const { id } = element.task;
  await withProgress(`Planning ${id}`, (signal, onProgress) => session.plan(signal, onProgress));
  const state = session.state;
  if (state.kind !== 'open' || !state.plan) return;
  const move = state.plan.moves.find((candidate) => candidate.kind === kind && candidate.taskId === id);
  if (move) return applyPlan(session)(state.plan.id, [move.id]);
  const text = describeNoMove(kind, id);
  const preview = 'Preview Plan';
  if ((await vscode.window.showInformationMessage(text, preview)) === preview) {
    await runCommand('stowage.previewPlan');
  }
};
