import type { LedgerRow } from '../operate/ledger.ts';
import { escaped } from './doctor.ts';
import { duration, fixed, instant, nodeHours } from './format.ts';

/** The ledger as a Markdown document: what each applied move was predicted to do, beside what happened. */
export function ledgerText(rows: readonly LedgerRow[]): string {
  if (rows.length === 0)
    return '# Ledger\n\nNothing was applied yet. Each move that is shows here: predicted beside happened.\n';
  const head = '| when | move | task | predicted | happened |\n|---|---|---|---|---|\n';
  const lines = [...rows].reverse().map((row) => `| ${cells(row).map(escaped).join(' | ')} |`);
  return `# Ledger\n\nWhat each applied move was predicted to do, and what happened. Newest first.\n\n${head}${lines.join('\n')}\n`;
}

function cells(row: LedgerRow): string[] {
  return [instant(row.predictedAtSeconds), row.move, row.taskId, predictedText(row), happenedText(row)];
}

function predictedText({ predicted }: LedgerRow): string {
  const { remainingSeconds, lostSeconds, gainNodeSeconds, costNodeSeconds } = predicted;
  return [
    remainingSeconds !== undefined && `${duration(remainingSeconds)} to run`,
    lostSeconds !== undefined && lostSeconds > 0 && `${duration(lostSeconds)} of work lost`,
    gainNodeSeconds !== undefined && `wins ${nodeHours(gainNodeSeconds)}`,
    costNodeSeconds !== undefined && `costs ${nodeHours(costNodeSeconds)}`,
  ]
    .filter(Boolean)
    .join(', ');
}

function happenedText({ outcome, ended, predicted, predictedAtSeconds }: LedgerRow): string {
  if (!outcome) return 'under way';
  const parts: string[] = [outcome.kind];
  if (ended) {
    const ran = ended.atSeconds - predictedAtSeconds;
    parts.push(`${ended.how} after ${duration(ran)}`);
    if (predicted.remainingSeconds) parts.push(`${fixed(ran / predicted.remainingSeconds, 2)} × predicted`);
  }
  return parts.join('; ');
}
