/**
 * `npm run fuzz -- --minutes 30`: mutations of valid inputs through every parser, until the time is over. A case has a
 * number, from which all of it follows: `--case N` runs it alone and keeps its input in a file. `--from N` begins there.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runCase } from './cases.ts';
import { fuzz } from './run.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string' }, case: { type: 'string' }, from: { type: 'string' } },
});

if (values.case !== undefined) {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-case-'));
  const { target, failure, input } = await runCase(Number(values.case), directory);
  writeFileSync(join(directory, 'input'), input);
  console.log(`case ${values.case}, ${target}, input in ${join(directory, 'input')}: ${failure ?? 'as it should be'}`);
  process.exit(failure === undefined ? 0 : 1);
}

const minutes = Number(values.minutes ?? 30);
const { cases, failures } = await fuzz({
  milliseconds: minutes * 60_000,
  first: Number(values.from ?? Date.now()),
  workers: availableParallelism(),
  onFailure: ({ number, target, failure }) => console.log(`case ${number}, ${target}: ${failure}\n`),
});
console.log(`${cases} cases in ${minutes} min: ${failures.length} failed.`);
process.exit(failures.length === 0 ? 0 : 1);
