import type { Report, ReportPart } from '../../src/notebook/report.ts';
import { describePart } from '../../src/text/counts.ts';
import { element } from './element.ts';
import { drawFigure } from './figure.ts';
import { countOf, parseTable, tableElement } from './table.ts';

/**
 * Draws tables and charts under headings that fold. What is folded is drawn when it is opened: a chart needs its width.
 * @returns the elements that hold charts, to be given back with `forgetFigure`
 * @throws TypeError when the value is no report
 */
export function drawReport(value: unknown, root: HTMLElement): readonly HTMLElement[] {
  const { title, notes, parts } = parseReport(value);
  const charts: HTMLElement[] = [];
  root.replaceChildren(
    element(
      'div',
      { class: 'stowage-report' },
      element('h3', {}, title),
      ...notes.map((note) => element('p', { class: 'stowage-count' }, note)),
      ...parts.map((part) => partElement(part, charts)),
    ),
  );
  return charts;
}

function partElement(part: ReportPart, charts: HTMLElement[]): HTMLElement {
  const { heading, note, table, figure, folded } = part;
  const summary = element('summary', {}, table ? describePart(heading, table.total) : heading);
  const fold = element('details', { class: 'stowage-part' }, summary);
  let drawn = false;
  const draw = () => {
    if (drawn) return;
    drawn = true;
    if (note !== undefined) fold.append(element('p', { class: 'stowage-count' }, note));
    if (table) fold.append(tableElement(table, heading), countOf(table));
    if (!figure) return;
    const chart = element('div');
    fold.append(chart);
    charts.push(chart);
    drawFigure(figure, chart);
  };
  fold.addEventListener('toggle', () => {
    if (fold.hasAttribute('open')) draw();
  });
  if (!folded) {
    fold.setAttribute('open', '');
    draw();
  }
  return fold;
}

function parseReport(value: unknown): Report {
  const { title, notes, parts } = (typeof value === 'object' && value !== null ? value : {}) as Partial<Report>;
  const isReport =
    typeof title === 'string' &&
    isList(notes, (note) => typeof note === 'string') &&
    isList(parts, (part) => typeof part === 'object' && part !== null);
  if (!isReport) throw new TypeError('it is no report');
  return { title, notes: notes as readonly string[], parts: (parts as readonly ReportPart[]).map(parsePart) };
}

/** A chart is parsed where it is drawn. */
function parsePart({ heading, note, table, figure, folded }: ReportPart): ReportPart {
  if (typeof heading !== 'string' || (note !== undefined && typeof note !== 'string'))
    throw new TypeError('a part of it has no heading');
  return {
    heading,
    ...(note !== undefined && { note }),
    ...(table !== undefined && { table: parseTable(table) }),
    ...(figure !== undefined && { figure }),
    folded: folded === true,
  };
}

function isList(value: unknown, isOne: (each: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne);
}
