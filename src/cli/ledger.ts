import { InputError } from '../core/model/input.ts';
import { plainValue } from '../core/model/plain.ts';
import { openLedger } from '../operate/ledger.ts';
import { movesDoneLines, ROWS_SHOWN } from '../text/movesDone.ts';
import type { Command } from './command.ts';
import { parseWords } from './parseWords.ts';
import { print } from './plain.ts';
import { STATE_DIRECTORY } from './target.ts';

const HELP = `stowage ledger [--last N]: print the moves done, newest first

Of each move that was applied from here: what it did, what was predicted then, and what came of it.

  --last N           how many; default ${ROWS_SHOWN}
`;

export const run: Command = async (words) => {
  const { help, last } = parseWords('ledger', words, {
    options: { last: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  }).values;
  if (help) {
    print(HELP);
    return 0;
  }
  const ledger = await openLedger(STATE_DIRECTORY);
  print(movesDoneLines(plainValue(ledger.rows()), last === undefined ? ROWS_SHOWN : countOf(last)));
  return 0;
};

function countOf(last: string): number {
  const count = Number(last);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InputError(`--last takes a whole number above 0, not "${last}".`);
}
