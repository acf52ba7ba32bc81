import type { Refused } from '../../port.ts';
import { ApiError } from '../api/connection.ts';
import type { ApiObject } from '../api/objects.ts';

/**
 * A server's refusal in the user's words: the object, why (the server's numbers), what to do. Anything that is not an
 * answer of the API server is thrown on.
 * @param attempt what was tried, as the start of a sentence: `Resize pod team/train-1`
 */
export function refusalOf(error: unknown, attempt: string): Refused {
  if (!(error instanceof ApiError)) throw error;
  const { status, message, causes } = error;
  const said = message.replace(/\s+/g, ' ').trim().slice(0, 600);
  const refuse = (code: Refused['code'], advice: string): Refused => ({
    kind: 'refused',
    code,
    reason: `${attempt}: refused, ${said || `status ${status}`}. ${advice}`.replace('..', '.'),
  });
  if (causes.some(({ reason }) => reason === 'NodeCapacity')) {
    return refuse('noCapacity', 'The node is too small for it; choose a smaller amount or migrate the task.');
  }
  if (causes.some(({ reason }) => reason === 'DisruptionBudget')) {
    return refuse('budget', 'Wait until more of its pods are healthy, then plan again.');
  }
  switch (status) {
    case 403:
      return /exceeded quota/.test(message)
        ? refuse('noCapacity', 'The namespace’s quota is used up; ask for more, or free some.')
        : refuse('forbidden', 'Ask an administrator for this right (media/rbac names the roles), or plan without it.');
    case 404:
      return refuse('notFound', 'It is gone; plan again.');
    case 409:
      return refuse('conflict', 'It was changed by someone else at the same moment; plan again.');
    case 422:
    case 400:
      return refuse('invalid', adviceFor(message));
    default:
      return refuse('conflict', 'The server could not do it now; try again.');
  }
}

export function refuse(code: Refused['code'], reason: string): Refused {
  return { kind: 'refused', code, reason };
}

/** What was looked for, or why nothing can be done to it. */
export type OrRefused<T> =
  | (T & { readonly refused?: undefined })
  | ({ readonly refused: Refused } & { readonly [key in keyof T]?: undefined });

/** An object that is another one than was planned with: its name is the same, its uid is not. */
export function refuseOther(attempt: string, uid: string, object: ApiObject): Refused | undefined {
  if (object.metadata?.uid === uid) return undefined;
  return refuse('notFound', `${attempt}: it is gone, and another of the same name has taken its place. Plan again.`);
}

/** An object that was changed since the plan was made. */
export function refuseChanged(attempt: string, planned: number, generation = 0): Refused | undefined {
  if (planned === generation) return undefined;
  return refuse(
    'conflict',
    `${attempt}: it was changed since the plan was made (generation ${generation}, planned at ${planned}). Plan again.`,
  );
}

function adviceFor(message: string): string {
  if (/QOS Class may not change/i.test(message)) {
    return 'A resize must keep the quality-of-service class; choose amounts that keep requests and limits related as they are.';
  }
  if (/without support for resize/i.test(message)) return 'Its node cannot resize in place; migrate the task instead.';
  if (/field is immutable/i.test(message))
    return 'This server does not let a Job’s template change now; resume it without a pin.';
  return 'Plan again; if it stays, this cluster does not allow the move.';
}
