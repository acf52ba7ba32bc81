import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Migration, Move, Placement, Resize } from '../../src/core/model/moves.ts';
import type { PlanPreview } from '../../src/core/plan/previewPlan.ts';
import { describeQuestion, describeWhatIsEnded } from '../../src/text/operation.ts';
import { amounts } from '../core/small.ts';

const task = (id: string) => ({ id, uid: id, generation: 1 });
const place = (id: string): Placement => ({ kind: 'placement', id, task: task(id), to: 'n1', request: amounts(2, 4) });
const shrink = (id: string): Resize => ({
  ...{ kind: 'resize', id, task: task(id), direction: 'shrink' },
  ...{ from: amounts(8, 4), to: amounts(4, 4), request: amounts(8, 4) },
});
const migrate = (name: string, lostSeconds: number): Migration => ({
  ...{ kind: 'migration', id: name, task: task(`m/${name}-0`), from: 'n1', to: 'n2', allocation: amounts(1, 1) },
  owner: { kind: 'Job', namespace: 'm', name, uid: name, generation: 1 },
  run: { elapsedSeconds: 60, remainingSeconds: 60, usageSoFar: amounts(0, 0), lostSeconds },
});

const questionOf = (moves: readonly Move[], of?: number) => {
  const count = (kind: Move['kind']) => moves.filter((move) => move.kind === kind).length;
  const migrations = moves.filter((move): move is Migration => move.kind === 'migration');
  const preview: PlanPreview = {
    ...{ planId: 'p', cluster: 'small', takenAtSeconds: 0, gainNodeSeconds: 0, costNodeSeconds: 0, expands: 0 },
    ...{ placements: count('placement'), shrinks: count('resize'), migrations: migrations.length },
    tasksEnded: migrations.map((move) => move.task.id),
    lostSeconds: migrations.reduce((sum, { run }) => sum + run.lostSeconds, 0),
    withoutCheckpoint: [],
  };
  return describeQuestion({ kind: 'apply', preview, moves }, of);
};
const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));

describe('the question before an apply', () => {
  it('says how many moves of how many, and on which cluster', () => {
    assert.equal(questionOf([place('a/1')]).message, 'Apply 1 move to small?');
    assert.equal(questionOf([place('a/1'), place('a/2')], 2).message, 'Apply 2 moves to small?');
    assert.equal(questionOf([place('a/1'), place('a/2')], 1900).message, 'Apply 2 of 1,900 moves to small?');
  });

  it('names each of a few moves with what it costs', () => {
    assert.deepEqual(questionOf([place('a/1'), shrink('a/2'), migrate('train', 1200)]).detail.split('\n'), [
      'Place a/1 on n1 (2 CPU, 4 GiB)',
      'Shrink a/2 from 8 to 4 CPU',
      'Migrate m/train from n1 to n2 (loses 20 min of work)',
      '1 running task will be ended and started again, 20 min of work is lost: m/train-0.',
    ]);
  });

  it('says once whose manifests a pin would conflict with', () => {
    const warned = (name: string) => ({
      ...migrate(name, 0),
      warnings: [{ code: 'affinityApplied', manager: 'argocd-controller' } as const],
    });
    const { detail } = questionOf([warned('one'), warned('two'), migrate('three', 0)]);
    assert.deepEqual(detail.split('\n').slice(-1), [
      'argocd-controller applies the node affinity of m/one and m/two: its next sync conflicts with the pin that a migration leaves.',
    ]);
  });

  it('names of many what they change, by namespace, and whom they cost most', () => {
    const moves = [
      ...many(2000, (index) => shrink(`a/${index}`)),
      ...many(12, (index) => place(`b/${index}`)),
      migrate('short', 60),
      migrate('long', 7200),
      migrate('free', 0),
    ];
    assert.deepEqual(questionOf(moves).detail.split('\n'), [
      '12 placements, 2,000 shrinks, and 3 migrations: pending tasks take 24 CPU, 48 GiB; running tasks give back 8,000 CPU.',
      'a: running tasks give back 8,000 CPU',
      'b: pending tasks take 24 CPU, 48 GiB',
      'm: tasks keep what they hold',
      '3 running tasks will be ended and started again, 2 h 1 min of work is lost: m/short-0, m/long-0, and m/free-0.',
      'Most is lost by m/long (2 h) and m/short (1 min).',
    ]);
  });

  it('counts the namespaces that it does not name', () => {
    const lines = questionOf(many(20, (index) => shrink(`n${index}/t`))).detail.split('\n');
    assert.equal(lines.length, 1 + 5 + 1 + 1);
    assert.equal(lines[6], 'and 15 namespaces more');
  });

  it('lists every move for who asks for them', () => {
    const { moves } = questionOf(many(50, (index) => place(`a/${index}`)));
    assert.equal(moves.split('\n').length, 51);
    assert.ok(moves.startsWith('Place a/0 on n1 (2 CPU, 4 GiB)\n'));
  });

  it('names what the button does in the words of Kubernetes', () => {
    assert.equal(questionOf([migrate('a', 0), migrate('b', 0)]).verb, 'Migrate 2 Jobs');
    assert.equal(questionOf([place('a/1')]).verb, 'Place 1 task');
    assert.equal(questionOf([place('a/1'), shrink('a/2')]).verb, 'Apply 2 moves');
  });

  it('says that no work is lost rather than 0 s of it', () => {
    const [line] = describeWhatIsEnded({ tasksEnded: ['m/a-0'], lostSeconds: 0, withoutCheckpoint: [] } as never);
    assert.equal(line, '1 running task will be ended and started again, no work is lost: m/a-0.');
  });
});

describe('the question before an undo', () => {
  it('names each of a few resizes, and of many what they change', () => {
    const few = describeQuestion({ kind: 'undo', cluster: 'small', moves: [shrink('a/1')] });
    assert.deepEqual([few.message, few.detail], ['Undo 1 resize on small?', 'Shrink a/1 from 8 to 4 CPU']);
    const moves = many(12, (index) => shrink(`a/${index}`));
    assert.equal(
      describeQuestion({ kind: 'undo', cluster: 'small', moves }).detail,
      '12 resizes: running tasks give back 48 CPU.',
    );
  });
});
