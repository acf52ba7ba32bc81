import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { LedgerRow } from '../../src/operate/ledger.ts';
import { clock, clockInZone, dated, day, moment, timesIn } from '../../src/text/format.ts';
import { movesDoneText } from '../../src/text/movesDone.ts';
import { ownZone, parseZone, readerZone, useZone } from '../../src/text/zone.ts';
import { inZone } from './zones.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const HOUR = 3600;
const seconds = (text: string) => Date.parse(text) / 1000;

describe('times in the reader’s zone', () => {
  const now = seconds('2026-11-02T14:00:00Z');

  /** 14:00 in London is the same instant as each of these. */
  const FACES: readonly [zone: string, time: string, day: string, head: string][] = [
    ['UTC', '14:00', '2026-11-02', 'times in UTC'],
    ['Asia/Shanghai', '22:00', '2026-11-02', 'times in UTC+8 (Asia/Shanghai)'],
    ['Asia/Kolkata', '19:30', '2026-11-02', 'times in UTC+5:30 (Asia/Kolkata)'],
    ['America/St_Johns', '10:30', '2026-11-02', 'times in UTC−3:30 (America/St_Johns)'],
    ['Europe/Berlin', '15:00', '2026-11-02', 'times in UTC+1 (Europe/Berlin)'],
    ['Pacific/Apia', '03:00', '2026-11-03', 'times in UTC+13 (Pacific/Apia)'],
  ];

  it('shows one instant by each zone’s clock and calendar, in one process', () => {
    for (const [zone, time, date, head] of FACES) {
      const offset = head.split(' ')[2]!;
      inZone(zone, () => {
        assert.equal(readerZone(), zone);
        assert.equal(clock(now, now), time);
        assert.equal(clockInZone(now, now), `${time} ${offset}`);
        assert.equal(day(now), date);
        assert.equal(dated(now, now), `${date} ${time}`);
        assert.equal(timesIn(now), head);
        assert.equal(moment(now), `${Number(date.slice(-2))} Nov ${time} ${offset}`);
      });
    }
  });

  it('adds the day by the reader’s midnight, not by UTC’s', () => {
    const twoHoursOn = now + 2 * HOUR;
    assert.equal(
      inZone('UTC', () => clock(twoHoursOn, now)),
      '16:00',
    );
    assert.equal(
      inZone('Asia/Shanghai', () => clock(twoHoursOn, now)),
      '2026-11-03 00:00',
    );
    assert.equal(
      inZone('Asia/Shanghai', () => clockInZone(twoHoursOn, now)),
      '2026-11-03 00:00 UTC+8',
    );
  });

  it('names the offset of an instant on the other side of a change of the clocks, where an hour comes twice', () => {
    // In Berlin it is 02:30 in summer time at 00:30 UTC on 25 October, and once more in winter time at 01:30 UTC.
    const evening = seconds('2026-10-24T20:00:00Z');
    inZone('Europe/Berlin', () => {
      assert.equal(timesIn(evening), 'times in UTC+2 (Europe/Berlin)');
      assert.equal(clock(seconds('2026-10-25T00:30:00Z'), evening), '2026-10-25 02:30');
      assert.equal(clock(seconds('2026-10-25T01:30:00Z'), evening), '2026-10-25 02:30 UTC+1');
      assert.equal(dated(seconds('2026-10-25T01:30:00Z'), evening), '2026-10-25 02:30 UTC+1');
      assert.equal(clockInZone(seconds('2026-10-25T01:30:00Z'), evening), '2026-10-25 02:30 UTC+1');
    });
    // In spring an hour is left out: half an hour after 01:45 it is 03:15.
    const spring = seconds('2026-03-29T00:45:00Z');
    inZone('Europe/Berlin', () => {
      assert.equal(clock(spring, spring), '01:45');
      assert.equal(clock(spring + HOUR / 2, spring), '03:15 UTC+2');
    });
  });

  it('tells what no calendar shows as its last day, and throws nothing', () => {
    assert.equal(day(1e308), day(8.64e12));
    assert.equal(day(-1e308), day(-8.64e12));
    assert.doesNotThrow(() => clock(1e20, 0));
  });

  it('writes midnight as 00:00', () => {
    assert.equal(
      inZone('UTC', () => dated(seconds('2026-11-02T00:00:00Z'), now)),
      '2026-11-02 00:00',
    );
  });
});

describe('the reader’s zone', () => {
  it('is the process’s own until it is told', () => {
    const said = (TZ: string) =>
      execFileSync(process.execPath, ['--input-type=module', '-e', SAY], {
        encoding: 'utf8',
        env: { ...process.env, TZ },
      });
    const SAY = `const { clockInZone } = await import(${JSON.stringify(join(ROOT, 'src/text/format.ts'))});
      process.stdout.write(clockInZone(0, 0));`;
    assert.equal(said('Asia/Kolkata'), '05:30 UTC+5:30');
    assert.equal(said('Europe/Berlin'), '01:00 UTC+1');
    assert.equal(said('No/Where'), '00:00 UTC');
  });

  it('stays as it is where what is told is no zone', () => {
    inZone('Asia/Shanghai', () => {
      for (const told of [undefined, null, '', 'Mars/Olympus', '../etc/passwd', 'x'.repeat(1e6), {}, ['UTC'], 8]) {
        assert.equal(useZone(told), false, String(told).slice(0, 20));
        assert.equal(readerZone(), 'Asia/Shanghai');
      }
      assert.equal(useZone('Asia/Shanghai'), false);
      assert.equal(useZone('Europe/Berlin'), true);
    });
    assert.equal(readerZone(), ownZone());
  });

  it('is parsed without throwing, whatever comes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.string()), (value) => {
        const zone = parseZone(value);
        assert.ok(zone === undefined || zone === value);
      }),
    );
  });
});

describe('Moves Done', () => {
  const row = (at: string): LedgerRow => ({
    planId: 'p',
    moveId: `m${at}`,
    cluster: 'sample',
    move: 'placement',
    taskId: 'team/train',
    predictedAtSeconds: seconds(at),
    predicted: {},
  });

  it('names the zone in its head, and the offset of what was before the clocks were set back', () => {
    const rows = [row('2026-10-24T22:30:00Z'), row('2026-11-02T14:00:00Z')];
    // Moments are kept whole there by hyphens and spaces that do not break.
    const text = inZone('Europe/Berlin', () => movesDoneText(rows))
      .replaceAll('\u2011', '-')
      .replaceAll('\u00a0', ' ');
    assert.match(text, /Newest first, times in UTC\+1 \(Europe\/Berlin\)\./);
    assert.match(text, /\| 2026-11-02 15:00 <br>[\s\S]*\| 2026-10-25 00:30 UTC\+2 <br>/);
  });
});

describe('instants in texts', () => {
  /** Where an instant is written for programs, not for readers: the wire, rows of data, an hour of the week to count by. */
  const FOR_PROGRAMS = [
    'src/cluster/kubernetes/api/wire.ts',
    'src/cluster/kubernetes/write/lease.ts',
    'src/core/history/columns.ts',
    'src/notebook/api.ts',
    'src/notebook/foretell.ts',
    'src/notebook/table.ts',
  ];
  const WRITES_AN_INSTANT =
    /toISOString|toJSON\(\)|toLocale(Date|Time)?String|to(Date|Time|UTC)String|get(UTC)?(Hours|Minutes|Date|Day|Month|FullYear)\b|getTimezoneOffset|DateTimeFormat/;

  it('are all written by zone.ts', () => {
    const files = ['src', 'webview'].flatMap((root) =>
      readdirSync(join(ROOT, root), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => `${root}/${name.replaceAll('\\', '/')}`),
    );
    const found = files.filter((file) => WRITES_AN_INSTANT.test(readFileSync(join(ROOT, file), 'utf8')));
    const known = ['src/text/format.ts', 'src/text/zone.ts', ...FOR_PROGRAMS];
    assert.deepEqual(found.sort(), known.sort());
  });
});
