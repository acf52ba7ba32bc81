/** A process that takes locks when it is told to; see `lock.test.ts`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Lock, takeLock, withLock } from '../../src/io/lock.ts';

let held: Lock | undefined;

process.on('message', async ({ take, count }: { readonly take?: string; readonly count?: [string, number] }) => {
  if (take !== undefined) {
    const result = await takeLock(take);
    if (result.kind === 'taken') held = result;
    return process.send!(result.kind);
  }
  if (count) {
    const [file, times] = count;
    for (let time = 0; time < times; time += 1) {
      await withLock(file, async () => {
        const before = Number(readFileSync(file, 'utf8'));
        await new Promise(setImmediate);
        writeFileSync(file, String(before + 1));
      });
    }
    return process.send!('counted');
  }
  await held?.release();
  held = undefined;
  return process.send!('released');
});
process.send!('ready');
