import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'mocha';
import { NO_RESOURCES } from '../../src/core/model/resources.ts';
import type { Session } from '../../src/editor/session.ts';
import type { NodeRow, TaskRow } from '../../src/rows/clusterView.ts';
import type { Pins } from '../../src/views/pins.ts';
import type { TasksElement, TasksTree } from '../../src/views/tasksTree.ts';
import { withFakeEditor } from '../fakeEditor.ts';

const NEVER = () => ({ dispose: () => undefined });
const [CLOSED, OPEN] = [1, 2];

const row = (id: string, given: Partial<TaskRow> = {}) =>
  ({
    ...{ id, namespace: 'n', name: id, kind: 'running', allocation: NO_RESOURCES, problems: [] },
    actions: { place: '', resize: '', migrate: '' },
    ...given,
  }) as unknown as TaskRow;

/** A session that shows these rows and never changes. */
const sessionOf = (view: { tasks?: TaskRow[]; nodes?: NodeRow[] }) => {
  const state = { kind: 'open', view: { tasks: [], nodes: [], problems: [], refused: {}, takenAtSeconds: 0, ...view } };
  return { state, onDidChangeRows: NEVER } as unknown as Session;
};
const pins = { all: new Set(), onDidChange: NEVER } as unknown as Pins;

describe('the tree of tasks', () => {
  let tree: TasksTree;
  let make: (tasks: TaskRow[]) => Promise<void>;

  before(async () => {
    const { TasksTree: Tree } = await withFakeEditor(() => import('../../src/views/tasksTree.ts'));
    make = async (tasks) => {
      tree = new Tree(sessionOf({ tasks }), pins);
      tree.setGrouping('owner');
      await new Promise(setImmediate);
    };
  });

  const label = (element: TasksElement) => String(tree.getTreeItem(element).label);
  const root = () => tree.getChildren();
  const states = () => root().map((each) => [label(each), tree.getTreeItem(each).collapsibleState ?? 0]);
  const filter = async (text: string) => {
    tree.setFilter(text);
    await new Promise(setImmediate);
  };

  describe('of a few', () => {
    beforeEach(() =>
      make([
        row('a-1', { recurring: 'Job a' }),
        row('b-1', { recurring: 'Job b' }),
        row('b-2', { recurring: 'Job b' }),
        row('c-1', { recurring: 'Job c', kind: 'pending' }),
      ]),
    );

    it('shows the only task of an owner without a group around it, and finds it there', () => {
      assert.deepEqual(states(), [
        ['Pending', OPEN],
        ['a-1', 0],
        ['Job b', CLOSED],
      ]);
      const found = tree.find('a-1')!;
      assert.equal(tree.getParent(found), undefined);
      assert.equal(label(tree.getParent(tree.find('b-2')!)!), 'Job b');
      assert.equal(label(tree.getParent(tree.find('c-1')!)!), 'Pending');
    });

    it('keeps the group of one where it is no owner’s', async () => {
      tree.setGrouping('namespace');
      await new Promise(setImmediate);
      assert.deepEqual(states().at(-1), ['n', CLOSED]);
    });

    it('opens the groups with hits while a filter is there', async () => {
      await filter('b-');
      assert.deepEqual(states(), [['Job b', OPEN]]);
      assert.equal(tree.message, '2 of 4 tasks: b-');
      await filter('');
      assert.deepEqual(states().at(-1), ['Job b', CLOSED]);
      await filter('zzz');
      assert.equal(tree.message, 'None of 4 tasks: zzz');
    });

    it('leaves a group as the user has left it, over a filter and another grouping', async () => {
      const [pending] = root();
      tree.setOpened(pending!, false);
      await filter('c-1');
      assert.deepEqual(states(), [['Pending', OPEN]]);
      await filter('');
      assert.deepEqual(states()[0], ['Pending', CLOSED]);
      tree.setGrouping('namespace');
      await new Promise(setImmediate);
      assert.deepEqual(states()[0], ['Pending', CLOSED]);
    });

    it('says of a group aloud what it says on the screen', () => {
      const item = tree.getTreeItem(root().at(-1)!);
      assert.deepEqual([item.description, item.accessibilityInformation?.label], ['2', 'Job b, 2 tasks']);
    });
  });

  describe('of many', () => {
    it('leaves many pending tasks closed, so that they hide no group, and counts with separators', async () => {
      await make(Array.from({ length: 1234 }, (_, index) => row(`t-${index}`, { kind: 'pending' })).sort(byId));
      assert.deepEqual(states(), [['Pending', CLOSED]]);
      assert.equal(tree.getTreeItem(root()[0]!).description, '1,234');
    });

    it('opens no more groups by a filter than have the first page of hits', async () => {
      const rows = Array.from({ length: 500 }, (_, index) =>
        row(`t-${1000 + index}`, { recurring: `Job ${Math.floor(index / 50)}` }),
      );
      await make(rows);
      await filter('t-');
      assert.equal(states().filter(([, state]) => state === OPEN).length, 4);
    });

    it('has its groups in their natural order', async () => {
      const rows = [10, 9, 10, 9].map((of, index) => row(`t-${index}`, { recurring: `Job ${of}` }));
      await make(rows);
      assert.deepEqual(root().map(label), ['Job 9', 'Job 10']);
    });
  });
});

describe('the tree of nodes', () => {
  it('has its nodes in their natural order', async () => {
    const { NodeOrder } = await import('../../src/views/nodeOrder.ts');
    const order = new NodeOrder();
    const rows = (names: string[], free = 0) => names.map((name) => ({ name, free }) as unknown as NodeRow);
    const names = (of: NodeRow[]) => of.map(({ name }) => name);
    assert.deepEqual(names(order.of(rows(['n-1', 'n-10', 'n-2']))), ['n-1', 'n-2', 'n-10']);
    const changed = rows(['n-1', 'n-10', 'n-2'], 1);
    assert.equal(order.of(changed)[2], changed[1]);
    assert.deepEqual(names(order.of(rows(['n-1', 'n-10']))), ['n-1', 'n-10']);
    assert.deepEqual(order.of([]), []);
  });
});

function byId(left: TaskRow, right: TaskRow): number {
  return left.id < right.id ? -1 : 1;
}
