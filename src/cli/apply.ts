import { InputError } from '../core/model/input.ts';
import { parsePlan } from '../core/plan/parsePlan.ts';
import type { ClusterTarget, Plan } from '../core/plan/plan.ts';
import { MIB, readText } from '../io/readWhole.ts';
import { sha256 } from '../io/sha256.ts';
import { applyPlan, continueMoves } from '../operate/applyPlan.ts';
import { readOperations, unfinished } from '../operate/journal.ts';
import type { Command } from './command.ts';
import { EXIT } from './complaint.ts';
import { JOURNAL, meantTarget } from './meantTarget.ts';
import { askOnTerminal, operating } from './operating.ts';
import { parseWords } from './parseWords.ts';
import { canAsk, print } from './plain.ts';
import { SETTING_HELP, settingsOf } from './settings.ts';
import {
  ACCESS_HELP,
  ACCESS_OPTIONS,
  accessOf,
  STATE_DIRECTORY,
  TARGET_HELP,
  TARGET_OPTIONS,
  targetOf,
} from './target.ts';

const HELP = `stowage apply [PLAN] [--yes]: carry out a plan, or resume what was begun

With a plan of "stowage plan --out PLAN": shows what it does, asks once, checks it on the cluster as it is now, and
follows each move. Without one: resumes waits that are over, moves that were cut off, and, after a question, what
another machine left unfinished on the cluster; the cluster is the journal's unless it is named. With a plan, --context
alone is one of the plan's kubeconfig, and --kubeconfig alone is taken with the plan's context. Ctrl-C, SIGTERM and
SIGHUP end what can be ended safely; a second Ctrl-C or SIGTERM ends at once.

  --yes              does not ask whether to do the moves. A kubeconfig that the plan or the journal names, and that is
                     not your own (~/.kube/config, KUBECONFIG), is asked about all the same: name it by --kubeconfig
${SETTING_HELP}
${TARGET_HELP}
${ACCESS_HELP}

Exit code 0: all done, or waiting while everything runs. 1: a move was not done, or you declined. 2: refused, or the
cluster or the disk kept it from going on. 3: tasks are stopped; run "stowage apply" to go on.
`;

export const run: Command = async (words) => {
  const { values, positionals } = parse(words);
  if (values.help) {
    print(HELP);
    return 0;
  }
  const [file, ...more] = positionals;
  if (more.length > 0) throw new InputError(`apply takes one plan, not ${positionals.length}.`);
  const named = isNamed(values) ? targetOf(values) : undefined;
  const options = { settings: settingsOf(values.setting ?? []), access: accessOf(values) };
  if (file === undefined) return resume(named, options, values.yes === true);
  const plan = await readPlan(file);
  if (!named && !plan.target)
    throw new InputError(`${file} does not tell its cluster. Name it: --cluster sample or --kubeconfig FILE.`);
  const target = await meantTarget(file, plan.target, named);
  if (!target) return EXIT.failed;
  return operating([target], options, (cluster, how) => {
    const confirm = askOnTerminal(values.yes === true, how.signal);
    return applyPlan(plan, cluster, { ...how, confirm });
  });
};

/** Resumes on each cluster that has something unfinished; else on the one that was named or used last. */
async function resume(
  named: ClusterTarget | undefined,
  options: Parameters<typeof operating>[1],
  yes: boolean,
): Promise<number> {
  const recorded = named ? [] : await openTargets();
  const targets = named ? [named] : [];
  for (const each of recorded) {
    const target = await meantTarget(JOURNAL, each, undefined);
    if (!target) return EXIT.failed;
    targets.push(target);
  }
  return operating(targets, options, (cluster, how) => {
    // Where nobody can be asked, this machine's own moves go on all the same; what others left stays as it is.
    const confirm = yes || canAsk() ? askOnTerminal(yes, how.signal) : async () => false;
    return continueMoves(cluster, { ...how, confirm });
  });
}

async function openTargets(): Promise<ClusterTarget[]> {
  const operations = await readOperations(STATE_DIRECTORY);
  const open = operations.filter((operation) => unfinished(operation).length > 0);
  const used = (open.length > 0 ? open : operations.slice(-1)).flatMap(({ target }) => (target ? [target] : []));
  const targets = [...new Map(used.map((target) => [JSON.stringify(target), target])).values()];
  if (targets.length > 0) return targets;
  throw new InputError(
    'There is nothing to resume here. Give a plan, or name the cluster on which another machine began moves.',
  );
}

/** Many times the plan of 5,000 nodes. */
const MOST_PLAN_BYTES = 256 * MIB;

async function readPlan(file: string): Promise<Plan> {
  let text: string;
  try {
    text = await readText(file, { mostBytes: MOST_PLAN_BYTES });
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw new InputError(`Cannot read the plan ${file}: ${why}. Make one with "stowage plan --out ${file}".`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError(`${file} is not a plan: it is not JSON. Make one with "stowage plan --out ${file}".`);
  }
  try {
    return parsePlan(value, sha256);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InputError(`${file} is not a plan: it is nested too deeply. Make one with "stowage plan --out ${file}".`);
  }
}

function isNamed({ cluster, seed, kubeconfig, context }: ReturnType<typeof parse>['values']): boolean {
  return [cluster, seed, kubeconfig, context].some((value) => value !== undefined);
}

function parse(words: readonly string[]) {
  return parseWords('apply', words, {
    allowPositionals: true,
    options: {
      ...TARGET_OPTIONS,
      ...ACCESS_OPTIONS,
      yes: { type: 'boolean', short: 'y' },
      setting: { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h' },
    },
  });
}
