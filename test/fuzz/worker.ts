import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { runCase } from './cases.ts';

/** Runs cases one after the other until it is told to stop, and tells of each that failed. */
const { first, step, at } = workerData as { first: number; step: number; at: SharedArrayBuffer };
const current = new Float64Array(at);
const scratch = mkdtempSync(join(tmpdir(), 'stowage-fuzz-'));
let goesOn = true;
parentPort!.on('message', () => {
  goesOn = false;
});

for (let number = first; goesOn; number += step) {
  current[0] = number;
  const { target, failure } = await runCase(number, scratch);
  current[1]! += 1;
  if (failure !== undefined) parentPort!.postMessage({ number, target, failure });
  if (current[1]! % 50 === 0) await new Promise((resolve) => setImmediate(resolve)); // hears of the end
}
rmSync(scratch, { recursive: true, force: true });
parentPort!.close();
