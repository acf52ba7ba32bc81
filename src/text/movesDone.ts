import type { Snapshot } from '../core/model/snapshot.ts';
import type { LedgerRow } from '../operate/ledger.ts';
import { escaped } from './doctor.ts';
import { dated, duration, fixed, namedBand, number, timesIn } from './format.ts';
import { describeWorth } from './migration.ts';
import { describeLoss, describeMove, describeState } from './operation.ts';
import { wrapped } from './table.ts';

/** Every sentence about moves that were done: what each was predicted to do, and what came of it. */

/** What runs on a cluster now: tasks by their ids and owners by `namespace/name`, with since when. */
export type RunningNow = {
  readonly cluster: string;
  readonly nowSeconds: number;
  readonly startedAtSeconds: ReadonlyMap<string, number>;
};

/** More rows than these are read by nobody; the file has them. */
export const ROWS_SHOWN = 200;

export function runningNow({ cluster, takenAtSeconds, tasks }: Snapshot): RunningNow {
  const running = tasks.flatMap(({ id, namespace, owner, phase, startedAtSeconds }) => {
    if (phase !== 'running' || startedAtSeconds === undefined) return [];
    const names = owner ? [id, `${namespace}/${owner.name}`] : [id];
    return names.map((name) => [name, startedAtSeconds] as const);
  });
  return { cluster, nowSeconds: takenAtSeconds, startedAtSeconds: new Map(running) };
}

/** The moves done as a Markdown document, newest first. @param now absent: nothing is known of what runs */
export function movesDoneText(rows: readonly LedgerRow[], now?: RunningNow): string {
  if (rows.length === 0) return `# Moves Done\n\n${NOTHING}\n`;
  const { shown, newestSeconds, left } = newest(rows, ROWS_SHOWN);
  const head = '| move | predicted | what came of it |\n|---|---|---|\n';
  const lines = shown.map((row) => {
    const [when, ...more] = cells(row, newestSeconds, now);
    const [move, ...said] = more.map(escaped);
    // In a column of its own the moment would leave too little of a narrow page to the words.
    return `| ${[`${unbroken(when)} <br> ${move}`, ...said].join(' | ')} |\n`;
  });
  const more = left > 0 ? `\n${leftText(left)}\n` : '';
  return `# Moves Done\n\n${INTRODUCTION} Newest first, ${escaped(timesIn(newestSeconds))}.\n\n${head}${lines.join('')}${more}`;
}

/** A moment that a narrow column does not break. */
function unbroken(moment: string): string {
  return moment.replaceAll('-', '\u2011').replaceAll(' ', '\u00a0');
}

/** The same for a terminal. @param most rows that are shown */
export function movesDoneLines(rows: readonly LedgerRow[], most = ROWS_SHOWN): string {
  if (rows.length === 0) return `${NOTHING}\n`;
  const { shown, newestSeconds, left } = newest(rows, most);
  const lines = shown.flatMap((row) => {
    const [when, move, predicted, happened] = cells(row, newestSeconds);
    return [
      '',
      `${when}  ${move}`,
      ...(predicted ? wrapped(`predicted: ${predicted}`, '    ') : []),
      ...wrapped(happened, '    '),
    ];
  });
  const more = left > 0 ? ['', leftText(left)] : [];
  return `${[`${INTRODUCTION} Newest first, ${timesIn(newestSeconds)}.`, ...lines, ...more].join('\n')}\n`;
}

const NOTHING =
  'Nothing was applied yet. Each move that is applied shows here: what was predicted beside what came of it.';
const INTRODUCTION = 'What each applied move was predicted to do, and what came of it.';

function leftText(left: number): string {
  return `${number(left)} older ones are in .stowage/ledger.jsonl.`;
}

function newest(rows: readonly LedgerRow[], most: number) {
  const shown = rows.slice(-most).reverse();
  return { shown, newestSeconds: Math.max(...shown.map(whenOf)), left: rows.length - shown.length };
}

/** When it was done, and until then when it was planned. */
function whenOf({ outcome, predictedAtSeconds }: LedgerRow): number {
  return outcome?.atSeconds ?? predictedAtSeconds;
}

function cells(row: LedgerRow, newestSeconds: number, now?: RunningNow): [string, string, string, string] {
  const of = now?.cluster === row.cluster ? now : undefined;
  return [dated(whenOf(row), newestSeconds), titleOf(row), predictedText(row), happenedText(row, newestSeconds, of)];
}

/** "Shrink team/train from 8 to 4 CPU", "Undo: expand …"; of 0.1.0 the kind and the task. */
function titleOf({ what, move, taskId, undoes }: LedgerRow): string {
  const title = what ? describeMove(what) : `${KINDS[move]} ${taskId}`;
  return undoes === undefined ? title : `Undo: ${title}`;
}

const KINDS: Readonly<Record<LedgerRow['move'], string>> = {
  placement: 'Place',
  resize: 'Resize',
  migration: 'Migrate',
};

function predictedText({ move, predicted }: LedgerRow): string {
  const { remainingSeconds: p50, remainingBand = undefined, lostSeconds, gainNodeSeconds, costNodeSeconds } = predicted;
  const time = p50 === undefined ? undefined : namedBand({ p10: p50, p90: p50, ...remainingBand, p50 }, duration);
  return [
    ...(time === undefined ? [] : [move === 'placement' ? `runs ${time}` : `${time} to go`]),
    ...(lostSeconds === undefined || lostSeconds === 0 ? [] : [describeLoss(lostSeconds)]),
    ...(gainNodeSeconds === undefined || costNodeSeconds === undefined
      ? []
      : [describeWorth(gainNodeSeconds, costNodeSeconds)]),
  ].join(', ');
}

function happenedText(row: LedgerRow, newestSeconds: number, now: RunningNow | undefined): string {
  const { outcome, undone } = row;
  if (!outcome) return 'under way';
  const said = outcome.state ? describeState(outcome.state) : `${STATES[outcome.kind]}.`;
  const failed = outcome.state?.kind === 'failed' ? `Not done. ${said}` : said;
  const after = outcome.kind === 'done' ? afterwards(row, now) : undefined;
  return [
    failed,
    ...(undone ? [`Undone ${dated(undone.atSeconds, newestSeconds)}.`] : []),
    ...(after === undefined ? [] : [after]),
  ].join(' ');
}

const STATES: Readonly<Record<NonNullable<LedgerRow['outcome']>['kind'], string>> = {
  done: 'Done',
  failed: 'Not done',
  cancelled: 'Cancelled',
};

const ENDS: Readonly<Record<NonNullable<LedgerRow['ended']>['how'], string>> = {
  succeeded: 'It succeeded',
  failed: 'It failed',
  cancelled: 'It was cancelled',
  unknown: 'It ended',
};

/** What became of the task after its move, beside what was predicted. */
function afterwards(row: LedgerRow, now: RunningNow | undefined): string | undefined {
  if (row.undoes !== undefined) return undefined;
  const { ended, ownerId, taskId } = row;
  if (ended) {
    const ran = Math.max(0, ended.atSeconds - beginOf(row, ended.startedAtSeconds));
    return `${ENDS[ended.how]} after ${duration(ran)}${againstPrediction(row, ran)}.`;
  }
  const started = now?.startedAtSeconds.get(ownerId ?? taskId) ?? now?.startedAtSeconds.get(taskId);
  if (!now || started === undefined) return undefined;
  const runs = `It has run for ${duration(Math.max(0, now.nowSeconds - started))}`;
  const expected = expectedSeconds(row);
  if (expected === undefined) return `${runs}.`;
  const left = beginOf(row, started) + expected - now.nowSeconds;
  return left >= 0
    ? `${runs}; ${duration(left)} left by that prediction.`
    : `${runs}, ${duration(-left)} longer than predicted.`;
}

/** From when the predicted time counts. */
function beginOf({ move, predictedAtSeconds, outcome }: LedgerRow, startedAtSeconds: number | undefined): number {
  switch (move) {
    case 'placement':
      return startedAtSeconds ?? predictedAtSeconds;
    case 'resize':
      return predictedAtSeconds;
    case 'migration':
      return outcome?.atSeconds ?? predictedAtSeconds;
  }
}

/** What was to run from then on; a migrated task does again what it lost. */
function expectedSeconds({ predicted: { remainingSeconds, lostSeconds = 0 } }: LedgerRow): number | undefined {
  return remainingSeconds === undefined ? undefined : remainingSeconds + lostSeconds;
}

/** ", 1.20 times what was predicted, inside the 80 % band" */
function againstPrediction(row: LedgerRow, ran: number): string {
  const expected = expectedSeconds(row);
  if (!expected) return '';
  const times = `, ${fixed(ran / expected, 2)} times what was predicted`;
  const { remainingBand: band, lostSeconds = 0 } = row.predicted;
  if (!band) return times;
  if (ran < band.p10 + lostSeconds) return `${times}, below the 80 % band`;
  return ran > band.p90 + lostSeconds ? `${times}, above the 80 % band` : `${times}, inside the 80 % band`;
}
