import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Json } from './admin.ts';
import type { Ran } from './machine.ts';
import { jobManifest } from './manifests.ts';
import { type Ending, type Law, violationsOf } from './oracle.ts';
import { type JobShape, roundPlan } from './roundPlan.ts';
import { type Will, willAtFirst } from './users.ts';

const PLACE = { namespace: 'storm', lane: '0', nodes: ['a', 'b', 'c'] };
const SHAPE: JobShape = {
  name: 'train',
  milliCpu: 500,
  mebibytes: 64,
  containers: 1,
  sidecar: false,
  limits: 'equal',
  graceSeconds: 1,
  stopSeconds: 0,
  parallelism: 1,
  indexed: false,
  backoffLimit: 0,
  failsAtSignals: false,
  affinity: 'preferred',
};
const MANIFEST = jobManifest(SHAPE, PLACE);
const TERM = { weight: 7, preference: { matchExpressions: [{ key: 'x', operator: 'Exists' }] } };
const PIN = { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] }] };

/** A Job that runs as its user wants it, on a cluster at rest; with what is changed about it. */
function ending({
  job = {},
  spec = {},
  pod = {},
  will = {},
  ran = [],
  ...more
}: Partial<Ending> & Changes = {}): Ending {
  const { metadata, ...status } = job;
  const annotated = { ...MANIFEST['metadata'], uid: '1', ...metadata };
  const runs = {
    ...MANIFEST['spec'].template,
    metadata: { name: 'train-x', uid: '2', labels: { 'job-name': 'train' } },
  };
  return {
    jobs: [{ metadata: annotated, spec: { ...MANIFEST['spec'], ...spec }, status: { active: 1, ...status } }],
    pods: [{ ...runs, status: { phase: 'Running' }, ...pod }],
    nodes: PLACE.nodes.map((name) => ({ metadata: { name }, spec: {} })),
    wills: new Map([['train', { ...WILL, ...will }]]),
    manifests: new Map([['train', MANIFEST]]),
    ran,
    lastRan: [],
    exitCodes: new Set([0, 1, 2]),
    states: [],
    ...more,
  };
}

type Changes = {
  readonly job?: Json;
  readonly spec?: Json;
  readonly pod?: Json;
  readonly will?: Partial<Will>;
};

const WILL = willAtFirst('1');

function ranWith(change: Partial<Ran>): Ran {
  return { machine: 'machine-0', words: ['apply'], output: '', status: 0, signal: null, ...change };
}

function withAffinity(nodeAffinity: Json): Json {
  const { template } = MANIFEST['spec'];
  return { template: { ...template, spec: { ...template.spec, affinity: { nodeAffinity } } } };
}

function laws(of: Ending): Law[] {
  return violationsOf(of).map(({ law }) => law);
}

describe('the oracle of the storm', () => {
  it('finds nothing where all is as its users want it', () => {
    assert.deepEqual(violationsOf(ending()), []);
    assert.deepEqual(laws(ending({ spec: { suspend: true }, will: { isSuspended: true }, pods: [] })), []);
    const own = MANIFEST['spec'].template.spec.affinity.nodeAffinity;
    const pinned = withAffinity({ ...own, requiredDuringSchedulingIgnoredDuringExecution: PIN });
    assert.deepEqual(
      laws(ending({ spec: pinned, job: { metadata: { annotations: { 'stowage.dev/pinned': 'b' } } } })),
      [],
    );
  });

  it('finds a lost task, but not one that a deadline or its user has ended', () => {
    const failed = (reason: string) => ({ conditions: [{ type: 'Failed', status: 'True', reason }] });
    assert.deepEqual(laws(ending({ jobs: [] })), ['lost']);
    assert.deepEqual(laws(ending({ jobs: [], will: { isDeleted: true } })), []);
    assert.deepEqual(laws(ending({ job: failed('BackoffLimitExceeded') })), ['lost']);
    assert.deepEqual(laws(ending({ job: failed('BackoffLimitExceeded'), will: { isDisturbed: true } })), []);
    assert.deepEqual(laws(ending({ job: failed('DeadlineExceeded') })), ['lost']);
    const deadline = { ...MANIFEST, spec: { ...MANIFEST['spec'], activeDeadlineSeconds: 6 } };
    assert.deepEqual(laws(ending({ job: failed('DeadlineExceeded'), manifests: new Map([['train', deadline]]) })), []);
    assert.deepEqual(laws(ending({ pods: [] })), ['lost']);
  });

  it('finds a Job that waits for a node that is gone, to which it was pinned', () => {
    const own = MANIFEST['spec'].template.spec.affinity.nodeAffinity;
    const spec = withAffinity({ ...own, requiredDuringSchedulingIgnoredDuringExecution: PIN });
    const job = { metadata: { annotations: { 'stowage.dev/pinned': 'b' } } };
    const pod = { status: { phase: 'Pending' } };
    const nodes = [{ metadata: { name: 'a' }, spec: {} }];
    assert.deepEqual(laws(ending({ spec, job, pod, nodes })), ['pinned']);
  });

  it('finds a Job that is left stopped, or runs against its user', () => {
    assert.deepEqual(laws(ending({ spec: { suspend: true }, pods: [] })), ['stopped']);
    assert.deepEqual(laws(ending({ will: { isSuspended: true } })), ['overruled']);
  });

  it('leaves a Job to its user who has edited it while it was stopped, if every machine says so', () => {
    const output = 'x/train is suspended, and is left as it is: somebody has changed it since. kubectl resumes it.';
    const told = ranWith({ output, status: 3 });
    const template = MANIFEST['spec'].template;
    const annotations = { ...template.metadata.annotations, user: 'x' };
    const edited = { ...template, metadata: { ...template.metadata, annotations } };
    const stopped = {
      spec: { suspend: true, template: edited },
      pods: [],
      will: { templateAnnotations: { user: 'x' } },
    };
    assert.deepEqual(laws(ending({ ...stopped, lastRan: [told, told] })), []);
    assert.deepEqual(laws(ending({ ...stopped, lastRan: [told, ranWith({ status: 0 })] })), ['stopped']);
    assert.deepEqual(laws(ending({ ...stopped, will: {}, lastRan: [told] })), ['stopped']);
  });

  it('finds what of a user is gone: labels, preferences, amounts', () => {
    assert.deepEqual(laws(ending({ will: { labels: { team: 'x' } } })), ['overruled']);
    assert.deepEqual(laws(ending({ will: { terms: [TERM] } })), ['overruled']);
    assert.deepEqual(laws(ending({ will: { parallelism: 2 } })), ['overruled']);
    assert.deepEqual(laws(ending({ spec: withAffinity({}) })), ['changed']);
    assert.deepEqual(laws(ending({ spec: withAffinity({ requiredDuringSchedulingIgnoredDuringExecution: PIN }) })), [
      'changed',
      'changed',
    ]);
    const byUser = [{ name: 'part-1', resources: { requests: { cpu: '550m', memory: '64Mi' } } }];
    assert.deepEqual(laws(ending({ will: { resized: new Map([['2', byUser]]) } })), ['overruled']);
  });

  it('finds a pod whose totals came back, and whose containers did not', () => {
    const resources = { requests: { cpu: '500m', memory: '64Mi' }, limits: { cpu: '503m', memory: '64Mi' } };
    const { template } = MANIFEST['spec'];
    const spec = { ...template.spec, containers: [{ name: 'part-1', resources }] };
    assert.deepEqual(laws(ending({ pod: { spec } })), ['changed']);
  });

  it('finds records, stack traces and codes that nobody has documented', () => {
    const record = { metadata: { annotations: { 'stowage.dev/move': '{}' } } };
    assert.deepEqual(laws(ending({ job: record })), ['record']);
    const trace = 'TypeError: x is not a function\n    at rt (file:///dist/chunks/a.js:1:2)\n';
    assert.deepEqual(laws(ending({ ran: [ranWith({ output: trace, status: 1 })] })), ['crash']);
    assert.deepEqual(laws(ending({ ran: [ranWith({ status: 7 })] })), ['code']);
    assert.deepEqual(laws(ending({ ran: [ranWith({ status: null, signal: 'SIGTERM' })] })), ['code']);
    assert.deepEqual(laws(ending({ ran: [ranWith({ status: null, signal: 'SIGTERM', sent: 'SIGTERM' })] })), []);
  });

  it('finds a journal that says "not done" of what was done', () => {
    const placement = { id: 'place train-x', kind: 'placement', task: { uid: '2' }, to: 'b' };
    const { template } = MANIFEST['spec'];
    const pod = { spec: { ...template.spec, nodeName: 'b' } };
    const states = [{ move: placement, kind: 'failed' }];
    assert.deepEqual(laws(ending({ pod, states })), ['untrue']);
    assert.deepEqual(laws(ending({ pod, states: [...states, { move: placement, kind: 'done' }] })), []);
  });
});

describe('the plan of a round', () => {
  it('is the same for the same seed, and another for another', () => {
    assert.deepEqual(roundPlan(7), roundPlan(7));
    assert.notDeepEqual(roundPlan(7), { ...roundPlan(8), seed: 7 });
  });
});
