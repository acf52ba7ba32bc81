import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { type KubernetesCluster, openKubernetesCluster } from '../../src/cluster/kubernetes/kubernetes.ts';
import type { Move, Placement, Resize } from '../../src/core/model/moves.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { stepByStep } from '../stepByStep.ts';
import { requireCluster } from './availability.ts';
import { startCluster, type TestCluster } from './cluster.ts';
import { homeIn, stowage } from './commandLine.ts';
import { until } from './until.ts';
import { DEMO_NODES, demoWorkload } from './workload.ts';

describe('from a fragmented cluster to confirmed moves', () => {
  stepByStep();
  let test: TestCluster;
  let cluster: KubernetesCluster;
  let here: string;
  let plan: Plan;

  before(async function () {
    requireCluster(this);
    test = await startCluster({ nodes: DEMO_NODES, metrics: true });
    here = homeIn(test, 'here');
    const { running, waiting, history } = demoWorkload();
    await test.apply(...running);
    await test.kubectl(['wait', 'pods', '--all', '--for=condition=Ready', '--timeout=600s']);
    await test.apply(...waiting, ...history);
    cluster = await openKubernetesCluster({ kubeconfig: test.kubeconfigPath });
    // Until the short tasks have ended they hold what the plan counts on.
    await until(
      () => cluster.readHistory(),
      ({ tasks }) => tasks.length === history.length,
      120,
    );
  });
  after(async () => {
    await cluster?.close();
    await test?.stop();
  });

  const apply = () => stowage(here, ['apply', 'plan.json', '--yes', '--kubeconfig', test.kubeconfigPath]);

  it('plans a placement, a resize down, a resize up and a migration, and prints them', async () => {
    // The wait and the threshold are the method's; a test shortens the first and its small nodes need the second.
    const short = ['triggerHoldSeconds=1s', 'candidateFreeFraction=0.15', 'triggerFreeFraction=0.15'];
    const words = ['plan', '--kubeconfig', test.kubeconfigPath, '--observe', '60s', '--out', 'plan.json'];
    const { output, status } = await stowage(here, [...words, ...short.flatMap((one) => ['--setting', one])]);
    assert.equal(status, 0, output);
    plan = JSON.parse(readFileSync(join(here, 'plan.json'), 'utf8'));
    const of = (kind: Move['kind']) => plan.moves.filter((move) => move.kind === kind);
    assert.deepEqual(
      (of('placement') as Placement[]).map(({ task }) => task.id),
      ['default/notebook'],
      output,
    );
    const resizes = of('resize') as Resize[];
    assert.deepEqual(resizes.map(({ direction }) => direction).sort(), ['expand', 'shrink'], output);
    assert.match(resizes.find(({ direction }) => direction === 'shrink')?.task.id ?? '', /report/);
    assert.match(resizes.find(({ direction }) => direction === 'expand')?.task.id ?? '', /index/);
    assert.ok(of('migration').length >= 1, output);
    assert.match(output, /Shrink in place[\s\S]*report[\s\S]*Expand in place[\s\S]*index/);
  });

  it('applies all of them: the kubelet reports the new resources, each Job runs on the planned node', async () => {
    const { output, status } = await apply();
    assert.equal(status, 0, output);
    const { tasks } = await cluster.readSnapshot();
    for (const move of plan.moves) {
      if (move.kind === 'resize') {
        const pod = JSON.parse(await test.kubectl(['get', 'pod', move.task.id.split('/')[1]!, '-o', 'json']));
        const { resources } = pod.spec.containers[0];
        const [reported] = pod.status.containerStatuses;
        assert.deepEqual(reported.resources, resources, 'the kubelet reports what the spec asks for');
        assert.deepEqual(reported.allocatedResources, resources.requests);
        const state = await cluster.readTask({ ...move.task, generation: pod.metadata.generation });
        assert.deepEqual([state?.actual.milliCpu, state?.actual.memoryBytes], [move.to.milliCpu, move.to.memoryBytes]);
      } else if (move.kind === 'migration') {
        const moved = tasks.filter(({ owner }) => owner?.name === move.owner.name);
        assert.deepEqual(
          moved.map(({ node, phase }) => [node, phase]),
          [[move.to, 'running']],
        );
      } else {
        assert.equal((await cluster.readTask(move.task))?.node, move.to);
      }
    }
    assert.ok(!tasks.some(({ owner }) => owner?.suspended));
  });

  it('refuses the completed plan', async () => {
    const { output, status } = await apply();
    assert.equal(status, 2);
    assert.match(output, /applied already/);
  });

  it('refuses as stale, on another machine, a plan whose tasks were changed meanwhile', async () => {
    const elsewhere = homeIn(test, 'elsewhere');
    writeFileSync(join(elsewhere, 'plan.json'), JSON.stringify(plan));
    const before = await cluster.readSnapshot();
    const { output, status } = await stowage(elsewhere, [
      'apply',
      'plan.json',
      '--yes',
      '--kubeconfig',
      test.kubeconfigPath,
    ]);
    assert.equal(status, 2, output);
    assert.match(output, /The cluster has changed since the plan was made\. Plan again\./);
    const after = await cluster.readSnapshot();
    const places = (snapshot: Snapshot) => snapshot.tasks.map(({ id, node, generation }) => [id, node, generation]);
    assert.deepEqual(places(after), places(before));
  });
});
