import * as vscode from 'vscode';
import { errorMessage } from '../core/model/errorMessage.ts';
import type { CommandId } from '../editor/commandIds.ts';
import { setPolicyWeights } from '../editor/configuration.ts';
import { runCommand } from '../editor/runCommand.ts';
import type { Asking, Progress, Session, SessionState } from '../editor/session.ts';
import { Cancelled } from '../planner/client.ts';
import type { OperationResult } from '../planner/protocol.ts';
import type { PlanPanel } from '../views/planPanel.ts';
import { abortSignal } from './connect.ts';

/** Plans the cluster as it is now and shows the panel. */
export const previewPlan = (session: Session, panel: PlanPanel) => async () => {
  if (session.state.kind !== 'open') await chooseCluster();
  if (!isOpen(session.state)) return;
  panel.show();
  await withProgress('Planning', (signal, onProgress) => session.plan(signal, onProgress));
};

const isOpen = (state: SessionState) => state.kind === 'open';

async function chooseCluster(): Promise<void> {
  const choices: (vscode.QuickPickItem & { readonly command: CommandId })[] = [
    { label: '$(beaker) Open the Sample Cluster', command: 'stowage.openSample' },
    { label: '$(plug) Connect to a Cluster…', command: 'stowage.connect' },
  ];
  const choice = await vscode.window.showQuickPick(choices, { title: 'No cluster is open yet' });
  if (choice) await runCommand(choice.command);
}

/** Applies moves of the issued plan; asks once in a modal that names cluster, moves and lost work. */
export const applyPlan =
  (session: Session) =>
  async (planId?: unknown, moveIds?: unknown): Promise<void> => {
    const state = session.state;
    if (state.kind !== 'open' || !state.plan) return;
    if (state.readOnly) {
      await vscode.window.showWarningMessage(state.readOnly);
      return;
    }
    const id = typeof planId === 'string' ? planId : state.plan.id;
    const moves = Array.isArray(moveIds)
      ? moveIds.filter((move): move is string => typeof move === 'string')
      : undefined;
    await withQuestion('Applying the plan', (asking) => session.apply(id, moves, asking));
  };

/** Plans by these weights of policies from now on. A policy the setting has by default is set to 0 to leave it out. */
export async function weigh(weights: Readonly<Record<string, number>>): Promise<void> {
  await setPolicyWeights({ timeFit: 0, ...weights });
  await runCommand('stowage.previewPlan');
}

/** Resumes moves that wait or were cut off: from the journal, and from the records on the cluster's objects. */
export const continueMoves = (session: Session) => () => resuming(session, { unasked: false }, tell);

/** The same when a cluster is opened: without a question, so that moves that were begun elsewhere stay as they are. */
export const continueOwnMoves = (session: Session) => () => resuming(session, { unasked: true }, tell);

/** The same when a wait is over; moves that still wait are not mentioned, but for those whose tasks are stopped. */
export const continueDueMoves = (session: Session) => () =>
  resuming(session, { unasked: true }, (result) => (result.ended > 0 || result.trouble) && tell(result));

function resuming(
  session: Session,
  { unasked }: { readonly unasked: boolean },
  done: (result: OperationResult) => unknown,
): Promise<void> {
  return withProgress(
    'Resuming moves',
    (signal, onProgress) => session.continueMoves(signal, onProgress, unasked),
    done,
  );
}

/** Takes back the resizes that were applied last. */
export const undoResizes = (session: Session) => () =>
  withQuestion('Undoing resizes', (asking) => session.undo(asking));

/** Long work with a progress notification that can cancel it. A failure is shown, a cancel is silent. */
export async function withProgress<T>(
  title: string,
  work: (signal: AbortSignal, onProgress: Progress) => Promise<T>,
  done?: (result: T) => unknown,
): Promise<void> {
  try {
    const result = await notifying(title, work);
    done?.(result);
  } catch (error) {
    if (!isCancel(error)) showFailure(error);
  }
}

/** Work that asks before it writes: no notification says that it is done before the question is answered with yes. */
async function withQuestion(title: string, work: (asking: Asking) => Promise<OperationResult>): Promise<void> {
  const abort = new AbortController();
  const [asked, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<true>()];
  let report: Progress = () => undefined;
  const result = work({
    signal: abort.signal,
    onProgress: (text, fraction) => report(text, fraction),
    onAsked: () => asked.resolve(),
    onBegun: () => begun.resolve(true),
  });
  const ended = result.then(
    () => undefined,
    () => undefined,
  );
  const notify = (heading: string, until: Promise<unknown>) =>
    notifying(heading, (signal, onProgress) => {
      signal.addEventListener('abort', () => abort.abort(), { once: true });
      report = onProgress;
      return until;
    });
  await notify('Checking the moves', Promise.race([asked.promise, begun.promise, ended]));
  if (await Promise.race([begun.promise, ended])) await notify(title, ended);
  await result.then(tell, (error) => {
    if (!isCancel(error)) showFailure(error);
  });
}

function notifying<T>(title: string, work: (signal: AbortSignal, onProgress: Progress) => Promise<T>): Thenable<T> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    (progress, token) => {
      let reached = 0;
      return work(abortSignal(token), (message, fraction) => {
        const increment = fraction === undefined ? 0 : Math.max(0, fraction * 100 - reached);
        reached += increment;
        progress.report({ message, increment });
      });
    },
  );
}

/** Whether work ended because the user cancelled it: that is no failure. */
export function isCancel(error: unknown): boolean {
  return error instanceof Cancelled || error instanceof vscode.CancellationError;
}

/** Shows a failure with the log one click away. */
export function showFailure(error: unknown): void {
  const showLog = 'Show Log';
  void vscode.window.showErrorMessage(errorMessage(error), showLog).then((choice) => {
    if (choice === showLog) void runCommand('stowage.showLog');
  });
}

/** The outcome in one sentence; where a move was not done, as a warning with its reason. */
function tell({ text, trouble }: OperationResult): void {
  if (text === '') return;
  void (trouble ? vscode.window.showWarningMessage(text) : vscode.window.showInformationMessage(text));
}
