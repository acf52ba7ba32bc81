import { compareNaturally } from '../core/model/naturalOrder.ts';
import type { NodeRow } from '../rows/clusterView.ts';

/**
 * The nodes in the natural order of their names. Kept as long as the names stay: the rows of a busy cluster change twice
 * a second, its nodes seldom.
 */
export class NodeOrder {
  private names: readonly string[] = [];
  private order: readonly number[] = [];

  of(nodes: readonly NodeRow[]): NodeRow[] {
    if (nodes.length !== this.names.length || nodes.some(({ name }, index) => name !== this.names[index])) {
      const names = nodes.map(({ name }) => name);
      this.names = names;
      this.order = [...names.keys()].sort((left, right) => compareNaturally(names[left]!, names[right]!));
    }
    return this.order.map((index) => nodes[index]!);
  }
}
