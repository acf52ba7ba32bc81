import * as vscode from 'vscode';
import type { NodeChange } from '../core/forecast/scenarios.ts';
import type { Session } from '../editor/session.ts';
import { amounts, counted } from '../text/format.ts';
import { NO_CLUSTER } from '../text/session.ts';
import type { NodesElement } from '../views/nodesTree.ts';
import type { PlanPanel } from '../views/planPanel.ts';
import { previewPlan, withProgress } from './plan.ts';

/** Forecasts the cluster without a node, or with one more like it, beside the plan; asks which node where none is given. */
export const whatIf =
  (session: Session, panel: PlanPanel, kind: NodeChange['kind']) => async (element?: NodesElement) => {
    const node = element?.kind === 'node' ? element.node.name : await chooseNode(session, kind);
    if (node === undefined) return;
    const { state } = session;
    if (state.kind === 'open' && !state.plan) await previewPlan(session, panel)();
    panel.show();
    const title = kind === 'lost' ? `What if ${node} goes?` : `What if there were one more ${node}?`;
    await withProgress(title, (signal, onProgress) => session.whatIf({ kind, node }, signal, onProgress));
  };

async function chooseNode({ state }: Session, kind: NodeChange['kind']): Promise<string | undefined> {
  if (state.kind !== 'open') {
    await vscode.window.showInformationMessage(NO_CLUSTER);
    return undefined;
  }
  const items = state.view.nodes.map(({ name, total, taskIds }) => ({
    label: name,
    description: `${amounts(total)}, ${counted(taskIds.length, 'task')}`,
  }));
  const title = kind === 'lost' ? 'What if this node goes?' : 'What if there were one more like this?';
  return (await vscode.window.showQuickPick(items, { title, matchOnDescription: true }))?.label;
}
