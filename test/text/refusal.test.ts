import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type Attempt, refuse, type WhyRefused } from '../../src/cluster/refused.ts';
import { describeRefusedAct } from '../../src/text/refusal.ts';

const attempt: Attempt = { act: 'resize', task: 'team/train' };
const owner: Attempt = { act: 'suspend', owner: { kind: 'Job', namespace: 'team', name: 'train' } };

const said = (why: WhyRefused, tried: Attempt = attempt) => describeRefusedAct(refuse('invalid', tried, why));

describe('what a cluster refuses', () => {
  it('names what was tried on which object, why with numbers, and what to do', () => {
    assert.equal(
      said({ code: 'changed', found: 3, planned: 2 }),
      'Cannot resize team/train: it was changed since the plan was made (generation 3, planned at 2). Plan again.',
    );
    assert.equal(
      said({ code: 'right', missing: 'patch jobs.batch', namespace: 'team' }, owner),
      'Cannot suspend Job team/train: you have no right to patch jobs.batch in team. ' +
        'Ask an administrator for this right (media/rbac names the roles), or plan without it.',
    );
    assert.equal(
      said({ code: 'nodeTooSmall', node: 'n', resource: 'milliCpu', requested: 8001, allocatable: 8000 }),
      'Cannot resize team/train: node n has 8 CPU in all, and 8.001 CPU is asked for. Choose a smaller amount, or migrate it.',
    );
  });

  it('names the container that a resize would starve, and whose limit it would pass', () => {
    const container = { resource: 'milliCpu', container: 'main' } as const;
    assert.equal(
      said({ code: 'containerNeeds', ...container, needed: 120, left: 10 }),
      'Cannot resize team/train: its container main needs 0.12 CPU and would be left 0.01 CPU. Choose a larger amount.',
    );
    assert.equal(
      said({ code: 'limitAbove', ...container, limit: 2000, most: 1500 }),
      'Cannot resize team/train: its container main has a limit of 2 CPU, and the pod would have one of 1.5 CPU in all. ' +
        'Choose a larger amount.',
    );
  });

  it('counts in the form that the number asks for', () => {
    const budget = (tasks: number) => said({ code: 'budget', budget: 'calm', tasks, allowed: 0 }, owner);
    assert.match(budget(1), /calm covers its 1 running task and allows 0 to stop now/);
    assert.match(budget(2), /calm covers its 2 running tasks and allows 0 to stop now/);
  });

  it('keeps what a server said, without a second full stop, and says its status where it said nothing', () => {
    const server = (message: string) => said({ code: 'server', kind: 'later', status: 500, message });
    assert.equal(
      server('etcd is slow.'),
      'Cannot resize team/train: the server refused it, etcd is slow. The server could not do it now; try again.',
    );
    assert.match(server(''), /the server refused it, status 500\. /);
  });
});
