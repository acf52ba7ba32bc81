import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import { openCluster } from '../cluster/open.ts';
import type { Access, Cluster } from '../cluster/port.ts';
import { InputError } from '../core/model/input.ts';
import type { Settings } from '../core/model/settings.ts';
import type { ClusterTarget } from '../core/plan/plan.ts';
import type { ApplyOutcome, OperateOptions, Question } from '../operate/applyPlan.ts';
import { openJournal } from '../operate/journal.ts';
import { openLedger } from '../operate/ledger.ts';
import { phaseOf, type Step } from '../operate/step.ts';
import { REAL_CLOCK, SAMPLE_CLOCK } from '../operate/stepContext.ts';
import { describeApplyRefused, describeOutcome, describeQuestion, describeStep, stepLine } from '../text/operation.ts';
import { plainLine, plainText } from './plain.ts';
import { STATE_DIRECTORY } from './target.ts';

/**
 * Opens cluster, journal and ledger for a command that writes, prints each step and what came of it, and closes them
 * again. The first Ctrl-C cancels, the second ends the process at once (another apply then goes on).
 */
export async function operating(
  target: ClusterTarget,
  { settings, access }: { readonly settings: Settings; readonly access: Access },
  work: (cluster: Cluster, options: OperateOptions) => Promise<ApplyOutcome>,
): Promise<number> {
  const journal = await openJournal(STATE_DIRECTORY);
  const cancel = new AbortController();
  const onInterrupt = () => {
    process.stderr.write('Cancelling: what has begun is brought to a safe end. Ctrl-C again to stop at once.\n');
    cancel.abort();
  };
  process.once('SIGINT', onInterrupt);
  try {
    const cluster = await openCluster(target, {
      ...access,
      windows: () => settings,
      runsDirectory: STATE_DIRECTORY,
      signal: cancel.signal,
    });
    try {
      const outcome = await work(cluster, {
        journal,
        ledger: await openLedger(STATE_DIRECTORY),
        settings,
        polling: target.kind === 'sample' ? SAMPLE_CLOCK : REAL_CLOCK,
        signal: cancel.signal,
        onStep: (step) => printStep(step, cluster),
      });
      return report(outcome, target, cluster.nowSeconds());
    } finally {
      await cluster.close();
    }
  } catch (error) {
    if (!cancel.signal.aborted || error !== cancel.signal.reason) throw error;
    process.stderr.write('Cancelled before anything was changed.\n');
    return 1;
  } finally {
    process.removeListener('SIGINT', onInterrupt);
    await journal.close();
  }
}

/** Shows the question and reads y or N; without a terminal there must have been a --yes. */
export function askOnTerminal(yes: boolean): (question: Question) => Promise<boolean> {
  return async (question) => {
    const { message, detail, verb } = describeQuestion(question);
    process.stdout.write(plainText(`${message}\n${detail}\n`));
    if (yes) return true;
    if (!canAsk()) {
      throw new InputError(
        'Nobody can be asked here: this is not a terminal. Add --yes to go ahead without a question.',
      );
    }
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    try {
      return /^y(es)?$/i.test((await terminal.question(`${verb}? [y/N] `)).trim());
    } finally {
      terminal.close();
    }
  };
}

/** Whether somebody sits at a terminal. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY;
}

/** Prints what came of it, and gives the exit code. */
function report(outcome: ApplyOutcome, target: ClusterTarget, nowSeconds: number): number {
  switch (outcome.kind) {
    case 'declined':
      process.stdout.write('Nothing was changed.\n');
      return 1;
    case 'refused':
      process.stderr.write(`${describeApplyRefused(outcome)}\n`);
      return 2;
    default: {
      const { failed, waiting, untilSeconds, steps } = outcome;
      if (steps.length === 0) {
        process.stdout.write('There is nothing to resume.\n');
        return 0;
      }
      const next = waiting > 0 ? ` ${goOnAt(target, (untilSeconds ?? nowSeconds) - nowSeconds)}` : '';
      process.stdout.write(`${describeOutcome(outcome, nowSeconds)}${next}\n`);
      return failed > 0 ? 1 : 0;
    }
  }
}

/** The sample's clock does not go by itself. */
function goOnAt(target: ClusterTarget, seconds: number): string {
  if (target.kind === 'kubernetes') return 'Run "stowage apply" then to resume.';
  const minutes = Math.max(1, Math.ceil(seconds / 60));
  return `Let its time pass with "stowage plan --cluster sample --seed ${target.seed} --advance ${minutes}m", then run "stowage apply".`;
}

function printStep(step: Step, cluster: Cluster): void {
  const { sign, style } = SIGNS[phaseOf(step)];
  const mark = styleText(style, sign, { stream: process.stdout });
  process.stdout.write(`${mark} ${plainLine(stepLine(describeStep(step), cluster.nowSeconds()))}\n`);
}

const SIGNS = {
  running: { sign: '…', style: 'dim' },
  waiting: { sign: '○', style: 'yellow' },
  done: { sign: '✓', style: 'green' },
  failed: { sign: '✗', style: 'red' },
} as const;
