import assert from 'node:assert/strict';
import { findDeadPins } from '../../src/operate/deadPins.ts';
import { describeQuestion } from '../../src/text/operation.ts';
import { amounts, aSnapshot, aTask, HOUR } from '../core/small.ts';

const DEAD = { code: 'deadPin', owner: 'default/pair', node: 'n9', why: 'gone', tasks: 1 } as const;

describe('pins that lead nowhere', () => {
  it('are taken off at the cost of what the owner still runs', () => {
    const waits = aTask('pair', undefined, amounts(1, 1));
    const runs = { ...aTask('pair-1', 'n1', amounts(1, 1)), owner: waits.owner! };
    const other = aTask('other', 'n1', amounts(1, 1));
    const [pin, ...more] = findDeadPins(aSnapshot([], [waits, runs, other], { problems: [DEAD] }));
    assert.ok(pin && more.length === 0);
    // `runs` has no checkpoint and has run for an hour; `other` belongs to another owner.
    assert.deepEqual([pin.lostSeconds, pin.tasks, pin.node], [HOUR, 1, 'n9']);
    const { kind, name, uid, generation } = waits.owner!;
    assert.deepEqual(pin.owner, { kind, namespace: 'default', name, uid, generation });
    const { move, node, why, tasks, lostSeconds } = pin;
    const orphans = [{ move, need: { kind: 'unpin', node, why, tasks, lostSeconds } }] as const;
    const { detail } = describeQuestion({ kind: 'orphans', cluster: 'c', orphans });
    assert.match(
      detail,
      /^Stop default\/pair and resume it without its pin to n9, which is gone \(loses 1 h of work\)$/m,
    );
  });

  it('are none where nothing says so, or its tasks have gone meanwhile', () => {
    const waits = aTask('pair', undefined, amounts(1, 1));
    assert.deepEqual(findDeadPins(aSnapshot([], [waits])), []);
    assert.deepEqual(findDeadPins(aSnapshot([], [], { problems: [DEAD] })), []);
  });
});
