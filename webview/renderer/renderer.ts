import { errorMessage } from '../../src/core/model/errorMessage.ts';
/** Shows charts (`application/vnd.plotly.v1+json`) and tables (`application/vnd.stowage.table+json`) under notebook cells. */
import { element } from '../element.ts';
import { drawFigure, forgetFigure } from './figure.ts';
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
  return {
    renderOutputItem(item, root) {
      roots.set(item.id, root);
      try {
        const value = item.json();
        if (item.mime.startsWith('application/vnd.plotly')) drawFigure(value, root);
        else drawTable(value, root);
      } catch (error) {
        root.replaceChildren(
          element('p', { class: 'stowage-broken' }, `This output cannot be drawn: ${errorMessage(error)}`),
        );
      }
    },
    disposeOutputItem(id) {
      for (const [known, root] of roots) {
        if (id !== undefined && known !== id) continue;
        forgetFigure(root);
        roots.delete(known);
      }
    },
  };
}
