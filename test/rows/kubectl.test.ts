import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Owner } from '../../src/core/model/task.ts';
import { describeLine, moveLine } from '../../src/rows/kubectl.ts';
import { amounts, aTask } from '../core/small.ts';

const ownedBy = (kind: string, apiVersion: string, name = 'train') => {
  const owner: Owner = { kind, apiVersion, name, uid: 'u', generation: 0, parallelism: 1, suspended: false };
  return aTask('a', 'n', amounts(1), { owner });
};

describe('lines for kubectl', () => {
  it('show a node or a task, whatever they call themselves', () => {
    assert.equal(describeLine({ node: 'gpu-1' }), 'kubectl describe node gpu-1');
    assert.equal(
      describeLine({ namespace: 'team', name: "a'; rm -rf ~" }),
      `kubectl describe pod --namespace team 'a'\\''; rm -rf ~'`,
    );
  });

  it('move what we do not: a Deployment is rolled over, another owner suspended in its own way', () => {
    assert.equal(
      moveLine(ownedBy('Deployment', 'apps/v1')),
      'kubectl rollout restart --namespace default deployment.apps/train',
    );
    assert.equal(
      moveLine(ownedBy('JobSet', 'jobset.x-k8s.io/v1alpha2')),
      `kubectl patch --namespace default jobset.jobset.x-k8s.io/train --type merge --patch '{"spec":{"suspend":true}}'`,
    );
    assert.equal(
      moveLine(ownedBy('PyTorchJob', 'kubeflow.org/v1', 'a b')),
      `kubectl patch --namespace default 'pytorchjob.kubeflow.org/a b' --type merge --patch '{"spec":{"runPolicy":{"suspend":true}}}'`,
    );
  });

  it('are none for a Job, which we move, for a bare pod, and for owners that we do not know', () => {
    const { owner: _, ...bare } = aTask('a', 'n', amounts(1));
    for (const task of [ownedBy('Job', 'batch/v1'), bare, ownedBy('Workflow', 'argoproj.io/v1alpha1')])
      assert.equal(moveLine(task), undefined);
  });
});
