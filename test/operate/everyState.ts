import { refuse } from '../../src/cluster/refused.ts';
import type { Migration, Move, Placement, Resize } from '../../src/core/model/moves.ts';
import type { Resized } from '../../src/core/model/stated.ts';
import type { JournalEntry, MoveState, SavedRun } from '../../src/operate/journal.ts';
import type { Ending, Outcome, Reason } from '../../src/operate/reasons.ts';
import { amounts, aTask } from '../core/small.ts';
import type { OneOfEach } from '../text/everyCode.ts';

/** A journal with one state, outcome, reason and ending of each kind; the compiler asks for those that are new. */

const [task, owner, node] = ['team/train', 'team/job', 'n1'] as const;
const refused = refuse('conflict', { act: 'resize', task }, { code: 'changed', found: 3, planned: 2 });

const parts: Resized = {
  before: [{ name: 'main', requests: { cpu: '0.1' }, limits: { cpu: '1', memory: '1Gi' } }, { requests: { cpu: '2' } }],
  after: [
    { name: 'main', requests: { cpu: '50m' }, limits: { cpu: '500m', memory: '1Gi' } },
    { requests: { cpu: '1' } },
  ],
};

const OUTCOMES: OneOfEach<Outcome> = {
  taskRuns: { code: 'taskRuns', task, node },
  taskRanAndEnded: { code: 'taskRanAndEnded', task, node },
  taskEnded: { code: 'taskEnded', task },
  resized: { code: 'resized', task, from: amounts(8, 32), to: amounts(4, 16), parts },
  resizeTakenBack: { code: 'resizeTakenBack', task },
  ownerRuns: { code: 'ownerRuns', owner, nodes: ['n1', 'n2'] },
  ownerQueued: { code: 'ownerQueued', owner },
  ownerEnded: { code: 'ownerEnded', owner },
  recordTaken: { code: 'recordTaken', object: owner, why: { code: 'steered', by: { code: 'queue', queue: 'q' } } },
};

const REASONS: OneOfEach<Reason> = {
  stale: { code: 'stale', stale: [{ moveId: 'm', taskId: task, code: 'taskChanged', planned: 1, found: 2 }] },
  short: {
    code: 'short',
    short: { moveId: 'm', taskId: task, node, resource: 'milliCpu', requested: 2000, free: 1000 },
  },
  refused: { code: 'refused', refused },
  cancelled: { code: 'cancelled' },
  unbound: { code: 'unbound', task, node },
  taskDeleted: { code: 'taskDeleted', task },
  runsElsewhere: { code: 'runsElsewhere', task, node: 'n2', wanted: node },
  inUse: { code: 'inUse', task, resource: 'milliCpu', used: 1996, left: 2000, marginFraction: 0.15 },
  notGranted: { code: 'notGranted', task, message: 'Node is full' },
  neverGranted: { code: 'neverGranted', task },
  changedByOther: { code: 'changedByOther', task },
  nodeGone: { code: 'nodeGone', node },
  nodeRefuses: {
    code: 'nodeRefuses',
    node,
    refusal: { code: 'resource', resource: 'milliCpu', requested: 2, free: 1 },
  },
  notTaken: { code: 'notTaken', node, tasks: 2 },
  notKept: { code: 'notKept', node },
  resumedByOther: { code: 'resumedByOther', owner },
  suspendedAgain: { code: 'suspendedAgain', owner },
  unanswered: { code: 'unanswered', why: { code: 'answer', status: 503, message: 'not now' } },
  unasked: { code: 'unasked' },
  otherMachine: { code: 'otherMachine', namespace: 'team', holder: 'build-7/0a1b' },
  byHand: { code: 'byHand', owner, why: { code: 'changed' } },
};

const ENDINGS: OneOfEach<Ending> = {
  gaveUp: { code: 'gaveUp', limit: 'migrationGiveUpSeconds', waitedSeconds: 7200 },
  takenBack: { code: 'takenBack' },
  backNotGranted: { code: 'backNotGranted', message: 'Node is full' },
  notTakenBack: { code: 'notTakenBack', refused },
  taskEnded: { code: 'taskEnded' },
  queued: { code: 'queued', refused },
  ownerRuns: { code: 'ownerRuns', owner, nodes: ['n2'], wanted: node },
};

const run = { elapsedSeconds: 60, remainingSeconds: 30.5, usageSoFar: amounts(1, 1), lostSeconds: 0, checkpoint: 's3' };
const requirement = { key: 'zone', operator: 'In', values: ['a'] } as const;
const saved: SavedRun = {
  run,
  generation: 5,
  stoppedAtSeconds: 9,
  allocation: amounts(2, 2),
  tasks: [
    aTask('train', 'n2', amounts(1, 1, 1), {
      labels: { app: 'größer' },
      constraints: {
        nodeSelector: { disk: 'ssd' },
        nodeAffinity: [{ expressions: [requirement], fields: [] }],
        tolerations: [{ key: 'gpu', operator: 'Exists' }],
        podAntiAffinity: [{ selector: { matchLabels: { app: 'x' } }, namespaces: [], topologyKey: 'host' }],
        topologySpread: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', selector: undefined }],
        hostPorts: [{ ip: '', protocol: 'TCP', port: 80 }],
      },
    }),
  ],
};
const wait = { sinceSeconds: 10, dueSeconds: 20, reason: REASONS.short };
const pin = { kind: 'required', node } as const;
const givenUp = REASONS.notTaken;

const STATES: { readonly [Kind in MoveState['kind']]: Extract<MoveState, { kind: Kind }> } = {
  planned: { kind: 'planned' },
  waiting: { kind: 'waiting', wait: 'target', ...wait },
  placing: { kind: 'placing' },
  binding: { kind: 'binding', ...wait },
  resizing: { kind: 'resizing', sinceSeconds: 10, needs: { main: { milliCpu: 1, memoryBytes: 2 } } },
  granting: { kind: 'granting', ...wait, resized: parts },
  reverting: { kind: 'reverting', ...wait, reason: REASONS.cancelled, resized: parts },
  suspending: { kind: 'suspending', saved, givenUp },
  stopping: { kind: 'stopping', saved },
  stopped: { kind: 'stopped', saved, ...wait },
  resuming: { kind: 'resuming', saved, pin: { kind: 'none' }, givenUp, dueSeconds: 30, reason: REASONS.refused },
  starting: { kind: 'starting', saved, pin },
  done: { kind: 'done', outcome: OUTCOMES.ownerRuns },
  failed: { kind: 'failed', reason: REASONS.short, ending: ENDINGS.gaveUp },
  cancelled: { kind: 'cancelled' },
};

const ref = { id: task, uid: 'u', generation: 2, node };
const jobRef = { kind: 'Job', namespace: 'team', name: 'job', uid: 'j', generation: 4 };
const placement: Placement = { kind: 'placement', id: 'p1', task: ref, to: node, request: amounts(1, 1) };
const resize: Resize = {
  ...{ kind: 'resize', id: 'r1', task: ref, owner: { kind: 'Job', namespace: 'team', name: 'job' } },
  ...{ direction: 'shrink', from: amounts(2, 2), to: amounts(1, 1), request: amounts(2, 2), takesBack: parts },
};
const migration: Migration = {
  ...{ kind: 'migration', id: 'm1', task: ref, others: [ref], owner: jobRef, from: 'n2', to: node },
  ...{ allocation: amounts(1, 1), run },
};
const moves: readonly Move[] = [placement, resize, migration];

const steps: readonly MoveState[] = [
  ...Object.values(STATES),
  ...Object.values(OUTCOMES).map((outcome): MoveState => ({ kind: 'done', outcome })),
  ...Object.values(REASONS).map((reason): MoveState => ({ kind: 'failed', reason })),
  ...Object.values(ENDINGS).map((ending): MoveState => ({ kind: 'failed', reason: REASONS.short, ending })),
];

export const EVERY_ENTRY: readonly JournalEntry[] = [
  {
    ...{ type: 'begin', planId: 'p', cluster: 'kind (https://10.0.0.1)', atSeconds: 1_000_000.5, moves },
    target: { kind: 'kubernetes', kubeconfig: '/home/ana/.kube/config', context: 'kind' },
  },
  { type: 'begin', planId: 'undo p', cluster: 'sample seed 7', atSeconds: 2, moves: [], undoes: 'p' },
  ...steps.map(
    (state, index): JournalEntry => ({
      type: 'step',
      planId: 'p',
      moveId: moves[index % 3]!.id,
      atSeconds: index,
      state,
    }),
  ),
];
