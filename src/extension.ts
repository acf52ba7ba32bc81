import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { advanceSample } from './commands/advanceSample.ts';
import { connect } from './commands/connect.ts';
import { copyPlan, openPlanText, savePlan } from './commands/copyPlan.ts';
import { doctor, openNotebooks, showLedger } from './commands/documents.ts';
import { moveTask } from './commands/moveTask.ts';
import { offerPredictor } from './commands/offerPredictor.ts';
import { openSample } from './commands/openSample.ts';
import {
  applyPlan,
  continueDueMoves,
  continueMoves,
  continueOwnMoves,
  isCancel,
  previewPlan,
  showFailure,
  undoResizes,
  weigh,
} from './commands/plan.ts';
import { type CommandTable, registerCommands } from './commands/table.ts';
import { train } from './commands/train.ts';
import { copyKubectl, filterTasks, groupTasks, pin, revealNode, revealTask } from './commands/trees.ts';
import { whatIf } from './commands/whatIf.ts';
import { errorMessage } from './core/model/errorMessage.ts';
import { STATE_DIRECTORY_NAME } from './core/model/stateFiles.ts';
import type { CommandId } from './editor/commandIds.ts';
import { access, methodSettings, opensSample } from './editor/configuration.ts';
import { learnZone, recallZone } from './editor/readerZone.ts';
import { runCommand } from './editor/runCommand.ts';
import { Session } from './editor/session.ts';
import { registerNotebooks } from './notebook/controller.ts';
import { readerZone } from './text/zone.ts';
import { bindContextKeys } from './views/contextKeys.ts';
import { Documents } from './views/documents.ts';
import { NodesTree } from './views/nodesTree.ts';
import { Pins } from './views/pins.ts';
import { type PanelHandlers, PlanPanel } from './views/planPanel.ts';
import { createStatusItem } from './views/statusItem.ts';
import { TasksTree } from './views/tasksTree.ts';

/** Starts Stowage in the editor; says so where that fails. All work happens on the planning thread. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Stowage', { log: true });
  context.subscriptions.push(log);
  try {
    start(context, log);
  } catch (error) {
    logFailure(log, error);
    void vscode.window.showErrorMessage(`Stowage could not start: ${errorMessage(error)}`);
    throw error;
  }
}

/** Leaves what was made to the extension, which disposes of it at its end. */
type Own = <Made extends vscode.Disposable>(made: Made) => Made;

/** Builds session, views and commands; nothing else. */
function start(context: vscode.ExtensionContext, log: vscode.LogOutputChannel): void {
  const own: Own = (made) => {
    context.subscriptions.push(made);
    return made;
  };
  const fail = (error: unknown) => {
    if (isCancel(error)) return;
    logFailure(log, error);
    showFailure(error);
  };
  recallZone(context.globalState);
  const directory = stateDirectory(context);
  const session = own(new Session(context.asAbsolutePath('dist/planner.js'), directory, context.workspaceState, log));
  const trees = createTrees(session, own(new Pins(context.globalState)), own);
  const handlers = panelHandlers(session, trees, context.globalState, log);
  const panel = own(new PlanPanel(context.extensionUri, session, handlers, log));
  const documents = own(new Documents());
  own(
    registerCommands(
      {
        ...sessionCommands(session, directory, panel, documents),
        ...treeCommands(trees),
        openNotebooks: openNotebooks(context.extensionUri),
        showLog: () => log.show(),
      },
      fail,
    ),
  );
  own(bindContextKeys(session));
  own(createStatusItem(session));
  own(followSession(session, panel));
  own(session.onDidAskForMoves((moves) => void documents.showPlain('Moves', moves)));
  own(registerKernel(context, directory, session, log));
  begin(session, context).catch(fail);
}

type Trees = ReturnType<typeof createTrees>;

function createTrees(session: Session, pins: Pins, own: Own) {
  const nodes = own(new NodesTree(session, pins));
  const tasks = own(new TasksTree(session, pins));
  const nodesView = own(
    vscode.window.createTreeView('stowage.nodes', { treeDataProvider: nodes, showCollapseAll: true }),
  );
  const tasksView = own(
    vscode.window.createTreeView('stowage.tasks', { treeDataProvider: tasks, showCollapseAll: true }),
  );
  own(tasksView.onDidExpandElement(({ element }) => tasks.setOpened(element, true)));
  own(tasksView.onDidCollapseElement(({ element }) => tasks.setOpened(element, false)));
  // The declaration of `message` lacks `| undefined`; an empty text is none.
  own(
    session.onDidChangeRows(() => {
      nodesView.message = nodes.message ?? '';
    }),
  );
  own(
    tasks.onDidChangeMessage(() => {
      tasksView.message = tasks.message ?? '';
    }),
  );
  return {
    pins,
    nodes,
    tasks,
    revealNode: revealNode(nodes, nodesView),
    revealTask: revealTask(tasks, tasksView),
  };
}

/** What takes the whole plan out of its panel. */
const TAKES = {
  text: 'stowage.openPlanText',
  markdown: 'stowage.copyPlan',
  file: 'stowage.savePlan',
} as const satisfies Record<Parameters<PanelHandlers['take']>[0], CommandId>;

function panelHandlers(
  session: Session,
  trees: Trees,
  memory: vscode.Memento,
  log: vscode.LogOutputChannel,
): PanelHandlers {
  const apply = applyPlan(session);
  return {
    zone: (zone) => learnZone(zone, memory) && session.zoneChanged(),
    refresh: () => void runCommand('stowage.previewPlan'),
    apply: (planId, moveIds) => void apply(planId, moveIds),
    reveal: (what, name) => void (what === 'node' ? trees.revealNode(name) : trees.revealTask(name)),
    rank: (weighing) => void session.rank(weighing).catch((error) => log.warn(errorMessage(error))),
    weigh: (weights) => void weigh(weights),
    take: (as) => void runCommand(TAKES[as]),
    whatIf: (kind) => void runCommand(kind === 'lost' ? 'stowage.whatIfNodeGoes' : 'stowage.whatIfNodeAdded'),
  };
}

function sessionCommands(session: Session, directory: string, panel: PlanPanel, documents: Documents) {
  return {
    openSample: openSample(session, directory),
    connect: connect(session),
    disconnect: () => session.close(),
    refresh: () => session.refresh(),
    previewPlan: previewPlan(session, panel),
    applyPlan: applyPlan(session),
    copyPlan: copyPlan(session),
    savePlan: savePlan(session),
    openPlanText: openPlanText(session, documents),
    whatIfNodeGoes: whatIf(session, panel, 'lost'),
    whatIfNodeAdded: whatIf(session, panel, 'added'),
    placeTask: moveTask(session, 'placement'),
    resizeTask: moveTask(session, 'resize'),
    migrateTask: moveTask(session, 'migration'),
    continueMoves: continueMoves(session),
    undoResizes: undoResizes(session),
    advanceSample: advanceSample(session),
    train: train(session, directory),
    showLedger: showLedger(session, documents),
    doctor: doctor(session, documents),
  } satisfies Partial<CommandTable>;
}

function treeCommands({ pins, nodes, tasks, revealNode }: Trees) {
  return {
    filterTasks: filterTasks(tasks),
    clearFilter: () => tasks.setFilter(''),
    groupTasks: groupTasks(tasks),
    pin: pin(pins, true),
    unpin: pin(pins, false),
    revealNode,
    copyKubectl: copyKubectl(),
    showMoreNodes: () => nodes.showMore(),
    showMoreTasks: (group: string) => tasks.showMore(group),
  } satisfies Partial<CommandTable>;
}

/**
 * What follows by itself: moves of earlier windows and waits that are over are resumed, changed settings are used; a
 * predictor that is not the cluster's own is asked about.
 */
function followSession(session: Session, panel: PlanPanel): vscode.Disposable {
  return vscode.Disposable.from(
    session.onDidOpen(async ({ underWay, readOnly }) => {
      void offerPredictor(session)();
      if (underWay > 0 && !readOnly) await continueOwnMoves(session)();
      if (panel.isShown) await runCommand('stowage.previewPlan');
    }),
    session.onDidComeDue(continueDueMoves(session)),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('stowage')) void session.settingsChanged();
    }),
  );
}

function registerKernel(
  context: vscode.ExtensionContext,
  directory: string,
  session: Session,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const folder = dirname(directory);
  return registerNotebooks({
    script: context.asAbsolutePath('dist/kernel.js'),
    folder,
    context: () => ({
      folder,
      stateDirectory: directory,
      settings: methodSettings(),
      access: access(),
      zone: readerZone(),
      ...(session.state.kind === 'open' && { cluster: session.state.target }),
    }),
    onDidChange: session.onDidChangeRows,
    log,
  });
}

/**
 * Opens the cluster that was open before; else, where the settings ask for it, the sample, with its trees and its plan on
 * the screen, and behind the plan the walkthrough for who has not seen it on this machine.
 */
async function begin(session: Session, { extension, globalState }: vscode.ExtensionContext): Promise<void> {
  if ((await session.reopen()) || !opensSample()) return;
  await vscode.commands.executeCommand('workbench.view.extension.stowage');
  if (!globalState.get(WELCOMED)) {
    await globalState.update(WELCOMED, true);
    await vscode.commands.executeCommand('workbench.action.openWalkthrough', `${extension.id}#start`, false);
  }
  await runCommand('stowage.openSample');
  await runCommand('stowage.previewPlan');
}

const WELCOMED = 'welcomed';

/** Journal, ledger, predictor and sample state: `.stowage` in the workspace folder, else the extension's own storage. */
function stateDirectory(context: vscode.ExtensionContext): string {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (folder?.uri.scheme === 'file') return join(folder.uri.fsPath, STATE_DIRECTORY_NAME);
  return context.globalStorageUri.fsPath;
}

function logFailure(log: vscode.LogOutputChannel, error: unknown): void {
  log.error(error instanceof Error ? error : errorMessage(error));
}
