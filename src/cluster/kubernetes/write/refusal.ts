import { ApiError, Unseen } from '../../errors.ts';
import type { ActOptions } from '../../port.ts';
import { type Attempt, type Refused, refuse, type ServerRefusal } from '../../refused.ts';
import type { ApiObject } from '../api/objects.ts';

/**
 * An API server's refusal of an attempt. What is no answer of the API server is thrown on, and so is what does not tell
 * whether the attempt was done: that the object may not be looked at, or that a write met a server that was busy or
 * failing. A dry run writes nothing, so the same answer to it is a refusal for now.
 */
export function refusalOf(error: unknown, attempt: Attempt, { dryRun }: Pick<ActOptions, 'dryRun'>): Refused {
  if (!(error instanceof ApiError) || error instanceof Unseen) throw error;
  if (error.isPassing && !dryRun) throw error;
  const { status, retryAfterSeconds } = error;
  const message = error.message.replace(/\s+/g, ' ').trim().slice(0, MOST_CHARACTERS);
  const kind = kindOf(error);
  const pause = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  return refuse(CODES[kind], attempt, { code: 'server', kind, status, message, ...pause });
}

/** Servers repeat whole objects in what they say; a sentence keeps the beginning. */
const MOST_CHARACTERS = 600;

const CODES: Readonly<Record<ServerRefusal, Refused['code']>> = {
  nodeTooSmall: 'noCapacity',
  budget: 'budget',
  quota: 'noCapacity',
  right: 'forbidden',
  limitRange: 'invalid',
  podSecurity: 'invalid',
  policy: 'invalid',
  forbidden: 'invalid',
  gone: 'notFound',
  changed: 'conflict',
  qosClass: 'invalid',
  noResize: 'invalid',
  template: 'invalid',
  invalid: 'invalid',
  later: 'conflict',
};

function kindOf(error: ApiError): ServerRefusal {
  const { status, message, causes } = error;
  if (causes.some(({ reason }) => reason === 'NodeCapacity')) return 'nodeTooSmall';
  if (causes.some(({ reason }) => reason === 'DisruptionBudget')) return 'budget';
  if (error.isPassing) return 'later';
  // A webhook or a policy chooses its status itself.
  const denied = DENIALS.find(([words]) => words.test(message));
  if (denied) return denied[1];
  switch (status) {
    case 403:
      return 'forbidden';
    case 404:
      return 'gone';
    case 409:
      return 'changed';
    case 422:
      return /field is immutable/i.test(message) ? 'template' : 'invalid';
    default:
      return 'invalid';
  }
}

/** By the words of Kubernetes 1.36 (authorization, admission plugins, validation); the first that fit. */
const DENIALS: readonly (readonly [words: RegExp, kind: ServerRefusal])[] = [
  [/admission webhook ".*" denied the request/, 'policy'],
  [/ValidatingAdmissionPolicy '.*' .*denied request/, 'policy'],
  [/violates PodSecurity/, 'podSecurity'],
  [/exceeded quota|failed quota|status unknown for quota|insufficient quota/, 'quota'],
  [/(minimum|maximum) \S+ usage per |max limit to request ratio per /, 'limitRange'],
  [/\bcannot \S+ (resource|path) "/, 'right'],
  [/QOS Class may not change/i, 'qosClass'],
  [/without support for resize/i, 'noResize'],
];

/** What was looked for, or why nothing can be done to it. */
export type OrRefused<T> =
  | (T & { readonly refused?: undefined })
  | ({ readonly refused: Refused } & { readonly [key in keyof T]?: undefined });

/** An object that is another one than was planned with: its name is the same, its uid is not. */
export function refuseOther(attempt: Attempt, uid: string, object: ApiObject): Refused | undefined {
  return object.metadata?.uid === uid ? undefined : refuse('notFound', attempt, { code: 'replaced' });
}
