import { ApiError, Unseen } from '../../errors.ts';
import type { ActOptions, ActResult } from '../../port.ts';
import type { Attempt, Refused } from '../../refused.ts';
import type { Connection, PatchType, RequestOptions } from '../api/connection.ts';
import type { ApiObject } from '../api/objects.ts';
import { FIELD_MANAGER } from '../model/managers.ts';
import { refusalOf } from './refusal.ts';

/** One change of one object. `merge` replaces lists; `strategic` joins containers by their names. */
export type Patch = { readonly path: string; readonly type: keyof typeof PATCH_TYPES; readonly body: object };

const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const satisfies Record<string, PatchType>;

/** How often an act is tried that meets other writers, before it is refused as a conflict. */
const TRIES = 4;

/**
 * What the server refuses becomes a value. Thrown on is what leaves open whether the act was done: that the server
 * cannot be reached, that it failed around a write, that its object cannot be looked at; and a cancelled call. An act
 * that met another's write (a kubelet's status, most often) begins again: it reads the object, and sees whether that
 * write matters.
 */
export async function trying<T = ActResult>(
  attempt: Attempt,
  options: ActOptions,
  act: () => Promise<T | Refused>,
): Promise<T | Refused> {
  for (let tries = 1; ; tries++) {
    try {
      return await act();
    } catch (error) {
      if (error instanceof ApiError && error.status === 409 && tries < TRIES) continue;
      return refusalOf(error, attempt, options);
    }
  }
}

/** The object of an act, as it is now. @throws Unseen when it cannot be read; ApiError of status 404 when it is gone */
export async function lookAt<T extends ApiObject>(
  connection: Connection,
  path: string,
  { signal }: ActOptions,
): Promise<T> {
  try {
    return await connection.send<T>(path, { signal });
  } catch (error) {
    throw error instanceof ApiError && error.status !== 404 ? new Unseen(error) : error;
  }
}

/** Sends a patch; with `dryRun` the server checks it and changes nothing. @throws ApiError when it refuses */
export function send<T extends ApiObject>(connection: Connection, patch: Patch, options: ActOptions): Promise<T> {
  const { path, type, body } = patch;
  return connection.send<T>(path, { method: 'PATCH', body, contentType: PATCH_TYPES[type], ...writing(options) });
}

/** Sends a patch that completes an act. @throws ApiError when the server refuses */
export async function patched(connection: Connection, patch: Patch, options: ActOptions): Promise<ActResult> {
  return done(await send(connection, patch, options));
}

/** The result of a request that the server accepted; generation 0 where it names none. */
export function done({ metadata }: ApiObject): Extract<ActResult, { kind: 'done' }> {
  return { kind: 'done', generation: metadata?.generation ?? 0 };
}

/** Metadata that make the server refuse a patch of an object that has changed since we read it. */
export function unchanged({ metadata }: ApiObject): object {
  return { uid: metadata?.uid, resourceVersion: metadata?.resourceVersion };
}

function writing({ dryRun, signal }: ActOptions): Pick<RequestOptions, 'query' | 'signal'> {
  const query = { fieldManager: FIELD_MANAGER, fieldValidation: 'Strict', dryRun: dryRun ? 'All' : undefined };
  return { query, signal };
}
