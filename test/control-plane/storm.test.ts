import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { isFull } from '../full.ts';
import { requireCluster } from './availability.ts';
import { type Row, storm } from './storm/lanes.ts';
import { roundLine, stormReport } from './storm/report.ts';

const ROUNDS = isFull ? 60 : 6;
const LANES = 3;
const FIRST_SEED = 1;

describe('a storm of kills, faults, lost nodes and users', function () {
  this.timeout(3600_000);
  before(function () {
    requireCluster(this);
  });

  it('loses no task, leaves none stopped, overrules nobody', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stowage-storm-'));
    const seeds = Array.from({ length: ROUNDS }, (_, index) => FIRST_SEED + index);
    const rows = await storm({ seeds, lanes: LANES, folder });
    console.error(`      ${stormReport(rows).split('\n')[0]}`);
    const failed = rows
      .filter(isBroken)
      .map((row) => `${roundLine(row, folder)}\n${storyOf(join(folder, `round-${row.seed}`))}`);
    assert.equal(failed.length, 0, failed.join('\n\n'));
    rmSync(folder, { recursive: true });
  });
});

/** What was done and said in a round, as far as there is place for it: where the folder is lost, nothing else tells. */
function storyOf(folder: string): string {
  const files = globSync(['actions.jsonl', 'machine-*/output-*.txt'], { cwd: folder }).sort();
  const texts = files.map((file) => `${file}\n${readFileSync(join(folder, file), 'utf8').slice(-2500)}`);
  return texts.join('\n').slice(0, 7000);
}

function isBroken(row: Row): boolean {
  return 'error' in row || row.violations.length > 0;
}
