import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { type Holder, newHolder } from '../../src/io/holder.ts';
import { takeLock, withLock } from '../../src/io/lock.ts';
import { isFull } from '../full.ts';

/** No process has it: it is above what Linux lets be (4,194,304). */
const NOBODY = 999_999_999;

describe('a lock', () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-lock-'));
    file = join(directory, 'journal.lock');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const leave = (changes: Partial<Holder>) => writeFileSync(file, JSON.stringify({ ...newHolder(), ...changes }));
  const isTaken = async () => {
    const result = await takeLock(file);
    if (result.kind === 'taken') await result.release();
    return result.kind === 'taken';
  };

  it('is held by one at a time, and leaves nothing behind', async () => {
    const first = await takeLock(file);
    assert.equal(first.kind, 'taken');
    const second = await takeLock(file);
    assert.equal(second.kind === 'held' && second.by.pid, process.pid);
    assert.deepEqual(readdirSync(directory), ['journal.lock']);
    if (first.kind === 'taken') await first.release();
    assert.deepEqual(readdirSync(directory), []);
  });

  it('of a process that has ended is taken over, and nothing of it stays', async () => {
    leave({ pid: NOBODY });
    assert.ok(await isTaken());
    assert.deepEqual(readdirSync(directory), []);
  });

  it('is not held by a stranger who has the number now', async () => {
    for (const pid of [process.pid, process.ppid, 1]) {
      leave({ pid, began: '1' });
      assert.ok(await isTaken(), `process ${pid}, which began at another time`);
    }
  });

  it('of this machine before it was started again is not held', async () => {
    leave({ boot: 'another' });
    assert.ok(await isTaken());
  });

  it('of another machine, or container, is held: it cannot be looked for there', async () => {
    for (const where of [
      { host: 'build-7', boot: 'another' },
      { machine: 'another', boot: 'another' },
      { pids: 'pid:[1]' },
    ]) {
      leave({ pid: NOBODY, ...where });
      const result = await takeLock(file);
      assert.ok(result.kind === 'held' && result.elsewhere, JSON.stringify(where));
      assert.equal(result.by.pid, NOBODY);
    }
  });

  describe('as version 0.1.0 wrote it, the number of a process alone,', () => {
    it('is held by a living one that may have written it', async () => {
      writeFileSync(file, String(process.pid));
      assert.equal(await isTaken(), false);
    });

    it('is not held by a dead one, one that began later, or one that is no Stowage', async () => {
      writeFileSync(file, String(NOBODY));
      assert.ok(await isTaken());
      writeFileSync(file, String(process.pid));
      utimesSync(file, 1, 1);
      assert.ok(await isTaken());
    });
  });

  it('that a full disk left empty is taken after a while', async () => {
    writeFileSync(file, '');
    utimesSync(file, 1, 1);
    assert.ok(await isTaken());
  });

  it('is taken over also where who took it over ended in the middle', async () => {
    const [first, second] = [newHolder(), newHolder()];
    writeFileSync(file, JSON.stringify({ ...first, pid: NOBODY }));
    writeFileSync(`${file}.after-${first.id}`, JSON.stringify({ ...second, pid: NOBODY }));
    const result = await takeLock(file);
    assert.equal(result.kind, 'taken');
    assert.deepEqual(readdirSync(directory), ['journal.lock']);
    if (result.kind === 'taken') await result.release();
  });

  it('that is taken over loses what an earlier holder left who ended as it took it over', async () => {
    leave({ pid: NOBODY }); // it had put itself first, and had not removed what it followed
    writeFileSync(`${file}.after-${newHolder().id}`, JSON.stringify({ ...newHolder(), pid: NOBODY }));
    writeFileSync(join(directory, 'other.lock.after-x'), 'of another lock');
    assert.ok(await isTaken());
    assert.deepEqual(readdirSync(directory), ['other.lock.after-x']);
  });

  it('is held by who is taking it over', async () => {
    const [first, second] = [newHolder(), newHolder()];
    writeFileSync(file, JSON.stringify({ ...first, pid: NOBODY }));
    writeFileSync(`${file}.after-${first.id}`, JSON.stringify(second));
    const result = await takeLock(file);
    assert.equal(result.kind === 'held' && result.by.id, second.id);
  });

  it('is no chain without end', async () => {
    const holder = { ...newHolder(), pid: NOBODY };
    writeFileSync(file, JSON.stringify(holder));
    writeFileSync(`${file}.after-${holder.id}`, JSON.stringify(holder));
    assert.equal((await takeLock(file)).kind, 'busy');
  });

  it('that is a link is refused', async () => {
    writeFileSync(join(directory, 'other'), 'x');
    symlinkSync(join(directory, 'other'), file);
    await assert.rejects(takeLock(file), { code: 'ELINK' });
    assert.equal(readFileSync(join(directory, 'other'), 'utf8'), 'x');
  });

  it('around work of a moment is stale when it is old, whoever holds it', async () => {
    const work = join(directory, 'since.json');
    writeFileSync(`${work}.lock`, JSON.stringify({ ...newHolder(), host: 'build-7', boot: 'another' }));
    utimesSync(`${work}.lock`, 1, 1);
    assert.equal(await withLock(work, async () => 'done'), 'done');
  });

  describe('that four processes want', () => {
    let racers: ChildProcess[];
    before(async () => {
      racers = Array.from({ length: 4 }, () => fork(new URL('lockRacer.ts', import.meta.url)));
      await Promise.all(racers.map(answer));
    });
    after(() => {
      for (const racer of racers) racer.disconnect();
    });

    const all = (message: object) =>
      Promise.all(
        racers.map((racer) => {
          const answered = answer(racer);
          racer.send(message);
          return answered;
        }),
      );

    const rounds = isFull ? 400 : 40;
    it(`is held by exactly one of them, ${rounds} times`, async () => {
      const counts = new Map<number, number>();
      for (let round = 0; round < rounds; round += 1) {
        if (round % 2 === 0) leave({ pid: NOBODY });
        else writeFileSync(file, String(NOBODY));
        const holders = (await all({ take: file })).filter((kind) => kind === 'taken').length;
        counts.set(holders, (counts.get(holders) ?? 0) + 1);
        await all({});
        assert.deepEqual(readdirSync(directory), [], `round ${round}`);
      }
      assert.deepEqual([...counts], [[1, rounds]]);
    });

    it('loses nothing of what they write in turns', async () => {
      const times = isFull ? 250 : 25;
      const counter = join(directory, 'counter');
      writeFileSync(counter, '0');
      writeFileSync(`${counter}.lock`, JSON.stringify({ ...newHolder(), pid: NOBODY }));
      await all({ count: [counter, times] });
      assert.equal(readFileSync(counter, 'utf8'), String(4 * times));
      assert.deepEqual(readdirSync(directory), ['counter']);
    });
  });
});

function answer(racer: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => racer.once('message', resolve));
}
