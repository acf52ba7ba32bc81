import { openCluster } from '../cluster/open.ts';
import type { Access, Cluster } from '../cluster/port.ts';
import { InputError } from '../core/model/input.ts';
import { plainLine, plainValue } from '../core/model/plain.ts';
import type { Settings } from '../core/model/settings.ts';
import type { ClusterTarget } from '../core/plan/plan.ts';
import type { ApplyOutcome, OperateOptions, Question } from '../operate/applyPlan.ts';
import { openJournal } from '../operate/journal.ts';
import { openLedger } from '../operate/ledger.ts';
import { phaseOf, type Step } from '../operate/step.ts';
import { REAL_CLOCK, SAMPLE_CLOCK } from '../operate/stepContext.ts';
import { NOTHING_CHANGED } from '../text/meant.ts';
import {
  describeApplyRefused,
  describeNotice,
  describeOutcome,
  describeQuestion,
  describeStep,
  describeStopped,
  describeUnwritten,
  stepLine,
} from '../text/operation.ts';
import { EXIT } from './complaint.ts';
import { failed, orStopped } from './failed.ts';
import { canAsk, isConfirmed, paint, print, printError } from './plain.ts';
import { STATE_DIRECTORY } from './target.ts';
import { untilStopped } from './untilStopped.ts';

/**
 * Opens each cluster, with journal and ledger, for a command that writes, prints each step and what came of it, and
 * closes them again. The first Ctrl-C, SIGTERM or SIGHUP cancels, a second ends the process at once (another apply then
 * goes on). Whatever ends it, the last line names the tasks that are stopped, and what to run.
 * @returns the exit code, of several the highest
 */
export function operating(targets: readonly ClusterTarget[], how: Operating, work: Work): Promise<number> {
  return untilStopped(async (signal) => {
    const codes: number[] = [];
    for (const target of targets) {
      if (signal.aborted) break;
      codes.push(await withJournal(target, how, work, signal).catch((error) => failed(error, signal)));
    }
    return Math.max(EXIT.done, ...codes);
  });
}

type Operating = { readonly settings: Settings; readonly access: Access };
type Work = (cluster: Cluster, options: OperateOptions & { readonly signal: AbortSignal }) => Promise<ApplyOutcome>;

async function withJournal(target: ClusterTarget, how: Operating, work: Work, signal: AbortSignal): Promise<number> {
  const journal = await openJournal(STATE_DIRECTORY);
  try {
    return await withCluster(target, how, signal, async (cluster) => {
      const outcome = await work(cluster, {
        journal,
        ledger: await openLedger(STATE_DIRECTORY),
        settings: how.settings,
        polling: target.kind === 'sample' ? SAMPLE_CLOCK : REAL_CLOCK,
        signal,
        onStep: (step) => printStep(step, cluster),
        onNotice: (notice) => printError(`${plainLine(describeNotice(notice))}\n`),
      });
      return report(outcome, target, cluster.nowSeconds());
    });
  } finally {
    await journal.close();
  }
}

async function withCluster<T>(
  target: ClusterTarget,
  { settings, access }: Operating,
  signal: AbortSignal,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const cluster = await openCluster(target, {
    ...access,
    windows: () => settings,
    runsDirectory: STATE_DIRECTORY,
    signal,
  });
  try {
    return await work(cluster);
  } finally {
    await cluster.close();
  }
}

/** Shows the question and reads y or N; without a terminal there must have been a --yes. A cancel is a no. */
export function askOnTerminal(yes: boolean, signal: AbortSignal): (question: Question) => Promise<boolean> {
  return async (question) => {
    const { message, detail, verb } = describeQuestion(plainValue(question));
    print(`${message}\n${detail}\n`);
    return isAgreed(verb, yes, signal);
  };
}

/** Reads y or N to what was shown. @throws InputError where nobody can be asked, and there was no --yes */
export async function isAgreed(verb: string, yes: boolean, signal: AbortSignal): Promise<boolean> {
  if (yes) return true;
  if (!canAsk()) {
    throw new InputError('Nobody can be asked here: this is not a terminal. Add --yes to go ahead without a question.');
  }
  return isConfirmed(`${verb}?`, signal);
}

/** Prints what came of it, and gives the exit code. */
async function report(outcome: ApplyOutcome, target: ClusterTarget, nowSeconds: number): Promise<number> {
  switch (outcome.kind) {
    case 'declined':
      print(`${NOTHING_CHANGED}\n`);
      return orStopped(EXIT.failed);
    case 'refused':
      printError(`${describeApplyRefused(plainValue(outcome))}\n`);
      return orStopped(EXIT.refused);
    default:
      return reportSteps(outcome, target, nowSeconds);
  }
}

function reportSteps(
  outcome: Extract<ApplyOutcome, { steps: unknown }>,
  target: ClusterTarget,
  nowSeconds: number,
): number {
  const { failed, waiting, untilSeconds, steps } = outcome;
  if ('unwritten' in outcome) printError(`${plainLine(describeUnwritten(outcome.unwritten))}\n`);
  if (steps.length === 0) {
    print('There is nothing to resume.\n');
    return 'unwritten' in outcome ? EXIT.refused : EXIT.done;
  }
  const stopped = steps.flatMap((step) => step.stopped ?? []);
  const parts = [
    describeOutcome(outcome, nowSeconds),
    describeStopped(stopped, nowSeconds),
    waiting > 0 ? goOnAt(target, untilSeconds === undefined ? undefined : untilSeconds - nowSeconds) : '',
  ];
  print(`${plainLine(parts.filter((part) => part !== '').join(' '))}\n`);
  if (stopped.length > 0) return EXIT.stopped;
  if ('unwritten' in outcome || steps.some(isUnanswered)) return EXIT.refused;
  return failed > 0 ? EXIT.failed : EXIT.done;
}

function isUnanswered({ state }: Step): boolean {
  return state.kind === 'awaited' && typeof state.reason !== 'string' && state.reason.code === 'unanswered';
}

/**
 * What to run, and when. The sample's clock does not go by itself.
 * @param seconds until a wait is over; absent: at once
 */
function goOnAt(target: ClusterTarget, seconds: number | undefined): string {
  if (seconds === undefined) return 'Run "stowage apply" to go on.';
  if (target.kind === 'kubernetes') return 'Run "stowage apply" then to resume.';
  const minutes = Math.max(1, Math.ceil(seconds / 60));
  return `Let its time pass with "stowage plan --cluster sample --seed ${target.seed} --advance ${minutes}m", then run "stowage apply".`;
}

function printStep(step: Step, cluster: Cluster): void {
  const { sign, style } = SIGNS[phaseOf(step)];
  print(`${paint(style, sign)} ${plainLine(stepLine(describeStep(step), cluster.nowSeconds()))}\n`);
}

const SIGNS = {
  running: { sign: '…', style: 'dim' },
  waiting: { sign: '○', style: 'yellow' },
  done: { sign: '✓', style: 'green' },
  failed: { sign: '✗', style: 'red' },
} as const;
