import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { refuse } from '../../src/cluster/refused.ts';
import type { Placement } from '../../src/core/model/moves.ts';
import type { ApplyOutcome } from '../../src/operate/applyPlan.ts';
import type { Ending, Outcome, Reason } from '../../src/operate/reasons.ts';
import type { Step } from '../../src/operate/step.ts';
import {
  describeApplyRefused,
  describeNotice,
  describeResult,
  describeStanding,
  describeStep,
  describeStopped,
  describeUnwritten,
  stepLine,
} from '../../src/text/operation.ts';
import { amounts } from '../core/small.ts';
import { inZone } from './zones.ts';

const move: Placement = {
  kind: 'placement',
  id: 'm',
  task: { id: 'team/train', uid: 'u', generation: 1 },
  to: 'n1',
  request: amounts(1, 1),
};
const [task, owner, node] = ['team/train', 'team/job', 'n1'] as const;
const refused = refuse('notFound', { act: 'resize', task }, { code: 'gone' });

type ByCode<T extends { readonly code: string }> = { readonly [code in T['code']]: Extract<T, { code: code }> };

const OUTCOMES: ByCode<Outcome> = {
  taskRuns: { code: 'taskRuns', task, node },
  taskRanAndEnded: { code: 'taskRanAndEnded', task, node },
  taskEnded: { code: 'taskEnded', task },
  resized: { code: 'resized', task, from: amounts(8, 32), to: amounts(4, 16) },
  resizeTakenBack: { code: 'resizeTakenBack', task },
  ownerRuns: { code: 'ownerRuns', owner, nodes: ['n1', 'n2'] },
  ownerQueued: { code: 'ownerQueued', owner },
  ownerEnded: { code: 'ownerEnded', owner },
  recordTaken: { code: 'recordTaken', object: owner, why: { code: 'runs' } },
};

const REASONS: ByCode<Reason> = {
  stale: { code: 'stale', stale: [{ moveId: 'm', taskId: task, code: 'taskGone' }] },
  short: {
    code: 'short',
    short: { moveId: 'm', taskId: task, node, resource: 'milliCpu', requested: 2000, free: 1000 },
  },
  refused: { code: 'refused', refused },
  cancelled: { code: 'cancelled' },
  unanswered: { code: 'unanswered', why: { code: 'answer', status: 503, message: 'apiserver not ready' } },
  unbound: { code: 'unbound', task, node },
  taskDeleted: { code: 'taskDeleted', task },
  runsElsewhere: { code: 'runsElsewhere', task, node: 'n2', wanted: node },
  inUse: { code: 'inUse', task, resource: 'milliCpu', used: 1996, left: 2000 },
  notGranted: { code: 'notGranted', task, message: 'Node is full' },
  neverGranted: { code: 'neverGranted', task, message: 'Node is too small.' },
  changedByOther: { code: 'changedByOther', task },
  nodeGone: { code: 'nodeGone', node },
  nodeRefuses: { code: 'nodeRefuses', node, refusal: { code: 'notReady' } },
  notTaken: { code: 'notTaken', node, tasks: 2 },
  notKept: { code: 'notKept', node },
  resumedByOther: { code: 'resumedByOther', owner },
  suspendedAgain: { code: 'suspendedAgain', owner },
  unasked: { code: 'unasked' },
  otherMachine: { code: 'otherMachine', namespace: 'team', holder: 'build-7/0a1b' },
  byHand: { code: 'byHand', owner, why: { code: 'changed' } },
};

const ENDINGS: ByCode<Ending> = {
  gaveUp: { code: 'gaveUp', limit: 'migrationGiveUpSeconds', waitedSeconds: 7200 },
  takenBack: { code: 'takenBack' },
  backNotGranted: { code: 'backNotGranted', message: 'Node is full' },
  notTakenBack: { code: 'notTakenBack', refused },
  taskEnded: { code: 'taskEnded' },
  queued: { code: 'queued' },
  ownerRuns: { code: 'ownerRuns', owner, nodes: ['n2'], wanted: node },
};

const said = (state: Step['state']) => describeStep({ move, state }).text;

describe('what came of a move', () => {
  it('is told in whole sentences, whatever the code', () => {
    const texts = [
      ...Object.values(OUTCOMES).map((outcome) => said({ kind: 'done', outcome })),
      ...Object.values(REASONS).map((reason) => said({ kind: 'failed', reason })),
      ...Object.values(ENDINGS).map((ending) => said({ kind: 'failed', reason: REASONS.short, ending })),
    ];
    for (const text of texts) {
      assert.match(text, /^\S.*\.$/);
      assert.doesNotMatch(text, /undefined|NaN|\[object|\.\.|#/);
    }
    assert.equal(new Set(texts).size, texts.length, 'no two codes read the same');
  });

  it('names whose tasks are stopped, since when, in one line', () => {
    inZone('Asia/Shanghai', () => {
      const since = { owner: 'ml/train', sinceSeconds: 60, sure: true };
      assert.equal(describeStopped([since], 120), 'ml/train is stopped since 08:01 UTC+8.');
      const others = [
        { owner: 'ml/eval', sure: true },
        { owner: 'ml/tune', sure: false },
      ];
      assert.equal(describeStopped(others, 120), 'ml/eval is stopped. ml/tune may be stopped.');
      assert.equal(describeStopped([], 120), '');
      const many = describeStopped(
        Array.from({ length: 12 }, () => since),
        120,
      );
      assert.equal(many.match(/ml\/train/g)?.length, 10);
      assert.match(many, / 2 more are stopped\.$/);
    });
  });

  it('says what a cluster did not answer, and that what came of it is not known', () => {
    const failed = said({ kind: 'awaited', dueSeconds: 60, reason: REASONS.unanswered });
    assert.equal(
      failed,
      'The API server answered with status 503: apiserver not ready. What came of it is not known yet.',
    );
    const { why } = REASONS.unanswered;
    assert.match(
      describeNotice({ code: 'silent', why }),
      /^The API server answered with status 503: .* Asking again\.$/,
    );
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    assert.equal(
      describeUnwritten(full),
      'A file cannot be used: the disk is full. Free some space, then run it again. ' +
        'After that no move was begun. What was under way went on as far as it could, and is not written down.',
    );
  });

  it('names no task that a migration has ended where others took its place in the queue', () => {
    const reason = REASONS.notTaken;
    const text = "n1 did not take 2 of its tasks in time. Its tasks are in the scheduler's queue.";
    assert.equal(said({ kind: 'failed', reason, ending: ENDINGS.queued }), text);
    const stays = said({ kind: 'failed', reason, ending: { code: 'queued', refused } });
    assert.match(stays, /in time\. Its tasks stay in the scheduler's queue\. /);
  });

  it('names the setting that bounds a wait', () => {
    assert.equal(
      said({ kind: 'failed', reason: REASONS.short, ending: ENDINGS.gaveUp }),
      'n1 has 1 CPU free; team/train needs 2 CPU. ' +
        'Given up: it waited 2 h, the limit of stowage.migration.giveUpAfterMinutes.',
    );
  });

  it('shows amounts apart that would round to the same', () => {
    assert.match(said({ kind: 'failed', reason: REASONS.inUse }), /uses 1\.996 CPU and would be left 2 CPU/);
  });

  it('says of memory that is in use what it needs with the margin', () => {
    const GIB = 2 ** 30;
    const inUse = { code: 'inUse', task, resource: 'memoryBytes', used: 3.8 * GIB, left: 4 * GIB } as const;
    assert.equal(
      said({ kind: 'failed', reason: { ...inUse, marginFraction: 0.15 } }),
      'team/train now uses 3.8 GiB; with the 15 % margin it needs 4.4 GiB, and would be left 4 GiB.',
    );
  });

  it('shows a wait with its end, as every door does', () => {
    const state = { kind: 'waiting', wait: 'earlier', sinceSeconds: 0, dueSeconds: 60, reason: REASONS.short } as const;
    const step = describeStep({ move, state });
    const why = 'n1 has 1 CPU free; team/train needs 2 CPU.';
    inZone('Asia/Shanghai', () => {
      assert.equal(stepLine(step, 0), `Place team/train on n1: waiting until 08:01 UTC+8. ${why}`);
      assert.equal(describeStanding(step, 0), `waiting until 08:01. ${why}`);
      assert.equal(describeStanding(step, -86_400), `waiting until 1970-01-01 08:01. ${why}`);
      const outcome: ApplyOutcome = { kind: 'waiting', done: 0, failed: 0, waiting: 1, untilSeconds: 60, steps: [] };
      assert.equal(describeResult(outcome, 0), 'Moves: 0 done, 1 waiting until 08:01 UTC+8.');
    });
  });

  it('says of a resize that waits on its way back why it goes back, and for what it waits', () => {
    const state = { kind: 'reverting', reason: REASONS.neverGranted, sinceSeconds: 0, dueSeconds: 60 } as const;
    assert.equal(
      said(state),
      'The node of team/train can never grant this: Node is too small. ' +
        'It asks for what it had again, which its node has not granted.',
    );
  });

  it('is summed up with the first move that was not done', () => {
    const steps: Step[] = [
      { move, state: { kind: 'done', outcome: OUTCOMES.taskRuns } },
      { move, state: { kind: 'cancelled' } },
    ];
    const outcome: ApplyOutcome = { kind: 'applied', done: 1, failed: 1, waiting: 0, steps };
    assert.equal(
      describeResult(outcome, 0),
      'Moves: 1 done, 1 not done. Place team/train on n1: Cancelled; nothing was done.',
    );
  });

  it('is refused with what to do, and with a few of many reasons', () => {
    const stale = Array.from({ length: 7 }, (_, at) => ({ moveId: 'm', taskId: `t${at}`, code: 'taskGone' }) as const);
    const text = describeApplyRefused({ kind: 'refused', code: 'stale', stale });
    assert.match(text, /^The cluster has changed since the plan was made\. Plan again\.\n {2}Task t0 is gone\.\n/);
    assert.match(text, /\n {2}And 2 more like these\.$/);
  });
});
