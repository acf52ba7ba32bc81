import type { Action, Rights } from './snapshot.ts';

/**
 * The right that an action lacks in a namespace, such as `patch pods/resize`; undefined where it may be done. What is
 * refused in the namespace itself goes before what is refused everywhere (`*`): it is the nearer reason.
 */
export function missingRight(rights: Rights, action: Action, namespace: string): string | undefined {
  const refused = rights[action];
  if (refused === undefined) return undefined;
  return Object.hasOwn(refused, namespace) ? refused[namespace] : refused['*'];
}

/** The right that an action lacks in every namespace; undefined where it may be done in some. */
export function missingEverywhere(rights: Rights, action: Action): string | undefined {
  return rights[action]?.['*'];
}
