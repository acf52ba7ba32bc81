import { basename, join } from 'node:path';
import { openCluster } from '../cluster/open.ts';
import type { Cluster } from '../cluster/port.ts';
import { countArrivals } from '../core/forecast/arrivals.ts';
import { type Forecast, HORIZON_SECONDS } from '../core/forecast/forecast.ts';
import type { ClusterIdentity } from '../core/model/clusterIdentity.ts';
import type { FinishedTask, RowProblem } from '../core/model/finished.ts';
import { InputError } from '../core/model/input.ts';
import { plainValue } from '../core/model/plain.ts';
import { DEFAULT_SETTINGS, type Settings } from '../core/model/settings.ts';
import { STATE_DIRECTORY_NAME } from '../core/model/stateFiles.ts';
import type { ClusterTarget, Plan } from '../core/plan/plan.ts';
import { SAMPLE_SEED } from '../core/plan/plan.ts';
import { quantile } from '../core/predict/distribution.ts';
import type { Predictor } from '../core/predict/predictor.ts';
import type { CalibrationPoint } from '../core/predict/record.ts';
import { isJudged } from '../core/predict/verdict.ts';
import { readHistoryFiles } from '../io/history.ts';
import { Predictors, readPredictor, writePredictor } from '../io/predictors.ts';
import { planSituation } from '../planning/plan.ts';
import { readSituation, type Situation } from '../planning/situation.ts';
import { durationTicks } from '../text/axis.ts';
import { describeCard, describePromoted } from '../text/card.ts';
import { percent } from '../text/format.ts';
import { describeHistory } from '../text/history.ts';
import { planText } from '../text/plan/planText.ts';
import { type PlanTables, planTables } from '../text/plan/tables.ts';
import { describeBasis } from '../text/prediction.ts';
import { describeProblem } from '../text/problem.ts';
import { forecastOnThreads } from '../worker/threads/forecasting.ts';
import { type LearningOptions, learnOnThread } from '../worker/threads/learning.ts';
import type { EvaluateOutcome } from '../worker/train.ts';
import { type Foretold, type ForetoldMetrics, foretell, metricsOf } from './foretell.ts';
import type { KernelContext, MimeBundle } from './messages.ts';
import { planReport } from './planReport.ts';
import { reportBundle, rowsBundle, SHOWN_AS } from './show.ts';

/** What the process around gives `stowage`. */
export type StowageHost = {
  readonly context: () => KernelContext;
  /** Aborts when the running cell is stopped. */
  readonly signal: () => AbortSignal | undefined;
  /** A path as the notebook means it: relative to its folder. */
  readonly resolvePath: (path: string) => string;
  /** Shows under the running cell; the handle replaces it. */
  readonly show: (bundle: MimeBundle) => { update(next: MimeBundle): void };
};

/** `stowage` as cells see it: the planner's own core, read-only on the cluster. */
export type Stowage = {
  history(source?: string | readonly string[], options?: HistoryOptions): Promise<History>;
  rows(of: History | readonly FinishedTask[]): HistoryRow[];
  split(history: History, fraction?: number): { readonly earlier: History; readonly later: History };
  train(history: History, options?: LearnOptions): Promise<Trained>;
  foretell(trained: Trained, later: History): Foretelling;
  evaluate(history: History, options?: EvaluateOptions): Promise<Evaluated>;
  promote(trained: Trained): Promise<string>;
  cluster(): Promise<Situation>;
  tasks(situation: Situation): PredictedTask[];
  forecast(options?: ForecastOptions): Promise<Forecast>;
  plan(): Promise<Plan>;
  tables(plan: Plan): PlanTables;
  durationTicks(seconds: readonly number[]): { readonly tickvals: number[]; readonly ticktext: readonly string[] };
};

export type HistoryOptions = {
  /** What a table's columns mean: `{ submit: 'created', end: 'finished', creator: 'user' }`. */
  readonly columns?: Readonly<Record<string, string>>;
};

/** Finished tasks in the order of their submits, and what could not be read. */
export type History = {
  readonly name: string;
  readonly tasks: readonly FinishedTask[];
  readonly problems: readonly RowProblem[];
  /** Whose past it is; absent where it comes from files. */
  readonly cluster?: ClusterIdentity;
};

/** One finished task as a flat row, for danfo and charts; missing is null. */
export type HistoryRow = {
  readonly id: string;
  readonly creator: string | null;
  readonly name: string | null;
  readonly type: string | null;
  readonly framework: string | null;
  readonly dataScale: number | null;
  readonly size: number;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly gpus: number;
  readonly submittedAt: string;
  readonly waitSeconds: number;
  readonly runtimeSeconds: number;
  readonly requestedSeconds: number | null;
  readonly outcome: string;
};

/** A task of the cluster with what is predicted for it; missing is null. */
export type PredictedTask = {
  readonly id: string;
  readonly phase: string;
  readonly node: string | null;
  readonly creator: string | null;
  readonly elapsedSeconds: number | null;
  readonly runtimeP10: number | null;
  readonly runtimeP50: number | null;
  readonly runtimeP90: number | null;
  readonly predictor: string | null;
  readonly basis: string | null;
};

export type LearnProgress = {
  readonly fraction: number;
  readonly text: string;
  readonly loss?: number;
  /** The calibration plot so far: of all outcomes, how many ended by the time told for a level. */
  readonly calibration?: readonly CalibrationPoint[];
};

export type LearnOptions = {
  readonly seed?: number;
  /** Told after each step; without it a line under the cell tells how far it is. */
  readonly onProgress?: (progress: LearnProgress) => void;
};

export type EvaluateOptions = LearnOptions & {
  /** Start from the shipped weights (default), use them as they are, or start from random ones. */
  readonly pretrained?: 'fine-tune' | 'only' | 'no';
};

export type Trained = { readonly file: string; readonly predictor: Predictor; readonly seconds: number };

/** What a trained predictor says of tasks it has not seen, task by task, and how it compares with the baselines. */
export type Foretelling = { readonly rows: readonly Foretold[]; readonly metrics: readonly ForetoldMetrics[] };

export type Evaluated = EvaluateOutcome & {
  /** One row for each predictor: `mae`, `avgPred`, `coverage80`, … */
  readonly rows: readonly Readonly<Record<string, string | number>>[];
};

export type ForecastOptions = {
  /** How far to look, in hours; default 24. */
  readonly hours?: number;
  /** Sampled futures behind the bands; default 40. */
  readonly samples?: number;
  /** Coarse forecasts while the samples grow. */
  readonly onPicture?: (forecast: Forecast) => void;
};

/** What cells call, over what the host knows when they call it. */
export function makeStowage(host: StowageHost): Stowage {
  return {
    history: (source, { columns } = {}) =>
      source === undefined ? historyOfCluster(host) : historyOfFiles(host, source, columns),
    rows: (of) => ('tasks' in of ? of.tasks : of).map(historyRow),
    split,
    train: (history, options = {}) => train(host, history, options),
    foretell({ predictor }, { tasks }) {
      const rows = foretell(predictor, tasks);
      const metrics = metricsOf(rows);
      return shownAs({ rows, metrics }, () => rowsBundle(metrics));
    },
    evaluate: (history, options = {}) => evaluate(host, history, options),
    async promote({ predictor }) {
      const file = await withCluster(host, async (cluster) => new Predictors(directoryOf(host), cluster.identity).file);
      if (isJudged(predictor)) await writePredictor(file, predictor, describeCard(predictor));
      return describePromoted(predictor, file);
    },
    cluster: () => situationOf(host),
    tasks: taskRows,
    forecast: (options = {}) => forecastOf(host, options),
    plan: () => planOf(host),
    tables: planTables,
    durationTicks: (seconds) => logTicks(seconds),
  };
}

function settingsOf(host: StowageHost): Settings {
  return { ...DEFAULT_SETTINGS, ...host.context().settings };
}

function directoryOf(host: StowageHost): string {
  const { stateDirectory, folder } = host.context();
  return stateDirectory ?? join(folder, STATE_DIRECTORY_NAME);
}

function targetOf(host: StowageHost): ClusterTarget {
  return host.context().cluster ?? { kind: 'sample', seed: SAMPLE_SEED, directory: directoryOf(host) };
}

/** The signal of the cell that runs, as an option; none where it has none. */
function signalOf(host: StowageHost): { readonly signal?: AbortSignal } {
  const signal = host.signal();
  return signal ? { signal } : {};
}

/** Opens the cluster for one piece of work. */
async function withCluster<T>(host: StowageHost, work: (cluster: Cluster) => Promise<T>): Promise<T> {
  const { access } = host.context();
  const windows = () => settingsOf(host);
  const options = { ...access, windows, runsDirectory: directoryOf(host), ...signalOf(host) };
  const cluster = await openCluster(targetOf(host), options);
  try {
    return await work(cluster);
  } finally {
    await cluster.close();
  }
}

function situationOf(host: StowageHost): Promise<Situation> {
  const directory = directoryOf(host);
  return withCluster(host, async (cluster) =>
    readSituation(cluster, directory, await new Predictors(directory, cluster.identity).own(), host.signal()),
  );
}

/** What the cluster itself knows of its past. */
function historyOfCluster(host: StowageHost): Promise<History> {
  return withCluster(host, async (cluster) => {
    const { tasks, problems } = await cluster.readHistory(host.signal());
    return historyOf({
      name: cluster.name,
      tasks,
      problems: problems.map((problem) => ({ line: 0, code: 'source', reason: describeProblem(problem) })),
      cluster: cluster.identity,
    });
  });
}

async function historyOfFiles(
  host: StowageHost,
  source: string | readonly string[],
  columns: HistoryOptions['columns'],
): Promise<History> {
  const paths = (typeof source === 'string' ? [source] : source).map(host.resolvePath);
  const map = columns && {
    columns: Object.entries(columns)
      .map((pair) => pair.join('='))
      .join(','),
  };
  const { tasks, problems } = await readHistoryFiles(paths.map((path) => ({ path, ...map })));
  return historyOf({ name: paths.map((path) => basename(path)).join(' + '), tasks, problems });
}

async function train(host: StowageHost, { tasks, cluster }: History, options: LearnOptions): Promise<Trained> {
  const out = join(directoryOf(host), 'candidate.json');
  const { seconds } = await learn(host, options, (handed) =>
    learnOnThread(
      { type: 'train', history: { tasks, ...(cluster && { cluster }) }, seed: options.seed ?? 1, out },
      handed,
    ),
  );
  const trained: Trained = { file: out, predictor: await readPredictor(out), seconds };
  return shownAs(trained, () => rowsBundle(scoreRows(trained.predictor)));
}

async function evaluate(host: StowageHost, { tasks }: History, options: EvaluateOptions): Promise<Evaluated> {
  const { pretrained = 'fine-tune', seed = 1 } = options;
  const outcome = await learn(host, options, (handed) =>
    learnOnThread({ type: 'evaluate', files: { tasks }, seed, pretrained }, handed),
  );
  const rows = Object.entries(outcome.predictors).map(([predictor, metrics]) => ({ predictor, ...flat(metrics) }));
  return shownAs({ ...outcome, rows }, () => rowsBundle(rows));
}

async function forecastOf(
  host: StowageHost,
  { hours = 24, samples = 40, onPicture }: ForecastOptions,
): Promise<Forecast> {
  const { snapshot, history, predictions } = await situationOf(host);
  const request = {
    scenarios: { nothing: snapshot },
    predictions,
    arrivals: countArrivals(history, snapshot, snapshot.takenAtSeconds),
    settings: settingsOf(host),
    seed: 1,
    samples,
    horizonSeconds: horizon(hours),
  };
  return forecastOnThreads(request, { ...signalOf(host), ...(onPicture && { onPicture }) });
}

async function planOf(host: StowageHost): Promise<Plan> {
  const settings = settingsOf(host);
  const options = signalOf(host);
  const plan = await planSituation(await situationOf(host), targetOf(host), settings, directoryOf(host), options);
  const text = { paint: (_: unknown, words: string) => words, all: false };
  return shownAs(plan, () => {
    const plain = plainValue(plan);
    return reportBundle(planReport(plain), planText(plain, text));
  });
}

/** Ticks for an axis of log10 seconds that shows these durations; without one above 0 there are none. */
function logTicks(seconds: readonly number[]): ReturnType<Stowage['durationTicks']> {
  const positive = seconds.filter((each) => each > 0);
  const low = positive.reduce((least, each) => Math.min(least, each), Number.POSITIVE_INFINITY);
  const high = positive.reduce((most, each) => Math.max(most, each), 0);
  const ticks = durationTicks(low / BEYOND, high * BEYOND);
  return { tickvals: ticks.seconds.map(Math.log10), ticktext: ticks.texts };
}

/** A bar of a histogram reaches beyond what it counts. */
const BEYOND = 1.25;

function historyOf(history: History): History {
  const tasks = history.tasks.toSorted((a, b) => a.submittedAtSeconds - b.submittedAtSeconds);
  return shownAs({ ...history, tasks }, () => [
    { mime: 'text/plain', text: describeHistory(history.name, tasks, history.problems) },
  ]);
}

/** The method's split in time: what had ended when the later part began, and what was submitted from then on. */
function split(history: History, fraction = 0.8): { readonly earlier: History; readonly later: History } {
  if (!(fraction > 0 && fraction < 1)) throw new InputError(`A split is between 0 and 1, not ${fraction}.`);
  const { name, tasks } = history;
  const cut = tasks[Math.floor(tasks.length * fraction)]?.submittedAtSeconds ?? Number.POSITIVE_INFINITY;
  const part = (title: string, keep: (task: FinishedTask) => boolean) =>
    historyOf({ ...history, name: `${name}, ${title}`, tasks: tasks.filter(keep), problems: [] });
  return {
    earlier: part('earlier part', ({ endedAtSeconds }) => endedAtSeconds <= cut),
    later: part('later part', ({ submittedAtSeconds }) => submittedAtSeconds >= cut),
  };
}

/** Runs a piece of learning with the cell's stop signal and its progress, told to the cell or shown under it. */
function learn<T>(
  { signal, show }: StowageHost,
  { onProgress }: LearnOptions,
  work: (handed: { signal?: AbortSignal; onProgress: NonNullable<LearningOptions['onProgress']> }) => Promise<T>,
): Promise<T> {
  const line = (text: string): MimeBundle => [{ mime: 'text/plain', text }];
  const shown = onProgress ? undefined : show(line('Starting …'));
  const stop = signal();
  return work({
    ...(stop && { signal: stop }),
    onProgress(fraction, text, loss, calibration) {
      onProgress?.({ fraction, text, ...(loss !== undefined && { loss }), ...(calibration && { calibration }) });
      shown?.update(line(`${percent(fraction)}  ${text}`));
    },
  });
}

function historyRow(task: FinishedTask): HistoryRow {
  const { parameters, request } = task;
  return {
    id: task.id,
    creator: parameters.creator ?? null,
    name: parameters.name ?? null,
    type: parameters.type ?? null,
    framework: parameters.framework ?? null,
    dataScale: parameters.dataScale ?? null,
    size: task.size,
    cores: request.milliCpu / 1000,
    memoryGiB: request.memoryBytes / 2 ** 30,
    gpus: request.gpuMilli / 1000,
    submittedAt: new Date(task.submittedAtSeconds * 1000).toISOString(),
    waitSeconds: task.startedAtSeconds - task.submittedAtSeconds,
    runtimeSeconds: task.endedAtSeconds - task.startedAtSeconds,
    requestedSeconds: parameters.requestedRuntimeSeconds ?? null,
    outcome: task.outcome,
  };
}

function taskRows({ snapshot, predictions }: Situation): PredictedTask[] {
  return snapshot.tasks
    .filter(({ infrastructure }) => !infrastructure)
    .map((task) => {
      const predicted = predictions[task.id];
      const at = (level: number) => (predicted ? Math.round(quantile(predicted.runtime, level)) : null);
      return {
        id: task.id,
        phase: task.phase,
        node: task.node ?? null,
        creator: task.parameters.creator ?? null,
        elapsedSeconds: task.startedAtSeconds === undefined ? null : snapshot.takenAtSeconds - task.startedAtSeconds,
        runtimeP10: at(0.1),
        runtimeP50: at(0.5),
        runtimeP90: at(0.9),
        predictor: predicted?.predictor ?? null,
        basis: predicted ? describeBasis(predicted.basis) : null,
      };
    });
}

/** Of each predictor over everyone: mean min(p/r, r/p), and the share of outcomes inside its 80 % band. */
function scoreRows({ record }: Predictor): object[] {
  return Object.entries(record.scores[''] ?? {}).map(([predictor, score]) => ({
    predictor,
    outcomes: score?.outcomes,
    avgPred: score?.ratio,
    coverage80: score && score.inBand / score.outcomes,
  }));
}

/** The metrics that are one number each. */
function flat(metrics: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

function horizon(hours: number): readonly number[] {
  if (!(hours > 0 && hours <= MOST_HOURS))
    throw new InputError(`A forecast reaches 1 to ${MOST_HOURS} hours, not ${hours}.`);
  const end = hours * 3600;
  return [...HORIZON_SECONDS.filter((seconds) => seconds < end), end];
}

const MOST_HOURS = 7 * 24;

/** Gives a value a look of its own in a notebook, which does not travel with it. */
function shownAs<T extends object>(value: T, look: () => MimeBundle): T {
  const forms = () => Object.fromEntries(look().map(({ mime, text }) => [mime, text]));
  return Object.defineProperty(value, SHOWN_AS, { value: forms, enumerable: false });
}
