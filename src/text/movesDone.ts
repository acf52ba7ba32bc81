import type { LedgerRow } from '../operate/ledger.ts';
import { escaped } from './doctor.ts';
import { dated, duration, fixed, timesIn } from './format.ts';
import { describeWorth } from './migration.ts';
import { describeLoss } from './operation.ts';

/** The moves done as a Markdown document: what each applied move was predicted to do, beside what happened. */
export function movesDoneText(rows: readonly LedgerRow[]): string {
  if (rows.length === 0)
    return '# Moves Done\n\nNothing was applied yet. Each move that is applied shows here: what was predicted beside what happened.\n';
  const head = '| when | move | task | predicted | happened |\n|---|---|---|---|---|\n';
  const newestSeconds = rows.at(-1)!.predictedAtSeconds;
  const lines = [...rows].reverse().map((row) => `| ${cells(row, newestSeconds).map(escaped).join(' | ')} |`);
  const zone = escaped(timesIn(newestSeconds));
  return `# Moves Done\n\nWhat each applied move was predicted to do, and what happened. Newest first, ${zone}.\n\n${head}${lines.join('\n')}\n`;
}

function cells(row: LedgerRow, newestSeconds: number): string[] {
  const when = dated(row.predictedAtSeconds, newestSeconds);
  return [when, KINDS[row.move], row.taskId, predictedText(row), happenedText(row)];
}

function predictedText({ predicted }: LedgerRow): string {
  const { remainingSeconds, lostSeconds, gainNodeSeconds, costNodeSeconds } = predicted;
  return [
    ...(remainingSeconds === undefined ? [] : [`${duration(remainingSeconds)} to run`]),
    ...(lostSeconds === undefined || lostSeconds === 0 ? [] : [describeLoss(lostSeconds)]),
    ...(gainNodeSeconds === undefined || costNodeSeconds === undefined
      ? []
      : [describeWorth(gainNodeSeconds, costNodeSeconds)]),
  ].join(', ');
}

const KINDS: Readonly<Record<LedgerRow['move'], string>> = {
  placement: 'placement',
  resize: 'resize',
  migration: 'migration',
};

const ENDS: Readonly<Record<NonNullable<LedgerRow['ended']>['how'], string>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'was cancelled',
  unknown: 'ended',
};

function happenedText({ outcome, ended, predicted, predictedAtSeconds }: LedgerRow): string {
  if (!outcome) return 'under way';
  const state = STATES[outcome.kind];
  if (!ended) return state;
  const ran = ended.atSeconds - predictedAtSeconds;
  const end = `${ENDS[ended.how]} after ${duration(ran)}`;
  const { remainingSeconds } = predicted;
  return remainingSeconds
    ? `${state}; ${end}, ${fixed(ran / remainingSeconds, 2)} times what was predicted`
    : `${state}; ${end}`;
}

const STATES: Readonly<Record<NonNullable<LedgerRow['outcome']>['kind'], string>> = {
  done: 'done',
  failed: 'not done',
  cancelled: 'cancelled',
};
