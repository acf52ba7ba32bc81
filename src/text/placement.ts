import type { NodeDeadline } from '../core/model/node.ts';
import type { AvailableTime } from '../core/place/availableTime.ts';
import type { Refusal } from '../core/place/filter.ts';
import type { RankedNode, ScorePart } from '../core/place/rankNodes.ts';
import type { DeadlineRefusal, TimeFit } from '../core/place/timeFit.ts';
import type { PlacementAdvice } from '../core/plan/plan.ts';
import { amountsApart, counted, duration, either, fixed, NO_END, number, percent, plural } from './format.ts';
import { describePolicy, policyTitle } from './policies.ts';
import { missingRightText } from './refusal.ts';

/** Every sentence about where a pending task can go, and where the plan puts it. */

/** Why a node refuses a task: "gpu-3 has 2 GPU free; the task needs 4 GPU". */
export function describeRefusal(node: string, refusal: Refusal | DeadlineRefusal): string {
  switch (refusal.code) {
    case 'notReady':
      return `${node} is not ready`;
    case 'unschedulable':
      return `${node} is cordoned`;
    case 'nodeName':
      return `${node} is not ${refusal.wanted}, the node the task names`;
    case 'taint': {
      const { key, value, effect } = refusal.taint;
      return `${node} has the taint ${key}${value ? `=${value}` : ''}:${effect}, which the task does not tolerate`;
    }
    case 'nodeSelector':
      return refusal.found === undefined
        ? `${node} has no label ${refusal.key}; the task wants ${refusal.wanted}`
        : `${node} has ${refusal.key}=${refusal.found}; the task wants ${refusal.wanted}`;
    case 'nodeAffinity':
      return `${node} does not meet the task's required node affinity`;
    case 'hostPort':
      return `${node} has host port ${refusal.port}/${refusal.protocol} taken by ${refusal.heldBy}`;
    case 'taskCount':
      return plural(refusal.maxTasks, {
        one: `${node} already holds its # task`,
        other: `${node} already holds its # tasks`,
      });
    case 'resource': {
      const [free, needed] = amountsApart(refusal.resource, Math.max(0, refusal.free), refusal.requested);
      return `${node} has ${free} free; the task needs ${needed}`;
    }
    case 'gpuResource':
      return `${node} offers its GPUs as ${refusal.offered}; the task asks for ${refusal.wanted}`;
    case 'gpuModel':
      return refusal.found === undefined
        ? `${node} does not tell its GPU model; the task wants ${either(refusal.wanted)}`
        : `${node} has ${refusal.found} GPUs; the task wants ${either(refusal.wanted)}`;
    case 'gpuShare':
      return describeShareRefusal(node, refusal);
    case 'volume':
      return plural(refusal.volumes, {
        one: `${node} cannot reach the task's volume`,
        other: `${node} cannot reach all # volumes of the task`,
      });
    case 'topologyLabel':
      return `${node} has no label ${refusal.key}, over which the task must be spread`;
    case 'spread': {
      const { key, value, tasks, minimum, maxSkew } = refusal;
      return `${node} is in ${key}=${value}, which holds ${number(tasks)} such tasks where another holds ${number(minimum)}; they may differ by ${number(maxSkew)}`;
    }
    case 'podAffinity':
      return `${node} is in no ${refusal.key} with a task this one must be near`;
    case 'podAntiAffinity':
      return `${node} shares its ${refusal.key} with ${refusal.heldBy}, which the task must be away from`;
    case 'keptAway':
      return `${node} shares its ${refusal.key} with ${refusal.heldBy}, which keeps such tasks away`;
    case 'deadline': {
      const { source, inSeconds, probability, allowed } = refusal;
      return `${node} ends in ${duration(Math.max(0, inSeconds))} (${DEADLINES[source]}); the task would still run with ${percent(probability, 1)} probability, ${percent(allowed, 1)} is allowed`;
    }
  }
}

function describeShareRefusal(node: string, refusal: Extract<Refusal, { code: 'gpuShare' }>): string {
  const { gpus, shareMilli, fitting, largestFreeMilli } = refusal;
  if (shareMilli >= 1000) {
    return plural(gpus, {
      one: `${node} has no whole GPU free; the task needs #`,
      other: `${node} has ${number(fitting)} whole GPU free; the task needs #`,
    });
  }
  const [largest, share] = amountsApart('gpuMilli', largestFreeMilli, shareMilli);
  return plural(gpus, {
    one: `${node} has at most ${largest} free in one piece; the task needs ${share}`,
    other: `${node} has at most ${largest} free in one piece; the task needs # pieces of ${share}`,
  });
}

/** Why a node stands where it stands, as one sentence a part. */
export function describeRanked(ranked: RankedNode): string[] {
  return ranked.parts.map((part) => describePart(part, ranked));
}

/** One part of a node's score, what tells nodes apart first: "free for 12 h (until train-3 ends); … · time fit 0.981". */
function describePart({ policy, score, weight, reason }: ScorePart, { fit }: RankedNode): string {
  const why = reason ? describePolicy(reason) : describeFit(fit);
  const part = `${policyTitle(policy)} ${fixed(score, 3)}`;
  return weight === 1 ? `${why} · ${part}` : `${why} · ${part} × ${number(weight, 2)}`;
}

/** How a task's runtime fits a node's time. */
function describeFit({ rank, runtimeSeconds, available }: TimeFit): string {
  const because = describeSource(available);
  const free = isEndless(available) ? because : `free for ${duration(available.seconds)} (${because})`;
  switch (rank) {
    case 'outlives':
      return `${free}; the task runs ${duration(runtimeSeconds)}`;
    case 'prolongs':
      return `${free}; the task runs ${duration(runtimeSeconds - available.seconds)} longer`;
    case 'empty':
      return `empty, and could stay so (${because}); the task runs ${duration(runtimeSeconds)}`;
  }
}

/** For how long what is free on a node can run, in a column of that name: "8 h 48 min", "no end". */
export function freeForCell(available: AvailableTime): string {
  return isEndless(available) ? NO_END : duration(available.seconds);
}

function isEndless({ source, endless }: AvailableTime): boolean {
  return source === 'horizon' || (source === 'exit' && endless !== undefined);
}

/** Why a node is free for as long as it is: "until default/train-1 ends". */
export function describeSource({ source, seconds, totalSeconds, lastTask, endless }: AvailableTime): string {
  switch (source) {
    case 'exit':
      if (endless !== undefined) return `${withArticle(endless)} runs on it: no end`;
      if (lastTask === undefined) return 'until its last task ends';
      return seconds >= totalSeconds ? `${lastTask} may run longer than that` : `until ${lastTask} ends`;
    case 'deadline':
      return 'until the node ends';
    case 'turnover':
      return 'by its turnover';
    case 'derived':
      return 'by what its free amounts can run';
    case 'horizon':
      return 'nothing ends it';
  }
}

/** A kind as one of its objects: "a Deployment", "an InferenceService". */
function withArticle(kind: string): string {
  return /^[AEIO]/i.test(kind) ? `an ${kind}` : `a ${kind}`;
}

/** What the plan decides of a pending task. */
export function describePlacement({ decision }: Pick<PlacementAdvice, 'decision'>): string {
  switch (decision.kind) {
    case 'place':
      return decision.afterMigrations
        ? `this plan makes room, and places it on ${decision.to}`
        : `this plan places it on ${decision.to}`;
    case 'scheduler':
      return decision.afterMigrations
        ? `this plan makes room on ${decision.to}; then the cluster's scheduler places it`
        : `the cluster's scheduler places it; best would be ${decision.to}`;
    case 'noNode':
      return 'no node can take it now';
    case 'refused':
      return `not placed: ${missingRightText(decision.reason.missing)}`;
  }
}

/** Why nodes refuse a task, those of one reason together, with the first as example: "5 nodes: gpu-l4-1 has …". */
export function describeRefused({ nodes, example }: PlacementAdvice['refused'][number]): string {
  return `${counted(nodes, 'node')}: ${describeRefusal(example.node, example.refusal)}`;
}

/** By what a node ends. */
export function describeDeadline(source: NodeDeadline['source']): string {
  return `it ends by itself: ${DEADLINES[source]}`;
}

const DEADLINES: Readonly<Record<NodeDeadline['source'], string>> = {
  annotation: 'its annotation says so',
  expiry: 'it expires',
  spot: 'spot notice',
  maintenance: 'maintenance',
  termination: 'it is being ended',
};
