import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster/port.ts';
import { plainValue } from '../core/model/plain.ts';
import { selectMoves } from '../core/plan/previewPlan.ts';
import { sha256 } from '../io/sha256.ts';
import {
  type ApplyOptions,
  type ApplyOutcome,
  applyPlan,
  continueMoves,
  type OperateOptions,
  undoResizes,
} from '../operate/applyPlan.ts';
import { type Journal, openJournal } from '../operate/journal.ts';
import type { Notice } from '../operate/leases.ts';
import { openLedger } from '../operate/ledger.ts';
import type { Step } from '../operate/step.ts';
import { REAL_CLOCK, SAMPLE_CLOCK } from '../operate/stepContext.ts';
import { describeLearned } from '../text/card.ts';
import {
  describeApplyRefused,
  describeNotice,
  describeProgress,
  describeQuestion,
  describeResult,
  describeStep,
  describeStopped,
  describeUnwritten,
} from '../text/operation.ts';
import { learnOnThread } from '../worker/threads/learning.ts';
import type { Call } from './editorThread.ts';
import type { OpenCluster } from './openCluster.ts';
import type { HistorySource, OperationResult, Requests } from './protocol.ts';

/** How long a reload waits for the journal, which the window before it holds until its own thread has ended. */
const HANDOVER_MILLISECONDS = 15_000;

/** Applies moves of a plan that was issued while the cluster is open. */
export async function apply(
  open: OpenCluster,
  { planId, moveIds }: Requests['apply'],
  call: Call,
): Promise<OperationResult> {
  const issued = open.planOf(planId);
  const chosen =
    moveIds && moveIds.length < issued.moves.length ? selectMoves(issued, new Set(moveIds), sha256) : issued;
  const result = await operate(open, call, {
    journal: openJournal(open.options.stateDirectory),
    moves: chosen.moves.length,
    run: (options) => applyPlan(chosen, open.cluster, { ...options, confirm: asking(call, issued.moves.length) }),
  });
  // What the plan said of those that still wait holds no longer.
  if (result.ended > 0) await open.expect(new Map());
  return result;
}

/** Resumes every move that has not ended. Moves that were begun elsewhere are asked about, and left where nobody is. */
export function resume(open: OpenCluster, { unasked }: Requests['continue'], call: Call): Promise<OperationResult> {
  const confirm = unasked ? async () => false : asking(call);
  return operate(open, call, {
    journal: journalOnceFree(open.options.stateDirectory, call.signal),
    run: (options) => continueMoves(open.cluster, { ...options, confirm }),
  });
}

/** Takes back the resizes that were applied last. */
export function undo(open: OpenCluster, call: Call): Promise<OperationResult> {
  return operate(open, call, {
    journal: openJournal(open.options.stateDirectory),
    run: (options) => undoResizes(open.cluster, { ...options, confirm: asking(call) }),
  });
}

/**
 * Trains a predictor on a thread of its own; every later reading of the cluster uses it.
 * @param open whose history it learns from where no files are named
 * @returns what was learned, in a sentence
 */
export async function train(
  open: () => Promise<OpenCluster>,
  { history, out, update, workspace }: Requests['train'],
  { signal, onProgress }: Call,
): Promise<string> {
  const from = history?.map(historyFile) ?? (await pastOf((await open()).cluster, signal));
  const more = { ...(update && { update: out }), ...(workspace !== undefined && { workspace }) };
  const question = { type: 'train', history: from, seed: 1, out, ...more } as const;
  const { card, scores } = await learnOnThread(question, {
    signal,
    onProgress: (fraction, text) => onProgress(text, fraction),
  });
  return describeLearned(card, scores);
}

async function pastOf(cluster: Cluster, signal: AbortSignal) {
  return { tasks: (await cluster.readHistory(signal)).tasks, cluster: cluster.identity };
}

type Work = {
  readonly journal: Promise<Journal>;
  readonly run: (options: OperateOptions) => Promise<ApplyOutcome>;
  /** How many moves the work has, where that is known. */
  readonly moves?: number;
};

/** Does work that writes, and holds the journal meanwhile; the views and the request's progress follow each step. */
async function operate(
  { cluster, options: { target, stateDirectory }, settings, requestUpdate }: OpenCluster,
  call: Call,
  { journal: opening, run, moves }: Work,
): Promise<OperationResult> {
  const journal = await opening;
  const shown = new Set<string>();
  const ended = new Set<string>();
  const onStep = (taken: Step) => {
    const step = describeStep(taken);
    shown.add(step.moveId);
    if (step.state === 'done' || step.state === 'failed') ended.add(step.moveId);
    call.onProgress(describeProgress(step, ended.size, moves), moves ? ended.size / moves : undefined);
    call.onStep(step);
    requestUpdate();
  };
  try {
    const polling = target.kind === 'sample' ? SAMPLE_CLOCK : REAL_CLOCK;
    const ledger = await openLedger(stateDirectory);
    const onNotice = (notice: Notice) => call.onProgress(describeNotice(notice));
    const outcome = await run({ journal, ledger, settings, signal: call.signal, onStep, onNotice, polling });
    // A move of an earlier window that only waits on takes no step, but this window has not shown it yet.
    const steps = 'steps' in outcome ? outcome.steps.map(describeStep) : [];
    for (const step of steps) if (step.state === 'waiting' && !shown.has(step.moveId)) call.onStep(step);
    return resultOf(outcome, cluster);
  } finally {
    await journal.close();
  }
}

async function journalOnceFree(directory: string, signal: AbortSignal): Promise<Journal> {
  for (const until = Date.now() + HANDOVER_MILLISECONDS; ; await sleep(500)) {
    try {
      return await openJournal(directory);
    } catch (error) {
      if (signal.aborted || Date.now() > until) throw error;
    }
  }
}

/** @param of how many moves the whole plan has */
function asking({ confirm }: Call, of?: number): ApplyOptions['confirm'] {
  return (question) => confirm(describeQuestion(plainValue(question), of));
}

/** @throws Error with the reason of a refusal */
function resultOf(outcome: ApplyOutcome, cluster: Cluster): OperationResult {
  switch (outcome.kind) {
    case 'declined':
      return { text: '', trouble: false, ended: 0 };
    case 'refused':
      throw new Error(describeApplyRefused(outcome));
    case 'applied':
    case 'waiting': {
      const { done, failed, waiting, untilSeconds, steps } = outcome;
      const now = cluster.nowSeconds();
      const stopped = describeStopped(
        steps.flatMap((step) => step.stopped ?? []),
        now,
      );
      if ('unwritten' in outcome) throw new Error(`${describeUnwritten(outcome.unwritten)} ${stopped}`.trim());
      return {
        text: `${describeResult(outcome, now)} ${stopped}`.trim(),
        trouble: failed > 0 || stopped !== '',
        ended: done + failed,
        ...(waiting > 0 && untilSeconds !== undefined && { dueInSeconds: Math.max(0, untilSeconds - now) }),
      };
    }
  }
}

function historyFile({ path, columns }: HistorySource) {
  const map = Object.entries(columns ?? {}).map(([field, column]) => `${field}=${column}`);
  return { path, ...(map.length > 0 && { columns: map.join(',') }) };
}
