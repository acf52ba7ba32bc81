import {
  addResources,
  amountOf,
  type ResourceName,
  type Resources,
  resourceNames,
  sameResources,
  subtractResources,
  withAmount,
} from '../model/resources.ts';
import { missingRight } from '../model/rights.ts';
import type { Settings } from '../model/settings.ts';
import type { Since } from '../model/since.ts';
import type { Quota, Snapshot } from '../model/snapshot.ts';
import type { Task } from '../model/task.ts';
import { type FewReadings, fewReadings, type Usage } from '../model/usage.ts';
import { neverEnds, outlivesAll, remainingTime } from '../place/availableTime.ts';
import { type ClusterCapacity, type NodeCapacity, nodeCapacity } from '../place/capacity.ts';
import type { Predictions } from '../predict/prediction.ts';
import { type Consumption, direction, expandAmount, shrinkAmount, shrunkTo } from './amounts.ts';

/** What S306–S308 say of one resource of one running task, with every number they say it by. */
export type ResizeAdvice = {
  readonly taskId: string;
  readonly node: string;
  readonly resource: ResourceName;
  readonly request: number;
  readonly allocation: number;
  readonly usage: Measured;
  /** Median; T for a task that never ends by itself; undefined when nothing is predicted. */
  readonly remainingSeconds?: number;
  /** It never ends by itself: its T is the planning horizon. */
  readonly endless?: true;
  /** The rule as it is printed, and ours: with the margin, memory by its peak, and amounts a cluster can grant. */
  readonly printed: Rule;
  readonly ours: Rule;
  readonly decision: ResizeDecision;
};

/** Usage of one resource, with the span it was taken over. */
export type Measured = { readonly mean: number; readonly peak: number } & Omit<
  Usage,
  'mean' | 'peak' | 'nodeWindowMean'
>;

/** A rule worked out with a task's numbers. */
export type Rule = {
  readonly says: 'shrink' | 'expand' | 'keep';
  /** The rate it judges, and that rate ÷ request. */
  readonly usage: number;
  readonly usageFraction: number;
  /** How much it takes or gives; 0 for `keep`. */
  readonly amount: number;
  /**
   * The rate the task needs, margin included, and the rate it would have left; S308 multiplies both by its remaining
   * time.
   */
  readonly needed: number;
  readonly left: number;
};

export type ResizeDecision =
  | { readonly kind: 'shrink' | 'expand'; readonly amount: number; readonly to: number }
  | ResizeWait
  /** This resource is never resized in place: ask for `to` the next time. */
  | { readonly kind: 'advise'; readonly amount: number; readonly to: number }
  | { readonly kind: 'refused'; readonly reason: ResizeRefusal };

/** A wait of the method: ask again at `untilSeconds`, give up when the waits add up to `limitSeconds`. */
export type ResizeWait = {
  readonly kind: 'wait';
  /** For what: a shrink that would leave too little, enough free for an expand, or the window after the last shrink. */
  readonly wait: 'shrink' | 'expand' | 'lastShrink';
  readonly direction: 'shrink' | 'expand';
  readonly amount: number;
  readonly untilSeconds: number;
  readonly waitedSeconds: number;
  /** Absent for `lastShrink`, which ends by itself. */
  readonly limitSeconds?: number;
  /** For an expand: what of the resource its node has free. */
  readonly free?: number;
};

export type ResizeRefusal =
  | { readonly code: 'right'; readonly missing: string }
  | { readonly code: 'migrates' }
  | { readonly code: 'resizeUnderWay'; readonly state: string; readonly message: string }
  | { readonly code: 'noPrediction' }
  /** It ends before `neededSeconds` have passed: two usage windows. `outlived`: that end is a guess. */
  | {
      readonly code: 'endsSoon';
      readonly remainingSeconds: number;
      readonly neededSeconds: number;
      readonly windowSeconds: number;
      readonly outlived: boolean;
    }
  | { readonly code: 'recentPeak'; readonly peak: number; readonly needed: number }
  | { readonly code: 'enough'; readonly needed: number }
  | { readonly code: 'smallest'; readonly least: number }
  | { readonly code: 'nodeTooSmall'; readonly wanted: number; readonly allocatable: number }
  | { readonly code: 'quota'; readonly name: string; readonly amount: number; readonly left: number }
  | { readonly code: 'waitedOut'; readonly wait: 'shrink' | 'expand'; readonly waitedSeconds: number };

/** Why a task's resources need no entry. */
export type KeptCode = 'betweenThresholds' | 'fewReadings' | 'noUsage' | 'bestEffort';

export type ResizesAdvised = {
  /**
   * In the order in which the resizes fit one after the other: tasks that only shrink, then expands, neediest first.
   */
  readonly advice: readonly ResizeAdvice[];
  /** Running tasks without an entry, by why. */
  readonly kept: Readonly<Record<KeptCode, number>>;
  /** Of the tasks with too few readings, the one that first has enough; absent where there is none. */
  readonly fewReadings?: FewReadings;
  /** The capacity after all `shrink` and `expand` decisions. */
  readonly capacity: ClusterCapacity;
  /** The waits that go on or were given up, under `<shrink|expand> <resource> <task id>`. */
  readonly since: Since;
};

export type ResizeInputs = {
  readonly snapshot: Snapshot;
  /** Its capacity, or what earlier moves of the same plan leave of it. */
  readonly capacity: ClusterCapacity;
  readonly predictions: Predictions;
  readonly settings: Settings;
  /** Waits as an earlier advice gave them back, and `shrunk <task id>`: when that task was last shrunk. */
  readonly since: Since;
  /** Tasks that other moves of the plan stop: they are not resized. */
  readonly migrating?: ReadonlySet<string>;
};

/**
 * A shrink needs at least so many usage windows left to run, since a task shrinks at most once in each (S308). It is
 * never the span that was watched so far: that grows while nothing changes.
 */
const WINDOWS_TO_GO = 2;

/** Less CPU than this is not worth a container's while (Robusta KRR's floor). */
const LEAST_MILLI_CPU = 10;
const MEBIBYTE = 2 ** 20;

/**
 * S306–S308 over all running tasks of a snapshot: what to shrink, expand, wait for or leave, resource by resource.
 * Memory is judged by its recent peak; GPUs and extended resources are only advised on. Infrastructure is left alone.
 * @returns an entry for each resource on which the printed rule or ours has something to say
 */
export function adviseResizes(inputs: ResizeInputs): ResizesAdvised {
  const kept: Record<KeptCode, number> = { betweenThresholds: 0, fewReadings: 0, noUsage: 0, bestEffort: 0 };
  const tasks: Compared[][] = [];
  const tooFew: Usage[] = [];
  for (const task of inputs.snapshot.tasks) {
    if (task.phase !== 'running' || task.infrastructure || !nodeOf(task, inputs.capacity)?.node.ready) continue;
    const usage = inputs.snapshot.usage[task.id];
    const why = unjudged(task, usage);
    if (usage && why === 'fewReadings') tooFew.push(usage);
    const compared = why ? [] : compare(task, inputs);
    if (compared.length > 0) tasks.push(compared);
    else kept[why ?? 'betweenThresholds']++;
  }
  const since: Record<string, number> = {};
  const granted = new Map<string, Resources>();
  const free = new Map<string, Resources>();
  const quotas = new QuotaLeft(inputs.snapshot.quotas ?? []);
  const advice = inOrder(tasks).flatMap((compared) => {
    const { task, node } = compared[0]!;
    const left = free.get(node) ?? nodeOf(task, inputs.capacity)!.free;
    const decided = compared.map((each) => ({
      ...each,
      decision: decide(each, inputs, left, quotas),
    }));
    const allocation = allocationAfter(task, decided);
    if (allocation !== task.allocation) {
      granted.set(task.id, allocation);
      free.set(node, subtractResources(addResources(left, task.allocation), allocation));
      quotas.take(task, allocation);
    }
    for (const each of decided) {
      const waitedSeconds = waitedSoFar(each.decision);
      if (waitedSeconds === undefined || each.ours.says === 'keep') continue;
      since[waitKey(each, each.ours.says)] = inputs.snapshot.takenAtSeconds - waitedSeconds;
    }
    return decided.map(({ task: _, ...advised }): ResizeAdvice => advised);
  });
  const capacity = withAllocations(inputs.capacity, granted, free);
  const first = firstMeasured(tooFew);
  return { advice, kept, ...(first && { fewReadings: first }), capacity, since };
}

/** What the rules say of one resource; the decision depends on what is free when its turn comes. */
type Compared = Omit<ResizeAdvice, 'decision'> & { readonly task: Task };

function unjudged(task: Task, usage: Usage | undefined): KeptCode | undefined {
  if (task.qosClass === 'BestEffort') return 'bestEffort';
  if (!usage) return 'noUsage';
  return fewReadings(usage) && 'fewReadings';
}

/** How far the task is that will first have readings enough; undefined where there is none. */
function firstMeasured(usages: readonly Usage[]): FewReadings | undefined {
  return usages
    .flatMap((usage) => fewReadings(usage) ?? [])
    .reduce<FewReadings | undefined>(
      (first, each) => (first && first.enoughAtSeconds <= each.enoughAtSeconds ? first : each),
      undefined,
    );
}

/** Both rules on every resource of one task; only where one of them speaks. */
function compare(task: Task, { snapshot, predictions, settings }: ResizeInputs): Compared[] {
  const { mean, peak, nodeWindowMean: _, ...span } = snapshot.usage[task.id]!;
  const remainingSeconds = medianRemaining(task, predictions, settings, snapshot.takenAtSeconds);
  return resourceNames(task.request).flatMap((resource): Compared[] => {
    const usage: Measured = { ...span, mean: amountOf(mean, resource), peak: amountOf(peak, resource) };
    if (!isMeasured(resource, usage)) return [];
    const request = amountOf(task.request, resource);
    const allocation = amountOf(task.allocation, resource);
    const printed = printedRule({ request, allocation, usage: usage.mean }, settings);
    const judged = resource === 'memoryBytes' ? usage.peak : usage.mean;
    const ours = ourRule({ request, allocation, usage: judged }, resource, settings);
    if (printed.says === 'keep' && ours.says === 'keep') return [];
    if (!isResizable(resource) && ours.says !== 'shrink') return [];
    const numbers = { resource, request, allocation, usage, printed, ours };
    const remaining = {
      ...(remainingSeconds !== undefined && { remainingSeconds }),
      ...(neverEnds(task) && { endless: true as const }),
    };
    return [{ task, taskId: task.id, node: task.node!, ...numbers, ...remaining }];
  });
}

/** Metrics without a device exporter say 0 for devices: then nothing is known of them. No process holds 0 bytes. */
function isMeasured(resource: ResourceName, usage: Measured): boolean {
  return resource === 'milliCpu' || usage.peak > 0;
}

/** S307 and S308 to the letter: every resource by its mean, the request as the only 100 %, no margin. */
function printedRule(consumption: Consumption, settings: Settings): Rule {
  const says = direction({ ...consumption, allocation: consumption.request }, settings);
  const amount =
    says === 'keep' ? 0 : says === 'shrink' ? shrinkAmount(consumption, settings) : expandAmount(consumption, settings);
  return rule(says, Math.round(amount), consumption, 0);
}

function ourRule(consumption: Consumption, resource: ResourceName, settings: Settings): Rule {
  const { usage, allocation } = consumption;
  const margin = settings.marginFraction;
  const says = direction(consumption, settings);
  if (says === 'shrink') {
    const to = grantable(shrunkTo(consumption, settings), resource);
    if (to < allocation) return rule('shrink', allocation - to, consumption, margin);
  }
  if (says === 'expand' && usage * (1 + margin) > allocation) {
    const to = grantable(allocation + expandAmount(consumption, settings), resource);
    return rule('expand', to - allocation, consumption, margin);
  }
  return rule('keep', 0, consumption, margin);
}

function rule(says: Rule['says'], amount: number, { request, allocation, usage }: Consumption, margin: number): Rule {
  const left = says === 'shrink' ? allocation - amount : allocation + amount;
  return { says, usage, usageFraction: usage / request, amount, needed: usage * (1 + margin), left };
}

/** Whole units, rounded up: milli-CPU (at least 10), MiB of memory, whole devices. */
function grantable(amount: number, resource: ResourceName): number {
  const unit = unitOf(resource);
  return Math.max(leastOf(resource), unit * Math.ceil(amount / unit));
}

function unitOf(resource: ResourceName): number {
  if (resource === 'memoryBytes') return MEBIBYTE;
  return resource === 'gpuMilli' ? 1000 : 1;
}

/** What no shrink goes below; 0 where a whole unit is not asked for. */
function leastOf(resource: ResourceName): number {
  return resource === 'milliCpu' ? LEAST_MILLI_CPU : 0;
}

/** Kubernetes resizes CPU and memory in place, nothing else (KEP-1287). */
function isResizable(resource: ResourceName): boolean {
  return resource === 'milliCpu' || resource === 'memoryBytes';
}

/** Tasks that only shrink first, so that the expands see what they free; then the neediest expand first. */
function inOrder(tasks: readonly Compared[][]): Compared[][] {
  const need = (compared: Compared[]) =>
    Math.max(0, ...compared.map(({ ours }) => (ours.says === 'expand' ? ours.usageFraction : 0)));
  return tasks
    .map((compared) => ({ compared, need: need(compared) }))
    .sort((left, right) => (left.need === 0 || right.need === 0 ? left.need - right.need : right.need - left.need))
    .map(({ compared }) => compared);
}

/** S308 with its waits, and what keeps the task and its node safe. */
function decide(compared: Compared, inputs: ResizeInputs, free: Resources, quotas: QuotaLeft): ResizeDecision {
  const { resource, allocation, ours } = compared;
  const reason = refusal(compared, inputs) ?? quotas.refusal(compared);
  if (reason) return { kind: 'refused', reason };
  if (ours.says === 'expand') return decideExpand(compared, inputs, amountOf(free, resource));
  if (!isResizable(resource)) return { kind: 'advise', amount: ours.amount, to: allocation - ours.amount };
  return decideShrink(compared, inputs);
}

function refusal(
  compared: Compared,
  { snapshot, capacity, predictions, settings, migrating }: ResizeInputs,
): ResizeRefusal | undefined {
  const { task, resource, allocation, usage, remainingSeconds, printed, ours } = compared;
  if (ours.says === 'keep') {
    if (printed.says === 'shrink' && resource === 'memoryBytes')
      return { code: 'recentPeak', peak: usage.peak, needed: ours.needed };
    if (printed.says === 'shrink' && allocation <= leastOf(resource)) return { code: 'smallest', least: allocation };
    return { code: 'enough', needed: ours.needed };
  }
  if (!isResizable(resource)) return undefined;
  if (migrating?.has(task.id)) return { code: 'migrates' };
  const missing = missingRight(snapshot.rights, 'resize', task.namespace);
  if (missing !== undefined) return { code: 'right', missing };
  if (task.resizeState || !sameResources(task.allocation, task.desired)) {
    const { kind, message } = task.resizeState ?? { kind: 'inProgress', message: '' };
    return { code: 'resizeUnderWay', state: kind, message };
  }
  if (ours.says === 'expand') {
    const allocatable = amountOf(nodeOf(task, capacity)!.node.allocatable, resource);
    return ours.left > allocatable ? { code: 'nodeTooSmall', wanted: ours.left, allocatable } : undefined;
  }
  if (remainingSeconds === undefined) return { code: 'noPrediction' };
  const windowSeconds = settings.usageWindowSeconds;
  const neededSeconds = WINDOWS_TO_GO * windowSeconds;
  if (remainingSeconds >= neededSeconds) return undefined;
  const outlived = outlivesAll(task, predictions[task.id], snapshot.takenAtSeconds);
  return { code: 'endsSoon', remainingSeconds, neededSeconds, windowSeconds, outlived };
}

/** What the quotas of namespaces leave, less what was granted so far. */
class QuotaLeft {
  readonly #quotas: readonly { readonly quota: Quota; readonly taskIds: ReadonlySet<string> | undefined }[];
  readonly #granted = new Map<Quota, { milliCpu: number; memoryBytes: number }>();

  constructor(quotas: readonly Quota[]) {
    this.#quotas = quotas.map((quota) => ({ quota, taskIds: quota.taskIds && new Set(quota.taskIds) }));
  }

  /** Which of the quotas that count the task does not let it grow so, if any: the one with the least left. */
  refusal({ task, resource, ours }: Compared): ResizeRefusal | undefined {
    if (ours.says !== 'expand') return undefined;
    const bounded = resource as keyof Quota['left'];
    const [tightest] = this.#of(task)
      .flatMap((quota) => {
        const left = quota.left[bounded];
        return left === undefined ? [] : [{ name: quota.name, left: left - this.#grantedOf(quota)[bounded] }];
      })
      .sort((a, b) => a.left - b.left);
    if (!tightest || ours.amount <= tightest.left) return undefined;
    return { code: 'quota', name: tightest.name, amount: ours.amount, left: Math.max(0, tightest.left) };
  }

  /** Counts what a task holds after it was resized. */
  take(task: Task, allocation: Resources): void {
    for (const quota of this.#of(task)) {
      const granted = this.#grantedOf(quota);
      for (const resource of ['milliCpu', 'memoryBytes'] as const)
        granted[resource] += allocation[resource] - task.allocation[resource];
      this.#granted.set(quota, granted);
    }
  }

  #of({ id, namespace }: Task): Quota[] {
    return this.#quotas.flatMap(({ quota, taskIds }) =>
      quota.namespace === namespace && (taskIds?.has(id) ?? true) ? [quota] : [],
    );
  }

  #grantedOf(quota: Quota) {
    return this.#granted.get(quota) ?? { milliCpu: 0, memoryBytes: 0 };
  }
}

function decideShrink(compared: Compared, { snapshot, settings, since }: ResizeInputs): ResizeDecision {
  const { task, ours } = compared;
  const nowSeconds = snapshot.takenAtSeconds;
  const direction = 'shrink';
  const lastShrunk = since[`shrunk ${task.id}`] ?? Number.NEGATIVE_INFINITY;
  const untilSeconds = lastShrunk + settings.usageWindowSeconds;
  if (untilSeconds > nowSeconds) {
    const waitedSeconds = nowSeconds - lastShrunk;
    return { kind: 'wait', wait: 'lastShrink', direction, amount: ours.amount, untilSeconds, waitedSeconds };
  }
  if (ours.needed <= ours.left) return { kind: 'shrink', amount: ours.amount, to: ours.left };
  const { shrinkRetrySeconds, shrinkGiveUpSeconds } = settings;
  const waitedSeconds = waited(compared, direction, since, nowSeconds);
  if (waitedSeconds >= shrinkGiveUpSeconds)
    return { kind: 'refused', reason: { code: 'waitedOut', wait: direction, waitedSeconds } };
  const wait = nextLook(nowSeconds, waitedSeconds, shrinkRetrySeconds, shrinkGiveUpSeconds);
  return { kind: 'wait', wait: direction, direction, amount: ours.amount, ...wait };
}

function decideExpand(compared: Compared, { snapshot, settings, since }: ResizeInputs, free: number): ResizeDecision {
  const { ours } = compared;
  const nowSeconds = snapshot.takenAtSeconds;
  const direction = 'expand';
  if (ours.amount <= free) return { kind: 'expand', amount: ours.amount, to: ours.left };
  const { expandRetrySeconds, expandGiveUpSeconds } = settings;
  const waitedSeconds = waited(compared, direction, since, nowSeconds);
  if (waitedSeconds >= expandGiveUpSeconds)
    return { kind: 'refused', reason: { code: 'waitedOut', wait: direction, waitedSeconds } };
  const wait = nextLook(nowSeconds, waitedSeconds, expandRetrySeconds, expandGiveUpSeconds);
  return { kind: 'wait', wait: direction, direction, amount: ours.amount, ...wait, free: Math.max(0, free) };
}

function waitKey({ taskId, resource }: Compared, direction: 'shrink' | 'expand'): string {
  return `${direction} ${resource} ${taskId}`;
}

function waited(compared: Compared, direction: 'shrink' | 'expand', since: Since, nowSeconds: number): number {
  return Math.max(0, nowSeconds - (since[waitKey(compared, direction)] ?? nowSeconds));
}

/**
 * How long the task has waited for what is still missing. A wait that was given up counts on: if it were forgotten, the
 * next plan would begin it again. Undefined for other decisions.
 */
function waitedSoFar(decision: ResizeDecision): number | undefined {
  if (decision.kind === 'wait') return decision.wait === 'lastShrink' ? undefined : decision.waitedSeconds;
  const isGivenUp = decision.kind === 'refused' && decision.reason.code === 'waitedOut';
  return isGivenUp ? decision.reason.waitedSeconds : undefined;
}

/** The end of the wait that is going on, counted from the first; never past the limit of their sum. */
function nextLook(nowSeconds: number, waitedSeconds: number, waitSeconds: number, limitSeconds: number) {
  const whole = (Math.floor(waitedSeconds / waitSeconds) + 1) * waitSeconds;
  const untilSeconds = nowSeconds - waitedSeconds + Math.min(whole, limitSeconds);
  return { untilSeconds, waitedSeconds, limitSeconds };
}

/** What a task holds after what was decided for it; its allocation itself where nothing was. */
function allocationAfter(
  task: Task,
  decided: readonly (Compared & { readonly decision: ResizeDecision })[],
): Resources {
  return decided.reduce((held: Resources, { resource, decision }) => {
    return decision.kind === 'shrink' || decision.kind === 'expand' ? withAmount(held, resource, decision.to) : held;
  }, task.allocation);
}

/** The capacity with many allocations changed in place. */
function withAllocations(
  capacity: ClusterCapacity,
  granted: ReadonlyMap<string, Resources>,
  touched: ReadonlyMap<string, Resources>,
): ClusterCapacity {
  if (granted.size === 0) return capacity;
  const resized = (task: Task): Task => {
    const allocation = granted.get(task.id);
    return allocation ? { ...task, allocation, desired: allocation } : task;
  };
  const changed = (held: NodeCapacity) =>
    touched.has(held.node.name) ? nodeCapacity(held.node, held.tasks.map(resized)) : held;
  return { ...capacity, nodes: capacity.nodes.map(changed) };
}

/** Median seconds to go; undefined for a task that ends but of which nothing is predicted. */
function medianRemaining(
  task: Task,
  predictions: Predictions,
  settings: Settings,
  nowSeconds: number,
): number | undefined {
  const prediction = predictions[task.id];
  if (!prediction && !task.endless) return undefined;
  return remainingTime(task, prediction, settings.planningHorizonSeconds, nowSeconds).p50;
}

function nodeOf(task: Task, capacity: ClusterCapacity): NodeCapacity | undefined {
  const index = capacity.indexOf.get(task.node ?? '');
  return index === undefined ? undefined : capacity.nodes[index];
}
