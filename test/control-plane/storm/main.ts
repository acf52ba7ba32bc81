import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { storm } from './lanes.ts';
import { roundLine, stormReport } from './report.ts';

const HELP = `npm run storm -- [--rounds N] [--seed S] [--lanes L] [--out DIR]

Moves tasks on a real control plane while processes are killed, requests fail, nodes go and users interfere, and looks
at the cluster afterwards. Rounds have the seeds S, S + 1, …; a seed plans the same round again.

  --rounds N   how many rounds (default 6)
  --seed S     of the first (default 1)
  --lanes L    rounds side by side; one takes three nodes, some 0.5 GB (default 1)
  --out DIR    where results are kept; rounds that are there are not run again (default: a new temporary folder)
`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '6' },
    seed: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '1' },
    out: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const [rounds, first, lanes] = (['rounds', 'seed', 'lanes'] as const).map((name) => whole(name, values[name]));
const folder = values.out === undefined ? mkdtempSync(join(tmpdir(), 'stowage-storm-')) : resolve(values.out);
const rows = await storm({
  seeds: Array.from({ length: rounds! }, (_, index) => first! + index),
  lanes: lanes!,
  folder,
  onRound: (row) => console.log(roundLine(row, folder)),
});
const report = stormReport(rows);
writeFileSync(join(folder, 'storm.md'), `${report}\n`);
console.log(`\n${report}\n\n${folder}`);
process.exitCode = rows.every((row) => !('error' in row) && row.violations.length === 0) ? 0 : 1;

function whole(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  console.error(`--${name} ${text} is not a whole number above 0.\n\n${HELP}`);
  process.exit(2);
}
