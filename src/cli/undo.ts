import { InputError } from '../core/model/input.ts';
import { undoResizes } from '../operate/applyPlan.ts';
import { readOperations } from '../operate/journal.ts';
import type { Command } from './command.ts';
import { EXIT } from './complaint.ts';
import { JOURNAL, meantTarget } from './meantTarget.ts';
import { askOnTerminal, operating } from './operating.ts';
import { parseWords } from './parseWords.ts';
import { print } from './plain.ts';
import { SETTING_HELP, settingsOf } from './settings.ts';
import { ACCESS_HELP, ACCESS_OPTIONS, accessOf, STATE_DIRECTORY, TARGET_OPTIONS, targetOf } from './target.ts';

const HELP = `stowage undo [--yes]: take back the resizes that were applied last

Each task gets back what it had before, where it still runs and nobody has changed it since. Migrations and placements
are not undone: plan again.

  --yes              does not ask whether to take them back
  --kubeconfig FILE  the kubeconfig to reach the cluster by; without it the journal's, if it is your own
                     (~/.kube/config, KUBECONFIG) or you say yes to it
  --context NAME     a context of the kubeconfig; without it the journal's
${SETTING_HELP}
${ACCESS_HELP}

Exit codes are those of "stowage apply".
`;

export const run: Command = async (words) => {
  const { help, yes, setting = [], ...others } = parse(words);
  if (help) {
    print(HELP);
    return 0;
  }
  const last = (await readOperations(STATE_DIRECTORY)).findLast(({ undoes, target }) => undoes === undefined && target);
  if (!last) throw new InputError('Nothing was applied from here yet, so there is nothing to undo.');
  const { kubeconfig, context } = others;
  const named = kubeconfig === undefined && context === undefined ? undefined : targetOf({ kubeconfig, context });
  const target = await meantTarget(JOURNAL, last.target, named);
  if (!target) return EXIT.failed;
  const options = { settings: settingsOf(setting), access: accessOf(others) };
  return operating([target], options, (cluster, how) => {
    const confirm = askOnTerminal(yes === true, how.signal);
    return undoResizes(cluster, { ...how, confirm });
  });
};

function parse(words: readonly string[]) {
  return parseWords('undo', words, {
    options: {
      kubeconfig: TARGET_OPTIONS.kubeconfig,
      context: TARGET_OPTIONS.context,
      ...ACCESS_OPTIONS,
      yes: { type: 'boolean', short: 'y' },
      setting: { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h' },
    },
  }).values;
}
