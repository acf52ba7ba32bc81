import type { NodeDeadline } from '../core/model/node.ts';
import type { ResourceName } from '../core/model/resources.ts';
import type { AvailableTime } from '../core/place/availableTime.ts';
import type { Refusal } from '../core/place/filter.ts';
import type { RankedNode, ScorePart } from '../core/place/rankNodes.ts';
import type { DeadlineRefusal, TimeFit } from '../core/place/timeFit.ts';

/** Every sentence about a placement stands in this file. */

/** Why a node refuses a task, as the end of "node gpu-3 …": "has 2 of the 4 GPUs it needs free". */
export function describeRefusal(refusal: Refusal | DeadlineRefusal): string {
  switch (refusal.code) {
    case 'notReady':
      return 'is not ready';
    case 'unschedulable':
      return 'is cordoned';
    case 'nodeName':
      return `is not ${refusal.wanted}, the node the task names`;
    case 'taint': {
      const { key, value, effect } = refusal.taint;
      return `has the taint ${key}${value ? `=${value}` : ''}:${effect}, which the task does not tolerate`;
    }
    case 'nodeSelector':
      return refusal.found === undefined
        ? `has no label ${refusal.key}; the task wants ${refusal.wanted}`
        : `has ${refusal.key}=${refusal.found}; the task wants ${refusal.wanted}`;
    case 'nodeAffinity':
      return "does not meet the task's required node affinity";
    case 'hostPort':
      return `has host port ${refusal.port}/${refusal.protocol} taken by ${refusal.heldBy}`;
    case 'taskCount':
      return `already holds its ${refusal.maxTasks} tasks`;
    case 'resource':
      return `has ${describeAmount(refusal.resource, Math.max(0, refusal.free))} free; the task needs ${describeAmount(refusal.resource, refusal.requested)}`;
    case 'gpuResource':
      return `offers its GPUs as ${refusal.offered}; the task asks for ${refusal.wanted}`;
    case 'gpuModel':
      return `${refusal.found === undefined ? 'does not tell its GPU model' : `has ${refusal.found} GPUs`}; the task wants ${refusal.wanted.join(' or ')}`;
    case 'gpuShare':
      return refusal.shareMilli >= 1000
        ? `has ${refusal.fitting} of the ${refusal.gpus} whole GPUs the task needs free`
        : `has no ${refusal.gpus === 1 ? 'single GPU' : `${refusal.gpus} GPUs`} with ${refusal.shareMilli / 1000} free; the largest free part is ${refusal.largestFreeMilli / 1000}`;
    case 'volume':
      return `cannot reach ${refusal.volumes === 1 ? "the task's volume" : `all ${refusal.volumes} volumes of the task`}`;
    case 'topologyLabel':
      return `has no label ${refusal.key}, over which the task must be spread`;
    case 'spread':
      return `is in ${refusal.key}=${refusal.value}, which holds ${refusal.tasks} such tasks where another holds ${refusal.minimum}; they may differ by ${refusal.maxSkew}`;
    case 'podAffinity':
      return `is in no ${refusal.key} with a task this one must be near`;
    case 'podAntiAffinity':
      return `shares its ${refusal.key} with ${refusal.heldBy}, which the task must be away from`;
    case 'keptAway':
      return `shares its ${refusal.key} with ${refusal.heldBy}, which keeps such tasks away`;
    case 'deadline':
      return `ends in ${describeSeconds(Math.max(0, refusal.inSeconds))} (${DEADLINES[refusal.source]}); the task would still run with ${percent(refusal.probability)} probability, ${percent(refusal.allowed)} are allowed`;
  }
}

/** Why a node stands where it stands, as one sentence a part. */
export function describeRanked(ranked: RankedNode): string[] {
  return ranked.parts.map((part) => describePart(part, ranked));
}

/** One part of a node's score, as a sentence. */
export function describePart(part: ScorePart, { fit }: RankedNode): string {
  const score = `${part.policy} ${part.score.toFixed(3)}${part.weight === 1 ? '' : ` × ${part.weight}`}`;
  return `${score}: ${part.reason ?? describeFit(fit)}`;
}

/** S204 of one node in words, with X and its band. */
export function describeFit({ rank, x, xAtP10, xAtP90, runtimeSeconds, available }: TimeFit): string {
  const t = describeSeconds(available.seconds);
  const t1 = describeSeconds(runtimeSeconds);
  const score = `X = ${x.toFixed(3)} (${xAtP10.toFixed(3)} at p10, ${xAtP90.toFixed(3)} at p90)`;
  const because = describeSource(available);
  switch (rank) {
    case 'outlives':
      return `runs ${t1}, and the node is free for ${t} more (${because}); ${score}`;
    case 'prolongs':
      return `runs ${t1}, ${describeSeconds(runtimeSeconds - available.seconds)} longer than the ${t} the node has (${because}); ${score}`;
    case 'empty':
      return `runs ${t1}; the node is empty and could stay so; ${score}`;
  }
}

/** What decided an available time. */
export function describeSource(available: AvailableTime): string {
  switch (available.source) {
    case 'exit':
      return available.lastTask === undefined ? 'exit time' : `until ${available.lastTask} ends`;
    case 'deadline':
      return 'until the node ends';
    case 'turnover':
      return 'by its turnover';
    case 'derived':
      return 'by what its free amounts can run';
    case 'horizon':
      return 'the planning horizon';
  }
}

/** Seconds in the two largest units: "3 d 4 h", "42 min", "8 s". */
export function describeSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  for (const [index, [unit, size]] of UNITS.entries()) {
    const count = Math.floor(whole / size);
    if (count === 0 && size > 1) continue;
    const next = UNITS[index + 1];
    const rest = next ? Math.floor((whole - count * size) / next[1]) : 0;
    return rest > 0 && next ? `${count} ${unit} ${rest} ${next[0]}` : `${count} ${unit}`;
  }
  return '0 s';
}

/** An amount with its unit: "4 GPUs", "2.5 cores", "16 GiB", "8 huawei.com/Ascend910". */
export function describeAmount(resource: ResourceName, amount: number): string {
  switch (resource) {
    case 'milliCpu':
      return `${amount / 1000} ${amount === 1000 ? 'core' : 'cores'}`;
    case 'memoryBytes':
      return amount >= 2 ** 30
        ? `${round(amount / 2 ** 30)} GiB`
        : amount >= 2 ** 20
          ? `${round(amount / 2 ** 20)} MiB`
          : `${amount} B`;
    case 'gpuMilli':
      return `${amount / 1000} ${amount === 1000 ? 'GPU' : 'GPUs'}`;
    default:
      return `${amount} ${resource}`;
  }
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
];

const DEADLINES: Readonly<Record<NodeDeadline['source'], string>> = {
  annotation: 'its annotation says so',
  expiry: 'it expires',
  spot: 'spot notice',
  maintenance: 'maintenance',
  termination: 'it is being ended',
};

function percent(fraction: number): string {
  return `${round(fraction * 100)} %`;
}

function round(amount: number): number {
  return Math.round(amount * 10) / 10;
}
