import assert from 'node:assert/strict';
import type { Affinity, ApiNode, Job, Pod } from '../../../src/cluster/kubernetes/api/objects.ts';
import { markProblems, nodesWaitedFor } from '../../../src/cluster/kubernetes/model/marks.ts';
import { jobOwnership } from '../../../src/cluster/kubernetes/model/owner.ts';
import { DEFAULT_PARAMETER_KEYS } from '../../../src/cluster/kubernetes/model/parameters.ts';
import { PINNED, pinned } from '../../../src/cluster/kubernetes/model/pin.ts';
import { taskOf } from '../../../src/cluster/kubernetes/model/pod.ts';
import { RECORD } from '../../../src/cluster/kubernetes/model/records.ts';
import { Transforms } from '../../../src/cluster/kubernetes/watch/transform.ts';
import type { Pin } from '../../../src/cluster/port.ts';
import { describeProblem } from '../../../src/text/problem.ts';

const ZONE = { matchExpressions: [{ key: 'zone', operator: 'In', values: ['z'] }] };
const OWN: Affinity = {
  nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [ZONE] } },
};
const ON_B: Pin = { kind: 'required', node: 'b' };

describe('our marks on objects', () => {
  describe('a pin', () => {
    it('is left out of what a running task asks of its node, and holds a pending one', () => {
      const [job, affinity] = pinnedJob(ON_B);
      const own = [{ expressions: [{ key: 'zone', operator: 'In', values: ['z'] }], fields: [] }];
      const narrowed = [{ ...own[0]!, fields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] }];
      assert.deepEqual(constraintsOf(podOf({ affinity, nodeName: 'b' }), job), own);
      assert.deepEqual(constraintsOf(podOf({ affinity }), job), narrowed);
      // Of a pod that was placed by us the pin is told by the pod itself.
      const annotations = job.metadata?.annotations;
      assert.deepEqual(constraintsOf(podOf({ affinity, nodeName: 'b' }, { annotations })), own);
      // The user's own affinity for a node by its name stays.
      const name = { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] };
      const theirs = {
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [name] } },
      };
      assert.equal(constraintsOf(podOf({ affinity: theirs, nodeName: 'b' }), jobOf({}))?.length, 1);
    });

    it('leads nowhere where tasks wait for its node, and that is gone or cordoned', () => {
      const [job, affinity] = pinnedJob(ON_B);
      const waiting = podOf({ affinity });
      const said = (nodes: readonly ApiNode[], pods = [waiting]) =>
        markProblems([job], { pods, nodes }).map(describeProblem);
      assert.match(
        said([nodeOf('a')])[0]!,
        /^1 task of team\/train waits for node b, which is gone: .*"stowage apply"/,
      );
      assert.match(said([nodeOf('b', true)], [waiting, waiting])[0]!, /^2 tasks .* wait for node b, which is cordoned/);
      assert.deepEqual(said([nodeOf('b')]), [], 'its node is there, and has room');
      assert.deepEqual(said([]), [], 'no node may be read');
      assert.deepEqual(said([nodeOf('a')], [podOf({ affinity, nodeName: 'b' })]), [], 'nothing waits');
      assert.deepEqual(said([nodeOf('a')], [podOf({ affinity: OWN })]), [], 'it waits for another reason');
      const [drawn, preferring] = pinnedJob({ kind: 'preferred', node: 'b' });
      assert.deepEqual(markProblems([drawn], { pods: [podOf({ affinity: preferring })], nodes: [nodeOf('a')] }), []);
    });
  });

  it('leads nowhere where its node is full, once its move is over', () => {
    const [job, affinity] = pinnedJob(ON_B);
    const waiting = podOf({ affinity, containers: [{ name: 'main', resources: { requests: { cpu: '3' } } }] });
    const holding = (cpu: string, metadata = {}) =>
      podOf({ nodeName: 'b', containers: [{ name: 'main', resources: { requests: { cpu } } }] }, metadata);
    const said = (pods: readonly Pod[], on = job) =>
      markProblems([on], { pods: [waiting, ...pods], nodes: [nodeOf('a'), nodeOf('b')] }).map(describeProblem);
    assert.match(said([holding('6')])[0]!, /^1 task of team\/train waits for node b, which is full: /);
    assert.deepEqual(said([holding('5')]), [], 'it has room');
    assert.deepEqual(said([holding('6', { deletionTimestamp: '2026-01-01T00:00:00Z' })]), [], 'it will have room');
    assert.match(said(Array.from({ length: 10 }, () => holding('0')))[0]!, /full/, 'it takes no more pods');
    const annotations = { ...job.metadata?.annotations, [RECORD]: '{}' };
    const moving = { ...job, metadata: { ...job.metadata, annotations } };
    assert.deepEqual(said([holding('6')], moving), [], 'a move sees to it');
    assert.deepEqual(nodesWaitedFor([job], [waiting, holding('6')]), ['b']);
    assert.deepEqual(nodesWaitedFor([job], [holding('6')]), []);
  });

  it('name a suspended Job whose record cannot be read, and none that runs', () => {
    const garbled = { annotations: { [RECORD]: '{"planId"' } };
    const [text, ...more] = markProblems([jobOf(garbled, true)], { pods: [], nodes: [] }).map(describeProblem);
    assert.match(text!, /^team\/train is suspended, and its annotation stowage\.dev\/move cannot be read/);
    assert.deepEqual([more, markProblems([jobOf(garbled)], { pods: [], nodes: [] })], [[], []]);
    const record = JSON.stringify({ planId: 'p', moveId: 'm', kind: 'migration', startedAtSeconds: 1 });
    assert.deepEqual(markProblems([jobOf({ annotations: { [RECORD]: record } }, true)], { pods: [], nodes: [] }), []);
  });

  it('tell whose manifest a pin would conflict with, also of what is kept of a Job', () => {
    const affinity = { 'f:nodeAffinity': { 'f:requiredDuringSchedulingIgnoredDuringExecution': {} } };
    const fieldsV1 = { 'f:spec': { 'f:template': { 'f:spec': { 'f:affinity': affinity } } } };
    const by = (manager: string, operation: string, fields: object = fieldsV1) => {
      const job = jobOf({ managedFields: [{ manager, operation, fieldsV1: fields }] });
      const kept = jobOwnership(new Transforms([]).job(job)).owner?.affinityAppliedBy;
      assert.equal(kept, jobOwnership(job).owner?.affinityAppliedBy);
      return kept;
    };
    assert.equal(by('argocd-controller', 'Apply'), 'argocd-controller');
    assert.equal(by('kubectl-create', 'Update'), undefined, 'nobody syncs it');
    assert.equal(by('stowage', 'Apply'), undefined);
    assert.equal(by('flux', 'Apply', { 'f:spec': { 'f:suspend': {} } }), undefined, 'its manifest has no affinity');
  });
});

/** A Job of ours with a pin, and the affinity that its tasks have. */
function pinnedJob(pin: Pin): [Job, Affinity] {
  const { affinity, written } = pinned(OWN, pin);
  return [jobOf({ annotations: { [PINNED]: JSON.stringify(written) } }), affinity!];
}

function jobOf(metadata: object, suspend = false): Job {
  return { metadata: { namespace: 'team', name: 'train', uid: 'job', generation: 1, ...metadata }, spec: { suspend } };
}

function podOf(spec: object, metadata: object = {}): Pod {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'train', uid: 'job', controller: true };
  return {
    metadata: { namespace: 'team', name: 'train-x', uid: 'pod', ownerReferences: [owner], ...metadata },
    spec: { restartPolicy: 'Never', containers: [{ name: 'main' }], ...spec },
    status: { phase: 'Pending' },
  };
}

function nodeOf(name: string, unschedulable = false): ApiNode {
  const allocatable = { cpu: '8', memory: '32Gi', pods: '10' };
  return { metadata: { name }, spec: { unschedulable }, status: { allocatable } };
}

function constraintsOf(pod: Pod, job?: Job) {
  const jobs = new Map(job ? [['job', job]] : []);
  return taskOf(pod, { jobs, replicaSets: new Map() }, DEFAULT_PARAMETER_KEYS).constraints.nodeAffinity;
}
