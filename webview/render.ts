import type { Forecast, ScenarioForecast } from '../src/core/forecast/forecast.ts';
import { changeName, type NodeChange } from '../src/core/forecast/scenarios.ts';
import type { Move } from '../src/core/model/moves.ts';
import type { RankedNode } from '../src/core/place/rankNodes.ts';
import type { PlacementAdvice, Plan } from '../src/core/plan/plan.ts';
import { describeStart, scenarioTitle } from '../src/text/forecast.ts';
import { amount, amounts, clock, duration, percent } from '../src/text/format.ts';
import { describeGoal, describeMigration } from '../src/text/migration.ts';
import { describeMove, describeMoveCost, type StepText } from '../src/text/operation.ts';
import { describePlacement, describeRanked, describeRefused } from '../src/text/placement.ts';
import { describeBeside, describeHeld, describePredictor, describeRuntime } from '../src/text/prediction.ts';
import { describeResize, describeRule } from '../src/text/resize.ts';
import { chart, type Series } from './chart.ts';
import { button, element } from './element.ts';
import { grid } from './grid.ts';
import { MOVES_PAGE, type PanelModel, wholeForecast } from './state.ts';
import { planWeights, shownRanking, shownTask, type WeightActions, weightControls } from './weights.ts';

/** What the reader can do in the panel. */
export type PanelActions = {
  apply(planId: string, moveIds: readonly string[]): void;
  refresh(): void;
  reveal(what: 'node' | 'task', name: string): void;
  choose(moveId: string, on: boolean, all: readonly string[]): void;
  showTask(task: string): void;
  whatIf(kind: NodeChange['kind']): void;
  listMore(): void;
} & WeightActions;

/** The whole panel for a model. Sections are made anew only when what they show has changed. */
export function render(model: PanelModel, actions: PanelActions): readonly Section[] {
  const { host, plan, choices } = model;
  const head = section('head', [host.cluster, host.busy, host.failure, host.readOnly, plan?.id], () =>
    header(model, actions),
  );
  const steps = section('steps', [host.steps], () => stepsList(host.steps));
  if (!plan) return [head, steps];
  return [
    head,
    steps,
    section('moves', [plan.id, choices.chosen, choices.listed, host.busy, host.readOnly, doneIds(host)], () =>
      movesList(model, plan, actions),
    ),
    section('forecast', [plan.id, whatIfNames(host), host.busy], () => forecastCharts(model, plan, actions)),
    section('placements', [plan.id, choices.task], () => placements(plan, actions)),
    ...rankedSections(model, plan, actions),
    section('resizes', [plan.id], () => resizes(plan, actions)),
    section('migrations', [plan.id], () => migrations(plan, actions)),
  ];
}

/** What could not be read or used is named in the header, the first of it; the doctor and the trees have all. */
const MOST_PROBLEMS = 5;

/** A part of the page with what it depends on. */
export type Section = { readonly name: string; readonly key: string; readonly make: () => HTMLElement };

function section(name: string, depends: readonly unknown[], make: () => HTMLElement): Section {
  return { name, key: JSON.stringify(depends), make };
}

function header({ host, plan }: PanelModel, actions: PanelActions): HTMLElement {
  const counts = plan?.snapshot.counts;
  return element(
    'header',
    {},
    element('h1', {}, 'Plan'),
    element(
      'p',
      { class: 'lead' },
      host.cluster,
      plan && ` · read ${clock(plan.snapshot.takenAtSeconds, plan.snapshot.takenAtSeconds)}`,
      counts && ` · ${counts.nodes} nodes, ${counts.running} running, ${counts.pending} pending tasks`,
      plan && ` · runtimes: ${describePredictor(plan.predictor)}`,
    ),
    host.failure && element('p', { class: 'notice error', role: 'alert' }, host.failure),
    host.readOnly && element('p', { class: 'notice' }, host.readOnly),
    ...(plan?.snapshot.problems ?? [])
      .slice(0, MOST_PROBLEMS)
      .map((problem) => element('p', { class: 'notice' }, problem)),
    host.busy &&
      element('p', { class: 'busy', role: 'status' }, element('vscode-progress-ring', {}), ` ${host.busy} …`),
    !host.busy && button(plan ? 'Plan again' : 'Preview plan', actions.refresh, { secondary: true }),
  );
}

function stepsList(steps: readonly StepText[]): HTMLElement {
  if (steps.length === 0) return element('div');
  return element(
    'section',
    { 'aria-label': 'Progress', 'aria-live': 'polite' },
    element('h2', {}, 'Progress'),
    element(
      'ol',
      { class: 'steps' },
      ...steps.map((step) =>
        element(
          'li',
          { class: step.state },
          element('span', { class: 'mark', 'aria-hidden': 'true' }, STEPS[step.state].mark),
          element('strong', {}, step.title),
          `: ${STEPS[step.state].word}${step.untilSeconds === undefined ? '' : ` until ${clock(step.untilSeconds, step.untilSeconds)}`}. ${step.text}`,
        ),
      ),
    ),
  );
}

const STEPS: Readonly<Record<StepText['state'], { readonly mark: string; readonly word: string }>> = {
  running: { mark: '…', word: 'running' },
  waiting: { mark: '○', word: 'waiting' },
  done: { mark: '✓', word: 'done' },
  failed: { mark: '✗', word: 'not done' },
};

function movesList({ host, choices }: PanelModel, plan: Plan, actions: PanelActions): HTMLElement {
  const done = new Set(doneIds(host));
  const moves = plan.moves.filter(({ id }) => !done.has(id));
  const all = moves.map(({ id }) => id);
  const ticked = new Set(choices.chosen ?? all);
  const picked = moves.filter(({ id }) => ticked.has(id));
  const listed = choices.listed ?? MOVES_PAGE;
  const lost = picked.reduce((sum, move) => sum + (move.kind === 'migration' ? move.run.lostSeconds : 0), 0);
  if (all.length === 0)
    return element(
      'section',
      {},
      element('h2', {}, 'Moves'),
      element(
        'p',
        {},
        done.size > 0
          ? 'All moves of this plan are done. Plan again to see what comes next.'
          : plan.snapshot.counts.nodes === 0
            ? 'Nothing can be planned: no node is seen. What could not be read is named above.'
            : 'Nothing to do now: no move would gain anything. The rest of this page says why.',
      ),
    );
  return element(
    'section',
    { 'aria-label': 'Moves' },
    element('h2', {}, 'Moves'),
    element(
      'ul',
      { class: 'moves' },
      ...moves.slice(0, listed).map((move) => moveRow(move, ticked.has(move.id), all, actions)),
    ),
    moves.length > listed &&
      element(
        'p',
        {},
        button(
          `List ${Math.min(MOVES_PAGE, moves.length - listed)} more of ${moves.length - listed}`,
          actions.listMore,
          {
            secondary: true,
          },
        ),
      ),
    element(
      'p',
      {},
      button(
        `Apply ${picked.length} ${picked.length === 1 ? 'move' : 'moves'}…`,
        () =>
          actions.apply(
            plan.id,
            picked.map(({ id }) => id),
          ),
        {
          disabled: picked.length === 0 || host.busy !== undefined || host.readOnly !== undefined,
        },
      ),
      ` ${lost > 0 ? `${duration(lost)} of work would be lost.` : 'No work is lost.'} You are asked once more before anything happens.`,
    ),
  );
}

/** Moves that are at their end and cannot be asked for again. */
function doneIds({ steps }: PanelModel['host']): string[] {
  return steps.filter(({ state }) => state === 'done').map(({ moveId }) => moveId);
}

function moveRow(move: Move, on: boolean, all: readonly string[], actions: PanelActions): HTMLElement {
  const box = element('vscode-checkbox', { checked: on }, moveText(move)) as HTMLInputElement;
  box.addEventListener('change', () => actions.choose(move.id, box.checked, all));
  return element('li', {}, box);
}

function moveText(move: Move): string {
  const cost = describeMoveCost(move);
  return cost === undefined ? describeMove(move) : `${describeMove(move)} (${cost})`;
}

/** A dashed line beside a full one: the two are told apart without colours too. */
const LOOKS: Readonly<Record<string, Pick<Series, 'colour' | 'dash' | 'lineOnly'>>> = {
  nothing: { colour: 'charts-yellow', dash: 'dot' },
  resize: { colour: 'charts-green', dash: 'dash', lineOnly: true },
  migrate: { colour: 'charts-foreground', dash: 'longdash', lineOnly: true },
  plan: { colour: 'charts-blue', dash: 'solid' },
};

/** Changes of nodes are told apart by colour, order in the legend and their names. */
const FURTHER_COLOURS = ['charts-red', 'charts-purple', 'charts-orange'];

function whatIfNames({ whatIfs = [] }: PanelModel['host']): string[] {
  return whatIfs.map(({ change }) => changeName(change));
}

function forecastCharts({ host }: PanelModel, plan: Plan, actions: PanelActions): HTMLElement {
  if (!plan.forecast) return element('div');
  const forecast = wholeForecast(plan.forecast, host.whatIfs);
  const hasGpus = forecast.scenarios.some(({ moments }) =>
    moments.some(({ free }) => (free['gpuMilli']?.p90 ?? 0) > 0),
  );
  const fragments = hasGpus ? 'gpuRatio' : 'cpuRatio';
  const free = hasGpus ? 'gpuMilli' : 'milliCpu';
  return element(
    'section',
    { 'aria-label': 'Forecast' },
    element('h2', {}, 'Forecast'),
    element(
      'div',
      { class: 'charts' },
      chart({
        title: 'Fragmentation:',
        sentence: compare(forecast, ({ fragmentation }) => fragmentation[fragments].p50, percent),
        xTicks: ticks(forecast),
        yTitle: `of idle ${hasGpus ? 'GPU' : 'CPU'}`,
        yFormat: '.0%',
        series: series(forecast, ({ fragmentation }) => fragmentation[fragments]),
        format: percent,
      }),
      chart({
        title: 'Free capacity:',
        sentence: compare(
          forecast,
          (moment) => moment.free[free]?.p50 ?? 0,
          (value) => amount(free, value),
        ),
        xTicks: ticks(forecast),
        yTitle: hasGpus ? 'GPUs' : 'CPUs',
        series: series(forecast, (moment) => thousandth(moment.free[free] ?? NOTHING)),
        format: (value) => amount(free, Math.round(1000 * value)),
      }),
      chart({
        title: 'Waiting tasks:',
        sentence: compare(
          forecast,
          ({ waiting }) => waiting.p50,
          (value) => String(Math.round(value)),
        ),
        xTicks: ticks(forecast),
        yTitle: 'tasks',
        series: series(forecast, ({ waiting }) => waiting),
        format: (value) => value.toFixed(1),
      }),
      capacityFor(forecast),
    ),
    element(
      'p',
      { class: 'faint' },
      `Bands hold 80 % of ${forecast.samples} sampled futures; ${forecast.arrivalsPerHour.toFixed(1)} tasks arrive per hour.`,
    ),
    element(
      'p',
      { class: 'actions' },
      button('What if a node goes?', () => actions.whatIf('lost'), {
        secondary: true,
        disabled: host.busy !== undefined,
      }),
      button('What if there were one more?', () => actions.whatIf('added'), {
        secondary: true,
        disabled: host.busy !== undefined,
      }),
    ),
    earliestStarts(plan, forecast),
  );
}

/** How many tasks of the shape that is expected most, with a GPU where the cluster's tasks have some, would fit. */
function capacityFor(forecast: Forecast): HTMLElement | undefined {
  const withGpu = forecast.shapes.findIndex(({ gpuCount, request }) => gpuCount > 0 || request.gpuMilli > 0);
  const index = Math.max(0, withGpu);
  const shape = forecast.shapes[index];
  if (!shape) return undefined;
  const fits = (moment: ScenarioForecast['moments'][number]) => moment.fits[index] ?? NOTHING;
  return chart({
    title: `Room for tasks of ${amounts(shape.request)}:`,
    sentence: compare(
      forecast,
      (moment) => fits(moment).p50,
      (value) => String(Math.round(value)),
    ),
    xTicks: ticks(forecast),
    yTitle: 'tasks that fit',
    series: series(forecast, fits),
    format: (value) => value.toFixed(1),
  });
}

const NOTHING = { p10: 0, p50: 0, p90: 0 };

/** Milli as whole units, for an axis. */
function thousandth({ p10, p50, p90 }: typeof NOTHING): typeof NOTHING {
  return { p10: p10 / 1000, p50: p50 / 1000, p90: p90 / 1000 };
}

function series(
  { scenarios }: Forecast,
  pick: (moment: ScenarioForecast['moments'][number]) => { p10: number; p50: number; p90: number },
): Series[] {
  const further = scenarios.filter(({ name }) => !LOOKS[name]).map(({ name }) => name);
  return scenarios.map(({ name, moments }) => ({
    name: scenarioTitle(name),
    ...(LOOKS[name] ?? { colour: FURTHER_COLOURS[further.indexOf(name)] ?? 'charts-purple', dash: 'dashdot' }),
    x: moments.map((_, index) => index),
    p10: moments.map((moment) => pick(moment).p10),
    p50: moments.map((moment) => pick(moment).p50),
    p90: moments.map((moment) => pick(moment).p90),
  }));
}

/** Moments are spaced evenly, since each is about twice as far as the one before. */
function ticks({ scenarios }: Forecast): { at: number; text: string }[] {
  return (scenarios[0]?.moments ?? []).map(({ inSeconds }, at) => ({
    at,
    text: inSeconds === 0 ? 'now' : duration(inSeconds),
  }));
}

function compare(
  { scenarios }: Forecast,
  pick: (moment: ScenarioForecast['moments'][number]) => number,
  format: (value: number) => string,
): string {
  return scenarios
    .map(({ name, moments }) => {
      const first = moments[0];
      const last = moments.at(-1);
      return first && last
        ? `${scenarioTitle(name)}: ${format(pick(first))} now, ${format(pick(last))} after ${duration(last.inSeconds)}`
        : '';
    })
    .join('; ')
    .concat('.');
}

function earliestStarts(plan: Plan, { scenarios }: Forecast): HTMLElement {
  const ids = [...new Set(scenarios.flatMap(({ starts }) => starts.map(({ task }) => task)))];
  if (ids.length === 0) return element('div');
  const when = (scenario: ScenarioForecast, id: string) => scenario.starts.find(({ task }) => task === id);
  return element(
    'div',
    {},
    element('h3', {}, 'Earliest start of pending tasks'),
    grid({
      label: 'Earliest start of pending tasks',
      rows: ids,
      columns: [
        { title: 'task', text: (id) => id },
        ...scenarios.map((scenario) => ({
          title: scenarioTitle(scenario.name),
          text: (id: string) => describeStart(plan, scenario, id),
          value: (id: string) => when(scenario, id)?.p50 ?? Number.MAX_VALUE,
        })),
      ],
    }),
  );
}

function placements({ placements: all }: Plan, actions: PanelActions): HTMLElement {
  return element(
    'section',
    { 'aria-label': 'Placements' },
    element('h2', {}, 'Pending tasks'),
    all.length === 0 && element('p', {}, 'No task is pending.'),
    all.length > 0 &&
      grid({
        label: 'Pending tasks; Enter shows the ranked nodes',
        rows: all,
        columns: [
          { title: 'task', text: ({ taskId }) => taskId, share: 3 },
          { title: 'asks for', text: ({ request }) => amounts(request), share: 3 },
          {
            title: 'predicted runtime',
            text: ({ runtime }) => describeRuntime(runtime),
            value: ({ runtime }) => runtime?.p50 ?? 0,
            share: 4,
          },
          { title: 'decision', text: describePlacement, share: 6 },
          { title: 'nodes', text: ({ fitting }) => String(fitting), value: ({ fitting }) => fitting, numeric: true },
        ],
        onOpen: ({ taskId }) => actions.showTask(taskId),
      }),
  );
}

/** Nodes of the shown task: its prediction, the weights, and the ranking by them, each made anew for itself. */
function rankedSections({ host, choices }: PanelModel, plan: Plan, actions: PanelActions): Section[] {
  const shown = shownTask(plan, choices.task);
  if (!shown) return [];
  const { taskId } = shown;
  const { weighed } = host;
  const weights = weighed?.weights ?? planWeights(plan);
  return [
    section('nodes', [plan.id, taskId], () => nodesHeading(shown)),
    section('weights', [plan.id, taskId], () =>
      shown.ranked.length > 0 ? weightControls(plan, taskId, weights, actions) : element('div'),
    ),
    section('ranked', [plan.id, taskId, weighed?.taskId === taskId && weighed.weights], () =>
      rankedNodes(shown, shownRanking(shown, weighed), actions),
    ),
  ];
}

function nodesHeading({ taskId, runtime }: PlacementAdvice): HTMLElement {
  return element(
    'div',
    {},
    element('h3', {}, `Nodes for ${taskId}`),
    runtime &&
      element(
        'p',
        { class: 'faint' },
        [
          `Predicted by ${runtime.predictor}, from ${runtime.basis}`,
          ...(runtime.coverage ? [describeHeld(runtime.predictor, runtime.coverage)] : []),
          ...(runtime.beside ? [describeBeside(runtime.beside)] : []),
        ].join(' · '),
      ),
  );
}

function rankedNodes(
  { taskId, refused }: PlacementAdvice,
  ranked: PlacementAdvice['ranked'],
  actions: PanelActions,
): HTMLElement {
  const policies = [...new Set(ranked.flatMap(({ parts }) => parts.map(({ policy }) => policy)))];
  const part = ({ parts }: RankedNode, policy: string) => parts.find((each) => each.policy === policy)?.score ?? 0;
  return element(
    'div',
    {},
    ranked.length > 0 &&
      grid({
        label: `Ranked nodes for ${taskId}; Enter reveals a node`,
        rows: ranked,
        columns: [
          { title: 'node', text: ({ node }) => node },
          {
            title: 'score',
            text: ({ score }) => score.toFixed(3),
            value: ({ score }) => score,
            bar: ({ score }) => score,
            numeric: true,
          },
          ...policies.map((policy) => ({
            title: policy,
            text: (row: RankedNode) => part(row, policy).toFixed(3),
            value: (row: RankedNode) => part(row, policy),
            numeric: true,
          })),
          {
            title: 'free for',
            text: ({ fit }) => duration(fit.available.seconds),
            value: ({ fit }) => fit.available.seconds,
            numeric: true,
          },
          { title: 'why', text: (row) => describeRanked(row).join('; '), share: 8 },
        ],
        onOpen: ({ node }) => actions.reveal('node', node),
      }),
    refused.length > 0 &&
      element(
        'details',
        {},
        element('summary', {}, `Nodes that cannot take it (${refused.reduce((sum, { nodes }) => sum + nodes, 0)})`),
        element('ul', {}, ...refused.map((each) => element('li', {}, describeRefused(each)))),
      ),
  );
}

function resizes({ resizes: all, snapshot }: Plan, actions: PanelActions): HTMLElement {
  return element(
    'section',
    { 'aria-label': 'Resizes' },
    element('h2', {}, 'Resizes in place'),
    all.length === 0 &&
      element('p', {}, 'No running task uses so much less or more than its request that a resize helps.'),
    all.length > 0 &&
      grid({
        label: 'Resize advice; Enter reveals the task',
        rows: all,
        columns: [
          { title: 'task', text: ({ taskId }) => taskId, share: 5 },
          {
            title: 'holds',
            share: 1,
            text: ({ resource, allocation }) => amount(resource, allocation),
            value: ({ allocation }) => allocation,
          },
          {
            title: 'uses',
            share: 5,
            text: ({ resource, usage }) => `${amount(resource, usage.mean)} (peak ${amount(resource, usage.peak)})`,
            value: ({ usage }) => usage.mean,
          },
          {
            title: 'used',
            text: ({ ours }) => percent(ours.usageFraction),
            value: ({ ours }) => ours.usageFraction,
            bar: ({ ours }) => ours.usageFraction,
            numeric: true,
          },
          {
            title: 'remaining',
            text: ({ remainingSeconds }) => (remainingSeconds === undefined ? '—' : duration(remainingSeconds)),
            value: ({ remainingSeconds }) => remainingSeconds ?? 0,
            numeric: true,
          },
          {
            title: "the method's rule",
            share: 3,
            text: ({ resource, printed }) => describeRule(printed, resource),
          },
          { title: 'decision', text: (advice) => describeResize(advice, snapshot.takenAtSeconds), share: 6 },
        ],
        onOpen: ({ taskId }) => actions.reveal('task', taskId),
      }),
  );
}

function migrations({ migrations: all, snapshot }: Plan, actions: PanelActions): HTMLElement {
  return element(
    'section',
    { 'aria-label': 'Migrations' },
    element('h2', {}, 'Migrations'),
    all.length === 0 &&
      element('p', {}, 'Nothing starts a defragmentation: no task is kept waiting by scattered capacity.'),
    all.length > 0 &&
      grid({
        label: 'Migration advice; Enter reveals the task',
        rows: all,
        columns: [
          { title: 'task', text: ({ taskIds }) => taskIds.join(', ') || '—', share: 4 },
          { title: 'from', text: ({ from }) => from ?? '—', share: 2 },
          { title: 'to', text: ({ to }) => to ?? '—', share: 2 },
          { title: 'in order to', text: ({ goal }) => describeGoal(goal), share: 5 },
          {
            title: 'won node-h',
            text: ({ gainNodeSeconds }) => (gainNodeSeconds / 3600).toFixed(1),
            value: ({ gainNodeSeconds }) => gainNodeSeconds,
            numeric: true,
          },
          {
            title: 'lost work',
            text: ({ lostSeconds }) => duration(lostSeconds),
            value: ({ lostSeconds }) => lostSeconds,
            numeric: true,
          },
          { title: 'decision', text: (advice) => describeMigration(advice, snapshot.takenAtSeconds), share: 4 },
        ],
        onOpen: ({ taskIds }) => {
          const [first] = taskIds;
          if (first) actions.reveal('task', first);
        },
      }),
  );
}
