import assert from 'node:assert/strict';
import fc from 'fast-check';
import { before, describe, it } from 'mocha';
import type { NodeRow, TaskRow } from '../../src/rows/clusterView.ts';
import { withFakeEditor } from '../fakeEditor.ts';

const NOW = 1_800_000_000;

const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '[click](command:workbench.action.terminal.sendSequence?%7B%22text%22%3A%22rm%22%7D)',
  '$(trash)',
  'a\nb\r\u0000c\u202egpj.exe',
  'x'.repeat(1_000_000),
];

const node = (name: string): NodeRow => ({
  name,
  total: { milliCpu: 8000, memoryBytes: 2 ** 33, gpuMilli: 4000, extended: {} },
  free: { milliCpu: 4000, memoryBytes: 2 ** 32, gpuMilli: 1000, extended: {} },
  usage: { milliCpu: 4000, memoryBytes: 2 ** 31, gpuMilli: 0, extended: {} },
  available: { kind: 'emptyIn', untilSeconds: NOW + 3600, source: 'until n/t ends' },
  state: 'ready',
  taskIds: ['n/t'],
});

const task = (text: string): TaskRow => ({
  id: `n/${text}`,
  namespace: 'n',
  name: text,
  kind: 'running',
  node: text,
  owner: text,
  creator: text,
  allocation: { milliCpu: 1000, memoryBytes: 2 ** 30, gpuMilli: 0, extended: {} },
  runtime: { p10: 60, p50: 600, p90: 3600 },
  startedAtSeconds: NOW - 600,
  ends: { p10: NOW + 30, p50: NOW + 300, p90: NOW + 3000 },
  basis: text,
  trackRecord: text,
  endless: false,
  infrastructure: false,
  actions: { place: text, resize: '', migrate: text },
  problems: [text, text],
});

describe('the rows of the trees', () => {
  let rows: typeof import('../../src/views/treeItems.ts');

  before(async () => {
    rows = await withFakeEditor(() => import('../../src/views/treeItems.ts'));
  });

  it('say what is free of the main resource and when the node is empty, aloud as on the screen', () => {
    const { description, accessibilityInformation } = rows.nodeItem(node('a'), NOW, false);
    assert.equal(description, '25 % GPU free · empty in 1 h');
    assert.equal(accessibilityInformation?.label, 'node a, 25 % GPU free, empty in 1 h');
  });

  it('name the CPU or memory of which less is free than of the main resource', () => {
    const { total } = node('a');
    const free = { ...total, milliCpu: 320 };
    assert.match(String(rows.nodeItem({ ...node('a'), free }, NOW, false).description), /^100 % GPU, 4 % CPU free/);
  });

  it('say of each node what its time is', () => {
    const said = (available: NodeRow['available']) =>
      String(rows.nodeItem({ ...node('a'), available }, NOW, false).description).split(' · ')[1];
    assert.equal(said({ kind: 'never', forSeconds: 604_800, source: '' }), 'never empty');
    assert.equal(said({ kind: 'empty', forSeconds: 604_800, source: '' }), 'empty');
    assert.equal(said({ kind: 'atLeast', forSeconds: 604_800, source: '' }), 'in use for 7 d or longer');
    assert.equal(said({ kind: 'endsIn', untilSeconds: NOW + 120, source: '' }), 'ends in 2 min');
    assert.equal(said({ kind: 'freeFor', forSeconds: 7200, source: '' }), 'free for 2 h');
  });

  it('tell the usage of each resource and why a node is never empty in the tooltip', () => {
    const available = { kind: 'never', forSeconds: 604_800, source: 'a Deployment runs on it: no end' } as const;
    const lines = String(rows.nodeItem({ ...node('a'), available }, NOW, false).tooltip).split('\n');
    assert.ok(lines.includes('usage: 50 % of CPU, 25 % of memory'), lines.join());
    assert.ok(lines.includes('never empty (a Deployment runs on it: no end)'), lines.join());
  });

  it('say what is left of a task with its band', () => {
    assert.equal(rows.taskItem(task('t'), NOW, false).description, '5 min left (80 %: 30 s–50 min)');
    const { ends: _, ...waiting } = task('t');
    assert.equal(rows.taskItem({ ...waiting, endless: true }, NOW, false).description, 'runs until stopped');
  });

  const pending = (given: Partial<TaskRow>): TaskRow => {
    const { ends: _, startedAtSeconds: __, usage: ___, ...row } = task('t');
    return { ...row, kind: 'pending', waitsSinceSeconds: NOW - 720, ...given };
  };
  const outlook = { atSeconds: NOW - 60, why: 'gpu-1 is cordoned', help: 'this plan places it on gpu-3' };
  const starts = { kind: 'in', p10: 0, p50: 780, p90: 3660 } as const;

  it('say how long a pending task would run; once there is a plan when it starts, as the forecast has it now', () => {
    const said = (given: Partial<TaskRow>) => rows.taskItem(pending(given), NOW, false).description;
    assert.equal(said({}), 'runs 10 min (80 %: 1 min–1 h)');
    assert.equal(said({ endless: true }), 'runs until stopped');
    assert.equal(said({ outlook }), 'runs 10 min (80 %: 1 min–1 h)');
    assert.equal(said({ outlook: { ...outlook, starts } }), 'starts in 12 min (80 %: now to 1 h)');
    assert.equal(said({ outlook: { ...outlook, starts, withPlan: starts } }), 'starts in 12 min (80 %: now to 1 h)');
    const withPlan = { kind: 'now' } as const;
    assert.equal(
      said({ outlook: { ...outlook, starts: { kind: 'gated' }, withPlan } }),
      'stays behind its gate · with the plan starts now',
    );
  });

  it('say the same aloud as on the screen', () => {
    const item = rows.taskItem(pending({ outlook: { ...outlook, starts } }), NOW, false);
    assert.equal(item.accessibilityInformation?.label, 'task t, pending, starts in 12 min (80 %: now to 1 h)');
    const running = rows.taskItem({ ...task('t'), resize: 'deferred' }, NOW, false);
    const spoken = String(running.accessibilityInformation?.label);
    assert.equal(spoken, `task t, running, ${String(running.description).replaceAll(' · ', ', ')}`);
  });

  it('tell of a pending task since when and why it waits, what helps, and no more of what cannot be', () => {
    const item = rows.taskItem(pending({ outlook: { ...outlook, starts, withPlan: { kind: 'now' } } }), NOW, false);
    const lines = String(item.tooltip).split('\n');
    assert.deepEqual(lines.slice(4, 10), [
      'asks for: 1 CPU, 1 GiB',
      'has waited: 12 min',
      'if nothing is done: starts in 12 min (80 %: now to 1 h)',
      'with the plan: starts now',
      'why it waits: gpu-1 is cordoned',
      'what helps: this plan places it on gpu-3',
    ]);
    assert.ok(lines.includes('cannot be placed: t'));
    assert.ok(!lines.some((line) => /resized|migrated|holds/.test(line)), lines.join());
  });

  it('show hostile names and labels as short plain text without a link or command', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE)), (text) => {
        for (const item of [
          rows.nodeItem(node(text), NOW, true),
          rows.taskItem(task(text), NOW, true),
          rows.noteItem(text),
        ]) {
          assert.equal(item.command, undefined);
          assert.equal(typeof item.label, 'string');
          assert.equal(typeof item.tooltip, 'string');
          assert.ok(String(item.label).length <= 201);
          assert.ok(String(item.tooltip).length < 40 * 220);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that must be gone
          assert.doesNotMatch(String(item.label), /[\u0000-\u001f\u202a-\u202e\u2066-\u2069]/);
        }
      }),
      { numRuns: 50 },
    );
  });
});
