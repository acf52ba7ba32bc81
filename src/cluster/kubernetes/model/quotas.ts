import type { Quota } from '../../../core/model/snapshot.ts';
import { idOf, type Pod, type QuotaObject, type QuotaScope } from '../api/objects.ts';
import { milliValue, parseQuantity, wholeValue } from '../api/quantity.ts';
import { isOver } from './pod.ts';

/**
 * What is left of the quotas on requests, each with the tasks it counts where it does not count all of its namespace
 * (quota scopes, `pkg/quota/v1/evaluator/core/pods.go` upstream). One with a scope that we do not read is left to the
 * server's own check.
 */
export function quotasOf(objects: Iterable<QuotaObject>, pods: Iterable<Pod>): readonly Quota[] {
  return [...objects].flatMap((quota): Quota[] => {
    const { namespace = '', name = '' } = quota.metadata ?? {};
    const scopes = scopesOf(quota);
    const left = leftOf(quota);
    if (Object.keys(left).length === 0 || !scopes.every(isRead)) return [];
    if (scopes.length === 0) return [{ namespace, name, left }];
    const counted = [...pods].filter(
      (pod) => pod.metadata?.namespace === namespace && !isOver(pod) && scopes.every((scope) => isIn(scope, pod)),
    );
    return [{ namespace, name, left, taskIds: counted.map(idOf).sort() }];
  });
}

function leftOf({ status }: QuotaObject): Quota['left'] {
  const left = (...names: readonly string[]) => {
    const bounded = names.filter((name) => parseQuantity(status?.hard?.[name]) !== undefined);
    const amounts = bounded.map((name) => {
      const hard = parseQuantity(status?.hard?.[name]) ?? 0n;
      return hard - (parseQuantity(status?.used?.[name]) ?? 0n);
    });
    return amounts.sort((a, b) => (a < b ? -1 : 1))[0];
  };
  const [cpu, memory] = [left('requests.cpu', 'cpu'), left('requests.memory', 'memory')];
  return {
    ...(cpu !== undefined && { milliCpu: milliValue(cpu) }),
    ...(memory !== undefined && { memoryBytes: wholeValue(memory) }),
  };
}

/** Those of `scopes` and of the selector alike: a pod is counted where all hold. */
function scopesOf({ spec }: QuotaObject): QuotaScope[] {
  const plain = (spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }));
  return [...plain, ...(spec?.scopeSelector?.matchExpressions ?? [])];
}

function isRead({ scopeName = '' }: QuotaScope): boolean {
  return Object.hasOwn(SCOPES, scopeName);
}

const SCOPES: Readonly<Record<string, (pod: Pod, scope: QuotaScope) => boolean>> = {
  Terminating: (pod) => (pod.spec?.activeDeadlineSeconds ?? -1) >= 0,
  NotTerminating: (pod) => (pod.spec?.activeDeadlineSeconds ?? -1) < 0,
  BestEffort: (pod) => pod.status?.qosClass === 'BestEffort',
  NotBestEffort: (pod) => pod.status?.qosClass !== 'BestEffort',
  PriorityClass: ({ spec: { priorityClassName = '' } = {} }, { operator, values = [] }) => {
    switch (operator) {
      case 'In':
        return values.includes(priorityClassName);
      case 'NotIn':
        return !values.includes(priorityClassName);
      case 'DoesNotExist':
        return priorityClassName === '';
      default:
        return priorityClassName !== '';
    }
  },
};

function isIn(scope: QuotaScope, pod: Pod): boolean {
  return SCOPES[scope.scopeName ?? '']!(pod, scope);
}
