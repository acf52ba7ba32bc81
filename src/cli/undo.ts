import { InputError } from '../core/model/input.ts';
import { undoResizes } from '../operate/applyPlan.ts';
import { readOperations } from '../operate/journal.ts';
import type { Command } from './command.ts';
import { askOnTerminal, operating } from './operating.ts';
import { parseWords } from './parseWords.ts';
import { SETTING_HELP, settingsOf } from './settings.ts';
import { ACCESS_HELP, ACCESS_OPTIONS, accessOf, STATE_DIRECTORY } from './target.ts';

const HELP = `stowage undo [--yes]: take back the resizes that were applied last

Each task gets back what it had before, where it still runs and nobody has changed it since. Migrations and placements
are not undone: plan again.

  --yes              does not ask
${SETTING_HELP}
${ACCESS_HELP}

Exit codes are those of "stowage apply".
`;

export const run: Command = async (words) => {
  const { help, yes, setting = [], ...access } = parse(words);
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  const target = (await readOperations(STATE_DIRECTORY)).findLast(
    ({ undoes, target }) => undoes === undefined && target,
  )?.target;
  if (!target) throw new InputError('Nothing was applied from here yet, so there is nothing to undo.');
  const options = { settings: settingsOf(setting), access: accessOf(access) };
  return operating([target], options, (cluster, how) => {
    const confirm = askOnTerminal(yes === true, how.signal);
    return undoResizes(cluster, { ...how, confirm });
  });
};

function parse(words: readonly string[]) {
  return parseWords('undo', words, {
    options: {
      ...ACCESS_OPTIONS,
      yes: { type: 'boolean', short: 'y' },
      setting: { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h' },
    },
  }).values;
}
