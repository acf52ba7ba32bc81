import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { ApiNode, Pod } from '../../src/cluster/kubernetes/api/objects.ts';
import { selectorTerm } from '../../src/cluster/kubernetes/model/constraints.ts';
import { nodeOf } from '../../src/cluster/kubernetes/model/node.ts';
import { DEFAULT_PARAMETER_KEYS } from '../../src/cluster/kubernetes/model/parameters.ts';
import { taskOf } from '../../src/cluster/kubernetes/model/pod.ts';
import { seededRandom } from '../../src/core/model/random.ts';
import type { Task } from '../../src/core/model/task.ts';
import { clusterCapacity } from '../../src/core/place/capacity.ts';
import { nodeFilter, type Refusal } from '../../src/core/place/filter.ts';
import { snapshot } from '../core/place/cluster.ts';
import { isFull } from '../full.ts';
import { requireCluster } from './availability.ts';
import { buildCluster } from './build.ts';
import { NODES, randomQuestion } from './randomCluster.ts';
import { type FilterQuestion, upstreamFilter, type Verdict } from './upstream.ts';

const CLUSTERS = isFull ? 15_000 : 1500;

/** Our reasons by the plugin that would give them. */
const PLUGINS: Readonly<Partial<Record<Refusal['code'], string>>> = {
  unschedulable: 'NodeUnschedulable',
  nodeName: 'NodeName',
  taint: 'TaintToleration',
  nodeSelector: 'NodeAffinity',
  nodeAffinity: 'NodeAffinity',
  hostPort: 'NodePorts',
  taskCount: 'NodeResourcesFit',
  resource: 'NodeResourcesFit',
  gpuResource: 'NodeResourcesFit',
  gpuShare: 'NodeResourcesFit',
  volume: 'VolumeBinding',
  topologyLabel: 'PodTopologySpread',
  spread: 'PodTopologySpread',
  podAffinity: 'InterPodAffinity',
  podAntiAffinity: 'InterPodAffinity',
  keptAway: 'InterPodAffinity',
};

describe('our filter beside kube-scheduler 1.36', () => {
  before(async function () {
    requireCluster(this);
    await buildCluster((text) => console.error(`      ${text}`));
  });

  it(`says the same, for the same reason, on ${CLUSTERS * NODES} random pairs of pod and node`, async () => {
    const questions = Array.from({ length: CLUSTERS }, (_, seed) => randomQuestion(seededRandom(seed)));
    const theirs = await upstreamFilter(questions);
    const differences: string[] = [];
    const seen: Record<string, number> = {};
    questions.forEach((question, index) => {
      const answer = theirs[index] as Readonly<Record<string, Verdict>>;
      assert.ok(!('error' in answer), JSON.stringify(answer));
      for (const [name, ours] of Object.entries(ourFilter(question))) {
        const verdict = answer[name]!;
        const plugin = verdict.fits ? 'fits' : verdict.plugin;
        const own = ours === undefined ? 'fits' : PLUGINS[ours.code]!;
        seen[plugin] = (seen[plugin] ?? 0) + 1;
        // Terms that name nodes are looked up before any filter runs, so that NodeAffinity comes out first there.
        const named = !verdict.fits && verdict.reasons.includes("node(s) didn't satisfy plugin(s)");
        if (named ? own === 'fits' : own !== plugin)
          differences.push(`cluster ${index}, ${name}: ${plugin}, ours ${own} ${JSON.stringify(ours)}`);
      }
    });
    assert.deepEqual(differences, []);
    const plugins = ['fits', ...new Set(Object.values(PLUGINS))];
    const rare = plugins.filter((plugin) => (seen[plugin] ?? 0) < 100);
    assert.deepEqual(rare, [], `the random clusters hardly meet these: ${JSON.stringify(seen)}`);
  });
});

function ourFilter(question: FilterQuestion): Record<string, Refusal | undefined> {
  const nodes = (question.nodes as readonly ApiNode[]).map((each) => nodeOf(each, 0));
  const tasks = (question.pods as readonly Pod[]).map((each) => asTask(each));
  const namespaceLabels = Object.fromEntries(
    (question.namespaces as readonly { metadata: { name: string; labels: Record<string, string> } }[]).map(
      ({ metadata }) => [metadata.name, metadata.labels],
    ),
  );
  const capacity = clusterCapacity(snapshot(nodes, tasks, { namespaceLabels }));
  const volumes = question.persistentVolumes as readonly {
    spec: { nodeAffinity: { required: { nodeSelectorTerms: Parameters<typeof selectorTerm>[0][] } } };
  }[];
  const { node, ...wanted } = asTask(question.pod as Pod);
  const task: Task = {
    ...wanted,
    phase: 'pending',
    constraints: {
      ...wanted.constraints,
      ...(node !== undefined && { nodeName: node }),
      volumeAffinity: volumes.map(({ spec }) => spec.nodeAffinity.required.nodeSelectorTerms.map(selectorTerm)),
    },
  };
  const filter = nodeFilter(task, capacity);
  return Object.fromEntries(capacity.nodes.map((held) => [held.node.name, filter(held)]));
}

function asTask(pod: Pod): Task {
  return taskOf(pod, { jobs: new Map(), replicaSets: new Map() }, DEFAULT_PARAMETER_KEYS);
}
