import type { Hash } from '../model/hash.ts';

/** Digest of a plain value's JSON: equal before and after a way through JSON. */
export function digest(value: unknown, hash: Hash): string {
  return hash(JSON.stringify(value));
}
