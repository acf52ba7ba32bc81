import type { Plan } from '../../core/plan/plan.ts';
import { number } from '../format.ts';
import { type DocumentPart, describeLeftOut, planDocument } from './document.ts';
import type { PlanRow } from './tables.ts';

/**
 * A plan as one HTML file to be sent and printed: no script, nothing from elsewhere, and a policy that forbids both. Every
 * text is escaped.
 */
export function planHtml(plan: Plan): string {
  const { title, verdict, figures, notes, parts } = planDocument(plan);
  const figure = ({ label, value, note }: (typeof figures)[number]) =>
    `<div><dt>${escapedHtml(label)}</dt><dd><b>${escapedHtml(value)}</b> ${escapedHtml(note)}</dd></div>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapedHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapedHtml(title)}</h1>
<p><strong>${escapedHtml(verdict)}</strong></p>
<dl>
${figures.map(figure).join('\n')}
</dl>
${items(notes)}
${parts.map(partHtml).join('\n')}
</body>
</html>
`;
}

function partHtml({ heading, notes, rows, left }: DocumentPart): string {
  const more = left > 0 ? `\n<p>${escapedHtml(describeLeftOut(left))}</p>` : '';
  const shown = rows.length > 0 ? `\n${table(heading, rows)}` : '';
  return `<h2>${escapedHtml(heading)}</h2>${notes.length > 0 ? `\n${items(notes)}` : ''}${shown}${more}`;
}

function items(texts: readonly string[]): string {
  return `<ul>\n${texts.map((text) => `<li>${escapedHtml(text)}</li>`).join('\n')}\n</ul>`;
}

function table(name: string, rows: readonly PlanRow[]): string {
  const heads = Object.keys(rows[0] ?? {});
  const cell = (value: string | number | undefined) =>
    typeof value === 'number' ? `<td class="number">${number(value, 2)}</td>` : `<td>${escapedHtml(value ?? '')}</td>`;
  const line = (row: PlanRow) => `<tr>${heads.map((head) => cell(row[head])).join('')}</tr>`;
  return `<div class="wide" role="region" aria-label="${escapedHtml(name)}" tabindex="0"><table>
<thead><tr>${heads.map((head) => `<th scope="col">${escapedHtml(head)}</th>`).join('')}</tr></thead>
<tbody>
${rows.map(line).join('\n')}
</tbody>
</table></div>`;
}

/** Text as HTML shows it, in an element or in an attribute. */
export function escapedHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 80em; padding: 0 1em; }
dl { display: grid; gap: 1em; grid-template-columns: repeat(auto-fit, minmax(14em, 1fr)); }
dd { margin: 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; }
th, td { border-bottom: 1px solid #8888; padding: .25em .75em .25em 0; text-align: left; vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
`;
