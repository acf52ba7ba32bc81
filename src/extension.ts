import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { advanceSample } from './commands/advanceSample.ts';
import { connect } from './commands/connect.ts';
import { doctor, openNotebooks, showLedger } from './commands/documents.ts';
import { moveTask } from './commands/moveTask.ts';
import { openSample } from './commands/openSample.ts';
import { applyPlan, continueDueMoves, continueMoves, previewPlan, undoResizes, weigh } from './commands/plan.ts';
import { registerCommands } from './commands/table.ts';
import { train } from './commands/train.ts';
import { copyKubectl, filterTasks, groupTasks, pin, revealNode, revealTask } from './commands/trees.ts';
import { whatIf } from './commands/whatIf.ts';
import { errorMessage } from './core/model/errorMessage.ts';
import { STATE_DIRECTORY_NAME } from './core/model/stateFiles.ts';
import { access, methodSettings, opensSample } from './editor/configuration.ts';
import { Session } from './editor/session.ts';
import { registerNotebooks } from './notebook/controller.ts';
import { bindContextKeys } from './views/contextKeys.ts';
import { Documents } from './views/documents.ts';
import { NodesTree } from './views/nodesTree.ts';
import { Pins } from './views/pins.ts';
import { PlanPanel } from './views/planPanel.ts';
import { createStatusItem } from './views/statusItem.ts';
import { TasksTree } from './views/tasksTree.ts';

/** Builds session, views and commands; nothing else. All work happens on the planning thread. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Stowage', { log: true });
  const directory = stateDirectory(context);
  const session = new Session(context.asAbsolutePath('dist/planner.js'), directory, context.workspaceState, log);
  const pins = new Pins(context.globalState);
  const nodes = new NodesTree(session, pins);
  const tasks = new TasksTree(session, pins);
  const nodesView = vscode.window.createTreeView('stowage.nodes', { treeDataProvider: nodes, showCollapseAll: true });
  const tasksView = vscode.window.createTreeView('stowage.tasks', { treeDataProvider: tasks, showCollapseAll: true });
  const toNode = revealNode(nodes, nodesView);
  const toTask = revealTask(tasks, tasksView);
  const apply = applyPlan(session);
  const documents = new Documents();
  const panel = new PlanPanel(
    context.extensionUri,
    session,
    {
      refresh: () => void vscode.commands.executeCommand('stowage.previewPlan'),
      apply: (planId, moveIds) => void apply(planId, moveIds),
      reveal: (what, name) => void (what === 'node' ? toNode(name) : toTask(name)),
      rank: (weighing) => void session.rank(weighing).catch((error) => log.warn(String(error))),
      weigh: (weights) => void weigh(weights),
      whatIf: (kind) =>
        void vscode.commands.executeCommand(kind === 'lost' ? 'stowage.whatIfNodeGoes' : 'stowage.whatIfNodeAdded'),
    },
    log,
  );
  const commands = registerCommands(
    {
      openSample: openSample(session, directory),
      connect: connect(session),
      disconnect: () => session.close(),
      refresh: () => session.refresh(),
      previewPlan: previewPlan(session, panel),
      applyPlan: apply,
      whatIfNodeGoes: whatIf(session, panel, 'lost'),
      whatIfNodeAdded: whatIf(session, panel, 'added'),
      continueMoves: continueMoves(session),
      undoResizes: undoResizes(session),
      advanceSample: advanceSample(session),
      train: train(session, directory),
      openNotebooks: openNotebooks(context.extensionUri),
      filterTasks: filterTasks(tasks),
      clearFilter: () => tasks.setFilter(''),
      groupTasks: groupTasks(tasks),
      pin: pin(pins, true),
      unpin: pin(pins, false),
      revealNode: toNode,
      placeTask: moveTask(session, 'placement'),
      resizeTask: moveTask(session, 'resize'),
      migrateTask: moveTask(session, 'migration'),
      copyKubectl: copyKubectl(),
      showLedger: showLedger(session, documents),
      doctor: doctor(session, documents),
      showLog: () => log.show(),
      showMoreNodes: () => nodes.showMore(),
      showMoreTasks: (group: string) => tasks.showMore(group),
    },
    vscode.commands.registerCommand,
    (error) => {
      if (error instanceof vscode.CancellationError) return;
      const message = errorMessage(error);
      log.error(error instanceof Error ? (error.stack ?? message) : message);
      void vscode.window.showErrorMessage(message);
    },
  );
  const settings = vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration('stowage')) void session.settingsChanged();
  });
  // The declaration lacks `| undefined`; an empty text is none.
  const messages = vscode.Disposable.from(
    session.onDidChangeRows(() => {
      nodesView.message = nodes.message ?? '';
    }),
    tasks.onDidChangeMessage(() => {
      tasksView.message = tasks.message ?? '';
    }),
  );
  const goOn = session.onDidOpen(async ({ underWay, readOnly }) => {
    if (underWay > 0 && !readOnly) await vscode.commands.executeCommand('stowage.continueMoves');
    if (panel.isShown) await vscode.commands.executeCommand('stowage.previewPlan');
  });
  const due = session.onDidComeDue(continueDueMoves(session));
  const notebooks = registerNotebooks({
    script: context.asAbsolutePath('dist/kernel.js'),
    folder: dirname(directory),
    context: () => ({
      folder: dirname(directory),
      stateDirectory: directory,
      settings: methodSettings(),
      access: access(),
      ...(session.state.kind === 'open' && { cluster: session.state.target }),
    }),
    onDidChange: session.onDidChangeRows,
    log,
  });
  context.subscriptions.push(notebooks, due, documents);
  context.subscriptions.push(log, session, pins, nodes, tasks, nodesView, tasksView, panel, settings, messages, goOn);
  context.subscriptions.push(bindContextKeys(session), createStatusItem(session), ...commands);
  void begin(session);
}

/** The cluster that was open before; else, where the settings ask for it, the sample, with its trees on the screen. */
async function begin(session: Session): Promise<void> {
  if ((await session.reopen()) || !opensSample()) return;
  await vscode.commands.executeCommand('workbench.view.extension.stowage');
  await vscode.commands.executeCommand('stowage.openSample');
}

/** Journal, ledger, predictor and sample state: `.stowage` in the workspace folder, else the extension's own storage. */
function stateDirectory(context: vscode.ExtensionContext): string {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (folder?.uri.scheme === 'file') return join(folder.uri.fsPath, STATE_DIRECTORY_NAME);
  return context.globalStorageUri.fsPath;
}
