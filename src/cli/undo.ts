import { parseArgs } from 'node:util';
import { errorMessage } from '../core/model/errorMessage.ts';
import { InputError } from '../core/model/input.ts';
import { undoResizes } from '../operate/applyPlan.ts';
import { readOperations } from '../operate/journal.ts';
import type { Command } from './command.ts';
import { askOnTerminal, operating } from './operating.ts';
import { STATE_DIRECTORY } from './target.ts';

const HELP = `stowage undo [--yes]: take back the resizes that were applied last

Each task gets back what it had before, where it still runs and nobody has changed it since. Migrations and placements
are not undone: plan again.

  --yes  does not ask
`;

export const run: Command = async (words) => {
  const { help, yes } = parse(words);
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  const target = (await readOperations(STATE_DIRECTORY)).findLast(
    ({ undoes, target }) => undoes === undefined && target,
  )?.target;
  if (!target) throw new InputError('Nothing was applied from here yet, so there is nothing to undo.');
  const confirm = askOnTerminal(yes === true);
  return operating(target, undefined, (cluster, options) => undoResizes(cluster, { ...options, confirm }));
};

function parse(words: readonly string[]) {
  try {
    const options = { yes: { type: 'boolean', short: 'y' }, help: { type: 'boolean', short: 'h' } } as const;
    return parseArgs({ args: [...words], options }).values;
  } catch (error) {
    throw new InputError(`${errorMessage(error)} See: stowage undo --help`);
  }
}
