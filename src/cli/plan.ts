import { relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openCluster } from '../cluster/open.ts';
import type { Cluster } from '../cluster/port.ts';
import type { NodeChange } from '../core/forecast/scenarios.ts';
import { errorMessage } from '../core/model/errorMessage.ts';
import { InputError } from '../core/model/input.ts';
import { jsonText } from '../core/model/jsonText.ts';
import { plainLine, plainValue } from '../core/model/plain.ts';
import type { ClusterTarget, Plan } from '../core/plan/plan.ts';
import type { Predictor } from '../core/predict/predictor.ts';
import { isJudged } from '../core/predict/verdict.ts';
import { Predictors, readPredictor } from '../io/predictors.ts';
import { writeAtomically } from '../io/writeAtomically.ts';
import { planSituation } from '../planning/plan.ts';
import { readSituation } from '../planning/situation.ts';
import { describeVerdict } from '../text/card.ts';
import { either } from '../text/format.ts';
import { isPlanFormat, PLAN_FORMATS, type PlanFormat, planAs } from '../text/plan/formats.ts';
import { nextSteps, planText } from '../text/plan/planText.ts';
import { describeUnusedImport } from '../text/prediction.ts';
import type { Command } from './command.ts';
import { parseWords } from './parseWords.ts';
import { paint, print, printData, printError, progressLine } from './plain.ts';
import { SETTING_HELP, secondsOf, settingsOf } from './settings.ts';
import {
  ACCESS_HELP,
  ACCESS_OPTIONS,
  accessOf,
  STATE_DIRECTORY,
  TARGET_HELP,
  TARGET_OPTIONS,
  targetOf,
} from './target.ts';

const HELP = `stowage plan --cluster sample | --kubeconfig FILE | --context NAME: print what to do, change nothing

Ranks nodes for each pending task, advises resizes, searches migrations, and forecasts the cluster with and without them.

${TARGET_HELP}
${ACCESS_HELP}
  --advance 2h       lets the sample's clock run first
  --observe 60s      reads usage for so long first, where the cluster tells an instant only
  --without NODE     forecasts too what comes if this node goes (repeatable)
  --one-more NODE    forecasts too what comes with one more node like this (repeatable)
  --predictor FILE   a predictor that "stowage train" wrote; without it the cluster's own, where one was trained
${SETTING_HELP}
  --out FILE         writes the plan for "stowage apply FILE"
  --all              lists everything in place of the first rows
  --format FORMAT    text (default); markdown or html for a report; csv for the moves; json for the plan as of --out
  --json             one JSON document: snapshot, predictor, placements, resizes, migrations, forecast
`;

export const run: Command = async (words) => {
  const options = parse(words);
  if (options.help) {
    print(HELP);
    return 0;
  }
  const settings = settingsOf(options.setting ?? []);
  const format = formatOf(options.format);
  const target = targetOf(options);
  const cluster = await openCluster(target, {
    ...advanceOf(options, target),
    windows: () => settings,
    runsDirectory: STATE_DIRECTORY,
    ...accessOf(options),
  });
  try {
    if (options.observe !== undefined) await observeUsage(cluster, target, options.observe);
    const situation = await readSituation(cluster, STATE_DIRECTORY, await predictorOf(options.predictor, cluster));
    const changes = changesOf(options);
    const plan = await planSituation(situation, target, settings, STATE_DIRECTORY, { changes });
    if (options.out !== undefined) await writePlan(options.out, plan);
    if (format === 'text' && !options.json) print(printed(plainValue(plan), options));
    else printData(options.json ? planJson(plan) : planAs(format, plan));
    return 0;
  } finally {
    await cluster.close();
  }
};

type Options = ReturnType<typeof parse>;

function parse(words: readonly string[]) {
  return parseWords('plan', words, {
    options: {
      ...TARGET_OPTIONS,
      ...ACCESS_OPTIONS,
      advance: { type: 'string' },
      observe: { type: 'string' },
      predictor: { type: 'string' },
      without: { type: 'string', multiple: true },
      'one-more': { type: 'string', multiple: true },
      setting: { type: 'string', multiple: true },
      out: { type: 'string' },
      all: { type: 'boolean' },
      json: { type: 'boolean' },
      format: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values;
}

function advanceOf({ advance }: Options, target: ClusterTarget): { readonly advanceSeconds?: number } {
  if (advance === undefined) return {};
  if (target.kind !== 'sample')
    throw new InputError('--advance moves the clock of the sample cluster only. Leave it out.');
  return { advanceSeconds: secondsOf('--advance', advance) };
}

function changesOf({ without = [], 'one-more': added = [] }: Options): NodeChange[] {
  return [
    ...without.map((node) => ({ kind: 'lost' as const, node })),
    ...added.map((node) => ({ kind: 'added' as const, node })),
  ];
}

/** Looks at a cluster several times: it remembers its readings, so that the last one is a mean over the span. */
async function observeUsage(cluster: Cluster, target: ClusterTarget, observe: string): Promise<void> {
  if (target.kind === 'sample') throw new InputError('The sample tells usage over its windows: leave --observe out.');
  const seconds = secondsOf('--observe', observe);
  const looks = Math.max(1, Math.ceil(seconds / PAUSE_SECONDS));
  const progress = progressLine();
  for (let look = 0; look < looks; look++) {
    await cluster.readSnapshot();
    const left = Math.round((seconds * (looks - look)) / looks);
    progress.show((look + 1) / (looks + 1), `observing usage, ${left} s left`);
    await sleep((seconds / looks) * 1000);
  }
  progress.end();
}

/** metrics-server looks every 15 s by default; a shorter pause would read the same instant twice. */
const PAUSE_SECONDS = 15;

/** The predictor that is named, else the cluster's own; says why one that lies there is not used. */
async function predictorOf(file: string | undefined, { identity }: Cluster): Promise<Predictor | undefined> {
  const predictors = new Predictors(STATE_DIRECTORY, identity);
  const predictor = file === undefined ? await predictors.own() : await readPredictor(file);
  const say = (text: string) => printError(`${plainLine(text)}\n`);
  if (predictor) {
    const { card, record } = predictor;
    if (!isJudged(predictor)) say(describeVerdict(card, record.scores[''] ?? {}));
    return predictor;
  }
  try {
    const found = await predictors.unanswered();
    if (found) say(describeUnusedImport(relative('', found.file), found.predictor.card, identity));
  } catch (error) {
    say(errorMessage(error)); // the baselines predict
  }
  return undefined;
}

async function writePlan(file: string, plan: Plan): Promise<void> {
  try {
    await writeAtomically(file, `${jsonText(plan, 1)}\n`);
  } catch (error) {
    throw new InputError(`The plan cannot be written to ${file}: ${errorMessage(error)}`);
  }
}

/** The six parts of a plan; how it is applied is in the file of `--out`. */
function planJson({ snapshot, predictor, placements, resizes, migrations, forecast: future }: Plan): string {
  const parts = { snapshot, predictor, placements, resizes, migrations, forecast: future };
  return `${jsonText(parts, 2)}\n`;
}

function formatOf(name = 'text'): PlanFormat {
  if (isPlanFormat(name)) return name;
  throw new InputError(`--format is ${either(Object.keys(PLAN_FORMATS))}, not "${name}".`);
}

function printed(plan: Plan, { all = false, out }: Options): string {
  const text = { paint, all };
  return planText(plan, text) + nextSteps(plan, out, text);
}
