/** Shows charts, tables (`application/vnd.stowage.table+json`) and reports of both under notebook cells. */
import { errorMessage } from '../../src/core/model/errorMessage.ts';
import { element } from './element.ts';
import { drawFigure, forgetFigure } from './figure.ts';
import { drawReport } from './report.ts';
import { STYLE } from './style.ts';
import { drawTable } from './table.ts';

/** One output, as VS Code hands it over. */
type OutputItem = { readonly id: string; readonly mime: string; json(): unknown };

type RendererApi = {
  renderOutputItem(item: OutputItem, root: HTMLElement): void;
  disposeOutputItem(id?: string): void;
};

/** Called by VS Code once for all outputs of a notebook. */
export function activate(): RendererApi {
  document.head.append(element('style', {}, STYLE));
  const roots = new Map<string, HTMLElement>();
  /** Elements with charts that stand in a report, by the element of that. */
  const inReports = new Map<HTMLElement, readonly HTMLElement[]>();
  const forget = (root: HTMLElement) => {
    for (const each of [root, ...(inReports.get(root) ?? [])]) forgetFigure(each);
    inReports.delete(root);
  };
  return {
    renderOutputItem(item, root) {
      roots.set(item.id, root);
      try {
        const value = item.json();
        if (item.mime.startsWith('application/vnd.plotly')) drawFigure(value, root);
        else if (item.mime === 'application/vnd.stowage.report+json') {
          forget(root);
          inReports.set(root, drawReport(value, root));
        } else drawTable(value, root);
      } catch (error) {
        root.replaceChildren(
          element('p', { class: 'stowage-broken' }, `This output cannot be drawn: ${errorMessage(error)}`),
        );
      }
    },
    disposeOutputItem(id) {
      for (const [known, root] of roots) {
        if (id !== undefined && known !== id) continue;
        forget(root);
        roots.delete(known);
      }
    },
  };
}
