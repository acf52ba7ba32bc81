import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { parseFromWebview, parseToWebview } from '../../src/panel/protocol.ts';

describe('messages of the plan panel', () => {
  it('takes each message of the protocol as it is', () => {
    const messages = [
      { type: 'ready' },
      { type: 'ready', zone: 'Asia/Shanghai' },
      { type: 'refresh' },
      { type: 'apply', planId: 'p1', moveIds: ['m1', 'm2'] },
      { type: 'reveal', what: 'node', name: 'gpu-1' },
      { type: 'rank', planId: 'p1', taskId: 'a/b', weights: { timeFit: 1, fgd: 0 } },
      { type: 'weigh', weights: { stowage: 0.5 } },
      { type: 'whatIf', kind: 'lost' },
      { type: 'whatIf', kind: 'added' },
      { type: 'take', as: 'markdown' },
    ];
    for (const message of messages) assert.deepEqual(parseFromWebview(message), message);
  });

  it('drops what the protocol does not name, a plan in place of an id above all', () => {
    const parsed = parseFromWebview({ type: 'apply', planId: 'p1', moveIds: [], plan: { moves: [] } });
    assert.deepEqual(parsed, { type: 'apply', planId: 'p1', moveIds: [] });
  });

  it('takes a page as ready whose zone is none, without it', () => {
    for (const zone of ['Mars/Olympus', 8, 'x'.repeat(10_000), {}])
      assert.deepEqual(parseFromWebview({ type: 'ready', zone }), { type: 'ready' });
  });

  it('refuses messages out of shape', () => {
    const bad = [
      null,
      'ready',
      [],
      { type: 'eval' },
      { type: 'apply', planId: 7, moveIds: [] },
      { type: 'apply', planId: 'p', moveIds: 'm' },
      { type: 'apply', planId: 'p', moveIds: [{}] },
      { type: 'reveal', what: 'file', name: '/etc/passwd' },
      { type: 'rank', planId: 'p1', taskId: 'a/b', weights: { timeFit: 0 } },
      { type: 'rank', planId: 'p1', taskId: 'a/b', weights: { luck: 1 } },
      { type: 'weigh', weights: { timeFit: -1 } },
      { type: 'weigh', weights: { timeFit: Number.NaN } },
      { type: 'weigh', weights: { timeFit: 1, fgd: 1e9 } },
      { type: 'whatIf', kind: 'burnt' },
      { type: 'take', as: 'program' },
      { type: 'reveal', what: 'node', name: 'x'.repeat(601) },
    ];
    for (const value of bad) assert.equal(parseFromWebview(value), undefined, JSON.stringify(value));
  });

  it('takes the moves of a plan for tens of thousands of tasks', () => {
    const moveIds = Array.from({ length: 50_000 }, (_, index) => `resize bench/task-${index}`);
    assert.deepEqual(parseFromWebview({ type: 'apply', planId: 'p', moveIds }), {
      type: 'apply',
      planId: 'p',
      moveIds,
    });
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        parseFromWebview(value);
        parseToWebview(value);
      }),
    );
  });

  it('takes a state only with a cluster and steps', () => {
    assert.equal(parseToWebview({ type: 'state', state: { cluster: 'c' } }), undefined);
    assert.equal(parseToWebview({ type: 'state', state: { cluster: 'c', steps: [] } }), undefined);
    assert.ok(parseToWebview({ type: 'state', state: { cluster: 'c', steps: [], stepsBefore: 0 } }));
  });
});
