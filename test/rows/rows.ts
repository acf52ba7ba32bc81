import type { ClusterView } from '../../src/rows/clusterView.ts';

/** A view of an empty cluster, but for what is given. */
export function aView(given: Partial<ClusterView>): ClusterView {
  return {
    cluster: 'small',
    takenAtSeconds: 0,
    refused: {},
    problems: [],
    predictor: '',
    nodes: [],
    tasks: [],
    ...given,
  };
}
