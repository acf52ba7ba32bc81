import type { PolicyReason } from '../core/place/policies/reason.ts';
import { isRankingPolicy, type RankingPolicy } from '../core/place/policyNames.ts';
import { duration, fixed, list, number, percent, plural } from './format.ts';

/** Every sentence about what policies prefer, and why one gives a node its score. */

/** What a policy that can be mixed prefers. */
export const PREFERENCES: Readonly<Record<RankingPolicy, string>> = {
  timeFit: 'free for just long enough: available time closest above the runtime',
  stowage: 'what expected tasks can still fill of the node, less prices of what is scarce',
  'stowage-time': 'the least longer hold of a node, against fit and fragments of the capacity',
  fgd: 'the least growth of GPU fragments (FGD)',
  bestFit: 'least left over',
  dotProduct: 'free capacity least aligned with the request',
  gpuPacking: 'GPUs in use before free ones',
  gpuClustering: 'nodes with tasks of the same kind',
  leastAllocated: 'the emptiest node (kube-scheduler)',
  mostAllocated: 'the fullest node (kube-scheduler)',
  requestedToCapacityRatio: 'a use of CPU and memory along a shape (kube-scheduler)',
  balancedAllocation: 'CPU and memory used alike (kube-scheduler)',
  nilas: 'the least prolonged hold in steps, then best fit (like NILAS)',
  lava: 'nodes of the same lifetime class (like LAVA)',
};

/** What a policy is called in a sentence or a head; one that is not known by its own name. */
export function policyTitle(policy: string): string {
  return isRankingPolicy(policy) ? TITLES[policy] : policy;
}

const TITLES: Readonly<Record<RankingPolicy, string>> = {
  timeFit: 'time fit',
  stowage: 'stowage',
  'stowage-time': 'stowage with time',
  fgd: 'FGD',
  bestFit: 'best fit',
  dotProduct: 'dot product',
  gpuPacking: 'GPU packing',
  gpuClustering: 'GPU clustering',
  leastAllocated: 'least allocated',
  mostAllocated: 'most allocated',
  requestedToCapacityRatio: 'requested to capacity',
  balancedAllocation: 'balanced allocation',
  nilas: 'NILAS',
  lava: 'LAVA',
};

/** What a policy prefers, by its name; nothing of one that is not known. */
export function describePreference(policy: string): string {
  return isRankingPolicy(policy) ? PREFERENCES[policy] : '';
}

export function describePolicy(reason: PolicyReason): string {
  switch (reason.code) {
    case 'any':
      return 'Every node that fits is as good as another.';
    case 'noGpu':
      return 'The task asks for no GPU: all nodes score 0.';
    case 'alignment':
      return `Scores ${number(reason.score)}: free capacity and request point the same way by ${fixed(reason.cpu, 2)} in CPU and ${fixed(reason.gpu, 2)} in GPUs; less is better.`;
    case 'leftover':
      return `Scores ${number(reason.score)}: ${percent(reason.cpuFraction, 2)} of a large node's CPU and ${percent(reason.gpuFraction, 2)} of its GPUs would stay free.`;
    case 'gpuPacking':
      return describePacking(reason);
    case 'clustering':
      return describeClustering(reason);
    case 'fragments':
      return reason.growthMilli > 0
        ? `Scores ${number(reason.score)}: GPU capacity the expected tasks cannot use grows by ${gpus(reason.growthMilli)}.`
        : `Scores ${number(reason.score)}: GPU capacity the expected tasks cannot use shrinks by ${gpus(reason.growthMilli)}.`;
    case 'requested':
      return `Scores ${number(reason.score)}: with the task ${percent(reason.cpuFraction)} of CPU and ${percent(reason.memoryFraction)} of memory are asked for.`;
    case 'worth':
      return describeWorthOfNode(reason);
    case 'hold':
      return `${describeHold(reason.seconds)} ${describePolicy(reason.among)}`;
    case 'holdAndFit': {
      const space = reason.space ? [describePolicy(reason.space)] : [];
      const fit = `It fits the node's capacity by ${number(reason.fit)} of 100.`;
      return [...space, describeHold(reason.seconds), fit].join(' ');
    }
    case 'lifetimes':
      return `${LIFETIMES[reason.tasks]} ${describePolicy(reason.among)}`;
  }
}

function describeHold(seconds: number): string {
  return Math.round(seconds / 60) > 0
    ? `The task would hold the node ${duration(seconds)} longer.`
    : 'The task ends before the node empties.';
}

const LIFETIMES: Readonly<Record<Extract<PolicyReason, { code: 'lifetimes' }>['tasks'], string>> = {
  none: 'The node is empty and could stay so.',
  others: 'The node holds tasks of other lifetimes.',
  same: 'The node holds tasks of the same lifetime.',
  longer: 'The node is filled with longer tasks; this one ends before them.',
};

function describePacking({ score, gpus: where, whole }: Extract<PolicyReason, { code: 'gpuPacking' }>): string {
  switch (where) {
    case 'empty':
      return `Scores ${number(score)}: all GPUs of the node are free, so it is kept for later.`;
    case 'whole':
      return plural(whole, {
        one: `Scores ${number(score)}: it would break into # free GPU of a node in use.`,
        other: `Scores ${number(score)}: it would break into # free GPUs of a node in use.`,
      });
    case 'inUse':
      return `Scores ${number(score)}: it fits into GPUs that are in use.`;
  }
}

function describeClustering(reason: Extract<PolicyReason, { code: 'clustering' }>): string {
  const [score, points, fill] = [reason.score, reason.points, reason.fill].map((value) => number(value));
  switch (reason.tasks) {
    case 'sameKind':
      return `Scores ${score}: only tasks of its kind run there (${points}), GPUs in use count ${fill}.`;
    case 'mixed':
      return `Scores ${score}: tasks of its kind run there among others (${points}), GPUs in use count ${fill}.`;
    case 'none':
      return `Scores ${score}: no GPU task runs there (${points}), GPUs in use count ${fill}.`;
    case 'otherKinds':
      return `Scores ${score}: only tasks of other kinds run there (${points}), GPUs in use count ${fill}.`;
  }
}

/** A cost below this is not worth a word, in milli-GPU. */
const LEAST_COST = 0.5;

function describeWorthOfNode(reason: Extract<PolicyReason, { code: 'worth' }>): string {
  const { value, packing, blocks, cpu, model } = reason;
  const costs = [
    ...(packing < -LEAST_COST ? [`${gpus(packing)} for a rest that little fits`] : []),
    ...(blocks < -LEAST_COST ? [`${gpus(blocks)} for breaking blocks of whole GPUs`] : []),
    ...(cpu < -LEAST_COST ? [`${gpus(cpu)} for scarce CPU`] : []),
    ...(model < -LEAST_COST ? [`${gpus(model)} for a model in demand`] : []),
  ];
  const worth =
    value >= 0
      ? `Expected tasks could then fill ${gpus(value)} more of the rest of this node`
      : `Expected tasks could then fill ${gpus(value)} less of the rest of this node`;
  return costs.length > 0 ? `${worth}; it pays ${list(costs)}.` : `${worth}.`;
}

function gpus(milli: number): string {
  return `${fixed(Math.abs(milli) / 1000, 2)} GPU`;
}
