import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Placement } from '../../src/core/model/moves.ts';
import {
  type JournalEntry,
  openJournal,
  operationsOf,
  readOperations,
  stateOf,
  unfinished,
} from '../../src/operate/journal.ts';
import { describeStep } from '../../src/text/operation.ts';

const move = (id: string): Placement => ({
  kind: 'placement',
  id,
  task: { id: `a/${id}`, uid: id, generation: 1 },
  to: 'n',
  request: { milliCpu: 1, memoryBytes: 1, gpuMilli: 0, extended: {} },
});
const begin: JournalEntry = {
  type: 'begin',
  planId: 'p',
  cluster: 'c',
  atSeconds: 1,
  moves: [move('one'), move('two')],
};
const step = (moveId: string, state: Extract<JournalEntry, { type: 'step' }>['state']): JournalEntry => ({
  type: 'step',
  planId: 'p',
  moveId,
  atSeconds: 2,
  state,
});

const PLANNED = { kind: 'planned' } as const;
const THERE = { code: 'taskRuns', task: 'team/one', node: 'n' } as const;

describe('the journal', () => {
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'stowage-journal-'));
    file = path.join(directory, 'journal.jsonl');
  });
  afterEach(() => rm(directory, { recursive: true }));

  const written = async (...entries: JournalEntry[]) => {
    const journal = await openJournal(directory);
    for (const entry of entries) await journal.append(entry);
    await journal.close();
  };

  it('is empty where there is none', async () => {
    assert.deepEqual(await readOperations(directory), []);
    const journal = await openJournal(path.join(directory, 'not', 'there', 'yet'));
    assert.deepEqual(journal.operations(), []);
    await journal.close();
  });

  it('gives each move its latest state, and a move without one is planned', async () => {
    await written(begin, step('one', { kind: 'placing' }), step('one', { kind: 'done', outcome: THERE }));
    const [operation] = await readOperations(directory);
    assert.deepEqual(stateOf(operation!, 'one'), { kind: 'done', outcome: THERE });
    assert.deepEqual(stateOf(operation!, 'two'), { kind: 'planned' });
    assert.deepEqual(
      unfinished(operation!).map(({ id }) => id),
      ['two'],
    );
  });

  it('of version 0.1.0 is read, its waits under the names of now', async () => {
    const wait = { kind: 'waiting', sinceSeconds: 1, dueSeconds: 2, reason: 'full' };
    for (const [former, current] of [
      ['first', 'shrink'],
      ['third', 'expand'],
      ['sixth', 'target'],
      ['earlier', 'earlier'],
    ]) {
      const entries = [begin, { ...step('one', { kind: 'planned' }), state: { ...wait, wait: former } }];
      await writeFile(file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
      const [operation] = await readOperations(directory);
      assert.deepEqual(stateOf(operation!, 'one'), { ...wait, wait: current });
    }
  });

  it('of version 0.1.0 keeps the sentences that were written there', async () => {
    const states = [
      { kind: 'done', text: 'one runs on n.' },
      { kind: 'failed', reason: 'Node n is full. Given up: the seventh wait is over.' },
    ];
    const entries = [begin, ...states.map((state, index) => ({ ...step(['one', 'two'][index]!, PLANNED), state }))];
    await writeFile(file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    const [operation] = await readOperations(directory);
    const shown = operation!.moves.map((move) => describeStep({ move, state: stateOf(operation!, move.id) }));
    assert.deepEqual(
      shown.map(({ state, text }) => [state, text]),
      [
        ['done', 'one runs on n.'],
        ['failed', 'Node n is full. Given up: the seventh wait is over.'],
      ],
    );
  });

  it('has each entry on disk when append returns', async () => {
    const journal = await openJournal(directory);
    await journal.append(begin);
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), begin);
    await journal.close();
  });

  it('drops a last line that a crash cut off, at every length, and goes on behind the whole ones', async () => {
    const whole = `${JSON.stringify(begin)}\n`;
    const last = `${JSON.stringify(step('one', { kind: 'done', outcome: { code: 'ownerEnded', owner: 'team/größer' } }))}`;
    for (let length = 0; length <= last.length; length += 7) {
      await writeFile(file, whole + last.slice(0, length));
      const journal = await openJournal(directory);
      assert.equal(stateOf(journal.operations()[0]!, 'one').kind, 'planned', `${length} characters`);
      await journal.append(step('two', { kind: 'cancelled' }));
      await journal.close();
      assert.equal(stateOf((await readOperations(directory))[0]!, 'two').kind, 'cancelled');
    }
  });

  it('tells which line in the middle cannot be read', async () => {
    await writeFile(file, `${JSON.stringify(begin)}\n{"type":"step"\n${JSON.stringify(begin)}\n`);
    await assert.rejects(openJournal(directory), { fault: { code: 'brokenLine', file, line: 2 } });
    await appendFile(file, '');
    assert.match(await readFile(file, 'utf8'), /"step"/, 'it is left as it is');
  });

  it('is open in one living process at a time; the lock of a dead one does not count', async () => {
    const journal = await openJournal(directory);
    await assert.rejects(openJournal(directory), { fault: { code: 'inUse', process: process.pid } });
    await journal.close();
    await writeFile(path.join(directory, 'journal.lock'), '999999999');
    await (await openJournal(directory)).close();
  });

  it('passes over steps of a plan that never began, and a second beginning', () => {
    const second: JournalEntry = { ...begin, moves: [] };
    assert.deepEqual(operationsOf([step('one', { kind: 'placing' })]), []);
    assert.equal(operationsOf([begin, second])[0]!.moves.length, 2);
  });
});
