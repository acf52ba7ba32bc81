import type { TreeItem } from 'vscode';

/** How a tree's rows are told apart, found and shown. */
export type RowSource<Row extends object> = {
  /** Unique in the tree. */
  idOf(row: Row): string;
  /** As they are now; of the tree itself without a row. */
  childrenOf(row?: Row): readonly Row[];
  itemOf(row: Row): TreeItem;
};

/**
 * The rows of a tree that the editor has. After a change only those that look different are drawn again: a row that is
 * drawn again loses its tooltip, and a busy cluster changes twice a second.
 */
export class DrawnRows<Row extends object> {
  private readonly source: RowSource<Row>;
  /** By the parent's id, the tree's own under ''; in the order of their drawing, so that parents come first. */
  private readonly drawn = new Map<string, Map<string, { readonly row: Row; look: string }>>();
  private readonly parents = new Map<string, Row>();

  constructor(source: RowSource<Row>) {
    this.source = source;
  }

  /** Children for the editor: for a row that it knows the same object as before, with what it holds now. */
  children(parent?: Row): Row[] {
    const key = parent ? this.source.idOf(parent) : '';
    const before = this.drawn.get(key);
    const rows = new Map<string, { row: Row; look: string }>();
    for (const fresh of this.source.childrenOf(parent)) {
      const id = this.source.idOf(fresh);
      const known = before?.get(id)?.row;
      const row = known ? Object.assign(known, fresh) : fresh;
      rows.set(id, { row, look: this.lookOf(row) });
    }
    this.drawn.set(key, rows);
    if (parent) this.parents.set(key, parent);
    return [...rows.values()].map(({ row }) => row);
  }

  /** Rows to draw again, with what is below them; undefined: the whole tree, since its own rows are others. */
  changes(): Row[] | undefined {
    const changed: Row[] = [];
    for (const [key, before] of this.drawn) {
      const parent = this.parents.get(key);
      const fresh = this.source.childrenOf(parent);
      const ids = [...before.keys()];
      if (fresh.length !== ids.length || fresh.some((row, index) => this.source.idOf(row) !== ids[index])) {
        if (parent) changed.push(parent);
        else return this.forget();
        continue;
      }
      for (const row of fresh) {
        const known = before.get(this.source.idOf(row))!;
        Object.assign(known.row, row);
        const look = this.lookOf(known.row);
        if (look !== known.look) changed.push(known.row);
        known.look = look;
      }
    }
    return changed;
  }

  private forget(): undefined {
    this.drawn.clear();
    this.parents.clear();
  }

  private lookOf(row: Row): string {
    return JSON.stringify(this.source.itemOf(row));
  }
}
