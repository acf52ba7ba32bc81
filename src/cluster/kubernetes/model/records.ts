import { isResources } from '../../../core/model/resources.ts';
import type { MoveRecord } from '../../port.ts';
import type { ApiObject } from '../api/objects.ts';

/** Where the record of a move stands on the object it touches. */
export const RECORD = 'stowage.dev/move';

/** The record of ours on an object; undefined when there is none, or it is not one that we wrote. */
export function readRecord(object: ApiObject): MoveRecord | undefined {
  const text = object.metadata?.annotations?.[RECORD];
  if (text === undefined || text.length > LONGEST) return undefined;
  try {
    const record: unknown = JSON.parse(text);
    return isMoveRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

const LONGEST = 10_000;

function isMoveRecord(value: unknown): value is MoveRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { planId, moveId, kind, startedAtSeconds, before, request, allocation } = value as Record<string, unknown>;
  return (
    [before, request, allocation].every((amounts) => amounts === undefined || isResources(amounts)) &&
    typeof planId === 'string' &&
    typeof moveId === 'string' &&
    (kind === 'resize' || kind === 'migration') &&
    Number.isFinite(startedAtSeconds)
  );
}
