import type { Plan } from '../../core/plan/plan.ts';
import { escaped } from '../doctor.ts';
import { number } from '../format.ts';
import { type DocumentPart, describeLeftOut, planDocument } from './document.ts';
import type { PlanRow } from './tables.ts';

/** A plan as Markdown, for an issue or a chat. Names of a cluster are escaped: they make no link, image or markup. */
export function planMarkdown(plan: Plan): string {
  const { title, verdict, figures, notes, parts } = planDocument(plan);
  const blocks = [
    `# ${escaped(title)}`,
    `**${escaped(verdict)}**`,
    figures.map(({ label, value, note }) => `- ${label}: **${escaped(value)}** (${escaped(note)})`).join('\n'),
    notes.map((note) => `- ${escaped(note)}`).join('\n'),
    ...parts.flatMap(partBlocks),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function partBlocks({ heading, notes, rows, left }: DocumentPart): string[] {
  return [
    `## ${heading}`,
    ...(notes.length > 0 ? [notes.map(escaped).join('  \n')] : []),
    ...(rows.length > 0 ? [table(rows)] : []),
    ...(left > 0 ? [describeLeftOut(left)] : []),
  ];
}

function table(rows: readonly PlanRow[]): string {
  const heads = Object.keys(rows[0] ?? {});
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const align = heads.map((head) => (typeof rows[0]?.[head] === 'number' ? '---:' : '---'));
  const cell = (value: string | number | undefined) =>
    typeof value === 'number' ? number(value, 2) : escaped(value ?? '');
  return [line(heads.map(escaped)), line(align), ...rows.map((row) => line(heads.map((head) => cell(row[head]))))].join(
    '\n',
  );
}
