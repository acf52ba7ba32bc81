import { InputError } from '../../../core/model/input.ts';
import { isPlainLine } from '../../../core/model/plain.ts';
import type { Checkpoint, TaskParameters } from '../../../core/model/task.ts';
import type { ParameterKeys } from '../../port.ts';
import { type Metadata, type Pod, type Strings, secondsOf } from '../api/objects.ts';
import { parseQuantity } from '../api/quantity.ts';
import { type Ownership, QUEUE_LABEL } from './owner.ts';

export const DEFAULT_PARAMETER_KEYS: ParameterKeys = {
  creator: [
    'stowage.dev/creator',
    'app.kubernetes.io/created-by',
    'kubeflow.org/creator',
    'workflows.argoproj.io/creator',
    'creator',
    'user',
    'owner',
  ],
  type: [
    'stowage.dev/type',
    'training.kubeflow.org/replica-type',
    'ray.io/node-type',
    'volcano.sh/task-spec',
    'jobset.sigs.k8s.io/replicatedjob-name',
    'app.kubernetes.io/component',
  ],
  framework: ['stowage.dev/framework', 'app.kubernetes.io/name'],
  dataScale: ['stowage.dev/data-scale'],
  queue: [QUEUE_LABEL, 'volcano.sh/queue-name', 'scheduling.volcano.sh/queue-name', 'queue'],
  requestedRuntime: ['stowage.dev/requested-runtime'],
};

/**
 * The given names before the usual ones.
 * @throws InputError for a parameter that is none of S201's, or names that are none
 */
export function withUsualKeys(own: Partial<ParameterKeys> = {}): ParameterKeys {
  const keys: Record<string, readonly string[]> = { ...DEFAULT_PARAMETER_KEYS };
  for (const [parameter, names] of Object.entries(own)) {
    const usual = Object.hasOwn(keys, parameter) ? keys[parameter] : undefined;
    if (!usual) {
      throw new InputError(`A task has no parameter "${parameter}". Choose among: ${Object.keys(keys).join(', ')}.`);
    }
    if (!Array.isArray(names) || names.some((name) => typeof name !== 'string')) {
      throw new InputError(`The labels for "${parameter}" must be a list of names, not ${JSON.stringify(names)}.`);
    }
    keys[parameter] = [...new Set([...names, ...usual])];
  }
  return keys as ParameterKeys;
}

/** S201 from a pod (or a Job's template) and what owns it. The creator falls back to the namespace. */
export function taskParameters(
  metadata: Metadata,
  ownership: Ownership,
  limitSeconds: number | undefined,
  keys: ParameterKeys = DEFAULT_PARAMETER_KEYS,
): TaskParameters {
  const { labels = {}, annotations = {} } = metadata;
  const find = (names: readonly string[]) => lookUp(names, labels, annotations);
  const creator = find(keys.creator) ?? metadata.namespace;
  const type = find(keys.type);
  const framework = find(keys.framework) ?? FRAMEWORKS[ownership.owner?.kind ?? ''];
  const scale = parseAmount(find(keys.dataScale));
  const queue = find(keys.queue);
  const runtime = parseDuration(find(keys.requestedRuntime)) ?? limitSeconds;
  return {
    ...(creator === undefined ? {} : { creator }),
    ...(type === undefined ? {} : { type }),
    ...(framework === undefined ? {} : { framework }),
    ...(scale === undefined ? {} : { dataScale: scale }),
    ...(ownership.recurringName === '' ? {} : { name: ownership.recurringName }),
    ...(queue === undefined ? {} : { queue }),
    ...(runtime === undefined ? {} : { requestedRuntimeSeconds: runtime }),
  };
}

/**
 * Where a task's progress is saved, from `stowage.dev/checkpoint` and the time in `stowage.dev/checkpoint-saved-at`.
 */
export function checkpointOf(pod: Pod): Checkpoint | undefined {
  const annotations = pod.metadata?.annotations ?? {};
  const location = plainValue(annotations['stowage.dev/checkpoint']);
  if (location === undefined) return undefined;
  const savedAtSeconds = secondsOf(annotations['stowage.dev/checkpoint-saved-at']);
  return savedAtSeconds === undefined ? { location } : { location, savedAtSeconds };
}

/**
 * Seconds of `90`, `90s`, `1h30m`, `2d`; undefined when it is none of these or not more than 0.
 * Karpenter and Go write `720h0m0s`.
 */
export function parseDuration(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return bounded(Number(text), LONGEST_SECONDS);
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    seconds += Number(amount) * SECONDS[unit as keyof typeof SECONDS];
  }
  return bounded(seconds, LONGEST_SECONDS);
}

const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86400 };

/** What the owner's kind says of the framework. */
const FRAMEWORKS: Readonly<Record<string, string>> = {
  PyTorchJob: 'pytorch',
  TFJob: 'tensorflow',
  MPIJob: 'mpi',
  XGBoostJob: 'xgboost',
  PaddleJob: 'paddle',
  JAXJob: 'jax',
  TrainJob: 'kubeflow',
  RayJob: 'ray',
  RayCluster: 'ray',
  RayService: 'ray',
  SparkApplication: 'spark',
};

/** A label's value ends at 63 characters; an annotation may be a quarter of a megabyte, which names nothing. */
const LONGEST_VALUE = 253;

function lookUp(names: readonly string[], labels: Strings, annotations: Strings): string | undefined {
  for (const name of names) {
    const value = plainValue(labels[name]) ?? plainValue(annotations[name]);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Anyone who may create a pod writes its annotations; a value that a terminal would obey, or nobody see, is none. */
function plainValue(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_VALUE && isPlainLine(value)
    ? value
    : undefined;
}

/** A number or a quantity (`40Gi`), in its own unit. */
function parseAmount(text: string | undefined): number | undefined {
  const quantity = text === undefined ? undefined : parseQuantity(text);
  return quantity === undefined ? undefined : bounded(Number(quantity) / 1e9, LARGEST);
}

/** A number above 0 that may be true. */
function bounded(value: number, most: number): number | undefined {
  return value > 0 && value <= most ? value : undefined;
}

/** 100 years; as much of whatever data is counted in as an exbibyte has bytes. */
const LONGEST_SECONDS = 100 * 365.25 * 86_400;
const LARGEST = 2 ** 60;
