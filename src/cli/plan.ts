import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, styleText } from 'node:util';
import type { Command } from '../cli.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { openCluster } from '../cluster/open.ts';
import { countArrivals } from '../core/forecast/arrivals.ts';
import { type Forecast, forecast } from '../core/forecast/forecast.ts';
import { withMoves } from '../core/forecast/scenarios.ts';
import type { FinishedTask } from '../core/model/finished.ts';
import { InputError } from '../core/model/input.ts';
import type { Settings } from '../core/model/settings.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { type DraftPlan, draftPlan, finishPlan } from '../core/plan/makePlan.ts';
import type { ClusterTarget, Plan } from '../core/plan/plan.ts';
import type { Predictions } from '../core/predict/prediction.ts';
import { fitPredictor, predictSnapshot } from '../core/predict/predictor.ts';
import { nextSteps, planText } from './planText/planText.ts';
import type { Paint } from './planText/section.ts';
import { progressLine } from './progress.ts';
import { secondsOf, settingsOf } from './settings.ts';
import { lastShrinks, readSince, writeSince } from './since.ts';
import { STATE_DIRECTORY, TARGET_HELP, TARGET_OPTIONS, targetOf } from './target.ts';

const HELP = `stowage plan --cluster sample | --kubeconfig FILE | --context NAME: print what to do, change nothing

Ranks nodes for each pending task, advises resizes, searches migrations, and forecasts the cluster with and without them.

${TARGET_HELP}
  --advance 2h       lets the sample's clock run first
  --observe 60s      reads usage for so long first, where the cluster tells an instant only
  --predictor FILE   a predictor that "stowage train" wrote; without it .stowage/predictor.json where it is there
  --setting N=V      a window, wait or threshold, for one: --setting firstWindowSeconds=10m (repeatable)
  --out FILE         writes the plan for "stowage apply FILE"
  --all              lists everything in place of the first rows
  --json             one JSON document: snapshot, predictor, placements, resizes, migrations, forecast
`;

export const run: Command = async (words) => {
  const options = parse(words);
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const settings = settingsOf(options.setting ?? []);
  const target = targetOf(options);
  const cluster = await openCluster(target, advanceOf(options, target));
  try {
    const plan = await planCluster(cluster, target, settings, options);
    if (options.out !== undefined) await writePlan(options.out, plan);
    process.stdout.write(options.json ? planJson(plan) : printed(plan, settings, options));
    return 0;
  } finally {
    await cluster.close();
  }
};

type Options = ReturnType<typeof parse>;

function parse(words: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        ...TARGET_OPTIONS,
        advance: { type: 'string' },
        observe: { type: 'string' },
        predictor: { type: 'string' },
        setting: { type: 'string', multiple: true },
        out: { type: 'string' },
        all: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return values;
  } catch (error) {
    throw new InputError(`${error instanceof Error ? error.message : String(error)} See: stowage plan --help`);
  }
}

function advanceOf({ advance }: Options, target: ClusterTarget): { readonly advanceSeconds?: number } {
  if (advance === undefined) return {};
  if (target.kind !== 'sample')
    throw new InputError('--advance moves the clock of the sample cluster only. Leave it out.');
  return { advanceSeconds: secondsOf('--advance', advance) };
}

/** Reads, predicts, drafts, forecasts. What must be remembered for the next plan is written beside the sample's state. */
async function planCluster(
  cluster: Cluster,
  target: ClusterTarget,
  settings: Settings,
  options: Options,
): Promise<Plan> {
  const snapshot = await readSnapshot(cluster, target, options);
  const [{ tasks: history, problems }, records] = await Promise.all([cluster.readHistory(), cluster.readRecords()]);
  const whole = { ...snapshot, problems: [...snapshot.problems, ...problems] };
  const sinceFile = join(STATE_DIRECTORY, 'since.json');
  const since = { ...(await readSince(sinceFile, whole)), ...lastShrinks(records, whole) };
  const predictions = predictSnapshot(fitPredictor(history), whole);
  const predictor = { name: 'baselines', tasks: history.length };
  const draft = draftPlan({ snapshot: whole, predictions, predictor, settings, since });
  await writeSince(sinceFile, whole.cluster, draft.since);
  return finishPlan(draft, { target, forecast: forecastOf(whole, draft, predictions, history, settings) });
}

async function readSnapshot(cluster: Cluster, target: ClusterTarget, { observe }: Options): Promise<Snapshot> {
  if (observe === undefined) return cluster.readSnapshot();
  if (target.kind === 'sample') throw new InputError('The sample tells usage over its windows: leave --observe out.');
  const seconds = secondsOf('--observe', observe);
  const looks = Math.max(1, Math.ceil(seconds / PAUSE_SECONDS));
  const progress = progressLine();
  for (let look = 0; look < looks; look++) {
    await cluster.readSnapshot();
    progress.show(
      (look + 1) / (looks + 1),
      `observing usage, ${Math.round((seconds * (looks - look)) / looks)} s left`,
    );
    await sleep((seconds / looks) * 1000);
  }
  progress.end();
  return cluster.readSnapshot();
}

/** metrics-server looks every 15 s by default; a shorter pause would read the same instant twice. */
const PAUSE_SECONDS = 15;

/** Futures behind each band. */
const SAMPLES = 40;
const FORECAST_SEED = 1;

function forecastOf(
  snapshot: Snapshot,
  { moves }: DraftPlan,
  predictions: Predictions,
  history: readonly FinishedTask[],
  settings: Settings,
): Forecast {
  const arrivals = countArrivals(history, snapshot, snapshot.takenAtSeconds);
  const scenarios = { nothing: snapshot, plan: withMoves(snapshot, moves, settings) };
  const futures = forecast({ scenarios, predictions, arrivals, settings, seed: FORECAST_SEED, samples: SAMPLES });
  for (;;) {
    const { done, value } = futures.next();
    if (done) return value;
  }
}

async function writePlan(file: string, plan: Plan): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(plan, null, 1)}\n`);
  } catch (error) {
    throw new InputError(`The plan cannot be written to ${file}: ${error instanceof Error ? error.message : error}`);
  }
}

/** The six parts of a plan; how it is applied is in the file of `--out`. */
function planJson({ snapshot, predictor, placements, resizes, migrations, forecast: future }: Plan): string {
  const parts = { snapshot, predictor, placements, resizes, migrations, forecast: future };
  return `${JSON.stringify(parts, null, 2)}\n`;
}

function printed(plan: Plan, settings: Settings, { all = false, out }: Options): string {
  const paint: Paint = (style, text) => styleText(style, text, { stream: process.stdout });
  const text = { settings, paint, all };
  return planText(plan, text) + nextSteps(plan, out, text);
}
