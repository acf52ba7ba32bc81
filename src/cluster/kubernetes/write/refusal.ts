import { ApiError } from '../../errors.ts';
import { type Attempt, type Refused, refuse, type ServerRefusal } from '../../refused.ts';
import type { ApiObject } from '../api/objects.ts';

/** An API server's refusal of an attempt. Anything that is not an answer of the API server is thrown on. */
export function refusalOf(error: unknown, attempt: Attempt): Refused {
  if (!(error instanceof ApiError)) throw error;
  const { status } = error;
  const message = error.message.replace(/\s+/g, ' ').trim().slice(0, MOST_CHARACTERS);
  const kind = kindOf(error);
  return refuse(CODES[kind], attempt, { code: 'server', kind, status, message });
}

/** Servers repeat whole objects in what they say; a sentence keeps the beginning. */
const MOST_CHARACTERS = 600;

const CODES: Readonly<Record<ServerRefusal, Refused['code']>> = {
  nodeTooSmall: 'noCapacity',
  budget: 'budget',
  quota: 'noCapacity',
  right: 'forbidden',
  gone: 'notFound',
  changed: 'conflict',
  qosClass: 'invalid',
  noResize: 'invalid',
  template: 'invalid',
  invalid: 'invalid',
  later: 'conflict',
};

function kindOf({ status, message, causes }: ApiError): ServerRefusal {
  if (causes.some(({ reason }) => reason === 'NodeCapacity')) return 'nodeTooSmall';
  if (causes.some(({ reason }) => reason === 'DisruptionBudget')) return 'budget';
  switch (status) {
    case 403:
      return /exceeded quota/.test(message) ? 'quota' : 'right';
    case 404:
      return 'gone';
    case 409:
      return 'changed';
    case 422:
    case 400:
      if (/QOS Class may not change/i.test(message)) return 'qosClass';
      if (/without support for resize/i.test(message)) return 'noResize';
      return /field is immutable/i.test(message) ? 'template' : 'invalid';
    default:
      return 'later';
  }
}

/** What was looked for, or why nothing can be done to it. */
export type OrRefused<T> =
  | (T & { readonly refused?: undefined })
  | ({ readonly refused: Refused } & { readonly [key in keyof T]?: undefined });

/** An object that is another one than was planned with: its name is the same, its uid is not. */
export function refuseOther(attempt: Attempt, uid: string, object: ApiObject): Refused | undefined {
  return object.metadata?.uid === uid ? undefined : refuse('notFound', attempt, { code: 'replaced' });
}
