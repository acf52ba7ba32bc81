import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { seededRandom } from '../../src/core/model/random.ts';
import { isSystemError } from '../../src/core/model/systemError.ts';
import { newHolder } from '../../src/io/holder.ts';
import { type JournalEntry, openJournal, operationsOf, readOperations } from '../../src/operate/journal.ts';
import { openLedger } from '../../src/operate/ledger.ts';
import { StateError } from '../../src/operate/stateError.ts';
import { describeError } from '../../src/text/error.ts';
import { isFull } from '../full.ts';
import { editOne } from '../io/editOne.ts';
import { EVERY_ENTRY } from './everyState.ts';

/** An entry as JSON gives it back. */
const plain = (entry: JournalEntry): JournalEntry => JSON.parse(JSON.stringify(entry));
const ENTRIES = EVERY_ENTRY.map(plain);
const LINES = ENTRIES.map((entry) => JSON.stringify(entry));
const OPERATIONS = operationsOf(ENTRIES);

describe('the file of a journal', () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-journal-'));
    file = join(directory, 'journal.jsonl');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const opened = async () => {
    const journal = await openJournal(directory);
    await journal.close();
    return journal.operations();
  };
  const code = async (doing: Promise<unknown>) => {
    const error = await doing.then(
      () => assert.fail('it was taken'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof StateError, String(error));
    assert.doesNotMatch(describeError(error), /undefined|\[object/);
    return error.fault.code;
  };

  it('gives back every state, outcome, reason and ending', async () => {
    const journal = await openJournal(directory);
    for (const entry of EVERY_ENTRY) await journal.append(entry);
    await journal.close();
    assert.deepEqual(await readOperations(directory), OPERATIONS);
    assert.deepEqual(await opened(), OPERATIONS);
  });

  it('and its folder are their owner’s alone', async () => {
    const folder = join(directory, 'new', '.stowage');
    const journal = await openJournal(folder);
    await journal.append(ENTRIES[0]!);
    await journal.close();
    await (await openLedger(folder)).put([
      { planId: 'p', moveId: 'm', cluster: 'c', taskId: 't', move: 'resize', predictedAtSeconds: 1, predicted: {} },
    ]);
    const modes = ['', 'journal.jsonl', 'ledger.jsonl'].map((name) => statSync(join(folder, name)).mode & 0o777);
    assert.deepEqual(modes, [0o700, 0o600, 0o600]);
  });

  it('of somebody else is left as it is, byte for byte', async () => {
    for (const text of [
      's3cr3t-t0ken',
      '{"apiVersion":"v1"',
      'line\nanother',
      '{"type":"plan","planId":"x"',
      '\u0000x',
    ]) {
      writeFileSync(file, text);
      assert.equal(await code(openJournal(directory)), 'brokenLine', text);
      assert.equal(await code(readOperations(directory)), 'brokenLine', text);
      assert.equal(readFileSync(file, 'utf8'), text);
    }
  });

  it('that is a link is left as it is, and what it leads to', async () => {
    const secret = join(directory, 'token');
    writeFileSync(secret, 's3cr3t-t0ken');
    for (const target of [secret, join(directory, 'not-there-yet')]) {
      symlinkSync(target, file);
      assert.equal(await code(openJournal(directory)), 'unreadable');
      assert.equal(await code(readOperations(directory)), 'unreadable');
      rmSync(file);
    }
    assert.equal(readFileSync(secret, 'utf8'), 's3cr3t-t0ken');
    assert.ok(!existsSync(join(directory, 'not-there-yet')));
  });

  it('that is a pipe or a folder is refused at once', async () => {
    execFileSync('mkfifo', [file]);
    assert.equal(await code(readOperations(directory)), 'unreadable');
    assert.equal(await code(openJournal(directory)), 'unreadable');
    rmSync(file);
    mkdirSync(file);
    assert.equal(await code(readOperations(directory)), 'unreadable');
    assert.equal(await code(openJournal(directory)), 'unreadable');
    assert.ok(!existsSync(join(directory, 'journal.lock')), 'no lock is left');
  });

  it('in what is no folder is refused in words', async () => {
    writeFileSync(file, '');
    for (const folder of [file, join(file, 'deeper'), '/proc/stowage']) {
      await assert.rejects(openJournal(folder), (error) => {
        assert.match(describeError(error), new RegExp(`^Cannot use ${folder}: `));
        return isSystemError(error);
      });
    }
    assert.equal(await code(readOperations(file)), 'unreadable');
  });

  it('that another machine has open tells which, and since when', async () => {
    const holder = { ...newHolder(), pid: 4711, host: 'build-7', boot: 'other', machine: 'other' };
    const lock = join(directory, 'journal.lock');
    writeFileSync(lock, JSON.stringify(holder));
    const error = await openJournal(directory).catch((thrown: unknown) => thrown);
    const { sinceSeconds } = holder;
    assert.deepEqual((error as StateError).fault, {
      ...{ code: 'inUseElsewhere', host: 'build-7', process: 4711, sinceSeconds, file: lock },
    });
    assert.match(describeError(error), /at work here on build-7 \(process 4711\), since \d+ \w+ \d\d:\d\d .*delete /);
  });

  it('goes on behind a whole entry that lacks the end of its line', async () => {
    writeFileSync(file, LINES.slice(0, 3).join('\n'));
    const size = statSync(file).size;
    const journal = await openJournal(directory);
    assert.equal(statSync(file).size, size);
    await journal.append(ENTRIES[3]!);
    await journal.close();
    assert.equal(readFileSync(file, 'utf8'), `${LINES.slice(0, 4).join('\n')}\n`);
  });

  it('drops the zeros that some file systems leave of a write', async () => {
    const whole = `${LINES.slice(0, 3).join('\n')}\n`;
    writeFileSync(file, `${whole}\0\0\0\0`);
    await opened();
    assert.equal(readFileSync(file, 'utf8'), whole);
  });

  it('is refused where a whole line is not UTF-8', async () => {
    const line = Buffer.from(LINES.find((each) => each.includes('größer'))!);
    line[line.indexOf(Buffer.from('ö'))] = 0xff;
    writeFileSync(file, Buffer.concat([Buffer.from(`${LINES[0]}\n`), line, Buffer.from('\n')]));
    const before = readFileSync(file);
    assert.equal(await code(openJournal(directory)), 'brokenLine');
    assert.deepEqual(readFileSync(file), before);
  });

  it('is refused where lists lie in one another without end', async () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    writeFileSync(file, `${LINES[0]!.slice(0, -1)},"more":${deep}}\n`);
    assert.equal(await code(readOperations(directory)), 'brokenLine');
  });

  const rounds = isFull ? 3000 : 300;
  it(`with a byte flipped or its end cut off never grows, and never loses a whole line silently (${rounds} times)`, async () => {
    const random = seededRandom(13);
    const below = (count: number) => Math.floor(random() * count);
    for (let round = 0; round < rounds; round += 1) {
      const first = below(LINES.length - 6);
      const lines = [LINES[0]!, ...LINES.slice(first, first + 5)];
      let bytes = Buffer.from(`${lines.join('\n')}\n`);
      const flips = below(3);
      if (flips < 2 && round % 3 !== 0) bytes = bytes.subarray(0, bytes.length - below(bytes.length));
      for (let flip = 0; flip < flips && bytes.length > 0; flip += 1) {
        const at = below(4) === 0 ? bytes.lastIndexOf(0x0a) : below(bytes.length);
        if (at >= 0) bytes[at] = bytes[at]! ^ (1 << below(8));
      }
      writeFileSync(file, bytes);
      const journal = await openJournal(directory).catch((error: unknown) => error as StateError);
      const left = readFileSync(file);
      if (journal instanceof Error) {
        assert.ok(journal instanceof StateError, `round ${round}: ${journal}`);
        assert.deepEqual(left, bytes, `round ${round}: refused, and changed`);
        continue;
      }
      await journal.close();
      assert.ok(left.length <= bytes.length, `round ${round}: grown`);
      assert.deepEqual(left, bytes.subarray(0, left.length), `round ${round}: rewritten`);
      const cut = bytes.subarray(left.length);
      assert.ok(!cut.includes(0x0a), `round ${round}: a whole line is lost`);
      const whole = lines.find((line) => cut.toString('latin1').startsWith(Buffer.from(line).toString('latin1')));
      assert.equal(whole, undefined, `round ${round}: a line is lost whose end was damaged`);
    }
  });

  const edits = isFull ? 9000 : 900;
  it(`with a value of another kind, or none, is refused or as it was (${edits} edits)`, async () => {
    const random = seededRandom(14);
    const taken: string[] = [];
    for (let edit = 0; edit < edits; edit += 1) {
      const entry = plain(ENTRIES[edit % ENTRIES.length]!);
      const { edited, what } = editOne(entry, random);
      const others = entry.type === 'begin' ? [] : [LINES[0]!];
      writeFileSync(file, `${[...others, JSON.stringify(edited)].join('\n')}\n`);
      const read = await readOperations(directory).catch((error: unknown) => error as StateError);
      if (read instanceof Error) {
        assert.ok(read instanceof StateError, `${what}: ${read}`);
        continue;
      }
      const was = operationsOf([...others.map((line) => JSON.parse(line)), entry]);
      if (JSON.stringify(was) !== JSON.stringify(read)) taken.push(what);
    }
    assert.deepEqual(taken, []);
  });
});
