import type { Row } from './lanes.ts';
import { LAWS, type Violation } from './oracle.ts';
import type { RoundResult } from './round.ts';

/** What was injected how often, what became of the moves, and what held, as Markdown. */
export function stormReport(rows: readonly Row[]): string {
  const ended = rows.filter((row): row is RoundResult => !('error' in row));
  const broken = rows.length - ended.length;
  const counts = new Map<string, number>();
  for (const row of ended) {
    for (const [name, count] of Object.entries(row.counts)) counts.set(name, (counts.get(name) ?? 0) + count);
  }
  const clean = ended.filter(({ violations }) => violations.length === 0).length;
  const seconds = ended.map((row) => row.seconds).sort((left, right) => left - right);
  const once = ended.filter(({ lastApplies }) => lastApplies === 1).length;
  return [
    `${ended.length} rounds, ${clean} without a violation; ${ended.reduce((sum, { runs }) => sum + runs, 0)} runs of the ` +
      `command line. Half of the rounds took less than ${seconds[Math.floor(seconds.length / 2)] ?? 0} s. One last apply ` +
      `on each machine was enough in ${once}.${broken > 0 ? ` ${broken} could not be carried out.` : ''}`,
    table(['injected', 'times'], named(counts, /^(SIG|fault|user)/)),
    table(['moves', 'how many'], named(counts, /^(migration|resize|placement)/)),
    table(
      ['law', 'broken in rounds'],
      Object.entries(LAWS).map(([law, text]) => [text, roundsBreaking(ended, law)]),
    ),
  ].join('\n\n');
}

/** A line for a person who watches: the round, and for each violation what breaks it again. */
export function roundLine(row: Row, folder: string): string {
  if ('error' in row) return `round ${row.seed}: could not be carried out: ${row.error}`;
  const { seed, seconds, violations } = row;
  if (violations.length === 0) return `round ${seed}: ${seconds} s, all laws held`;
  const again = `again: npm run storm -- --rounds 1 --seed ${seed}; kept in ${folder}/round-${seed}`;
  return [`round ${seed}: ${seconds} s`, ...violations.map(violationLine), again].join('\n  ');
}

function violationLine({ law, text }: Violation): string {
  return `${law}: ${text}`;
}

function roundsBreaking(rows: readonly RoundResult[], law: string): number {
  return rows.filter(({ violations }) => violations.some((each) => each.law === law)).length;
}

function named(counts: ReadonlyMap<string, number>, pattern: RegExp): (readonly [string, number])[] {
  return [...counts].filter(([name]) => pattern.test(name)).sort(([left], [right]) => (left < right ? -1 : 1));
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
