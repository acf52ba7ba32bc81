import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectRecord } from '../cluster/port.ts';
import { errorMessage } from '../core/model/errorMessage.ts';
import { InputError } from '../core/model/input.ts';
import { amountOf, resourceNames } from '../core/model/resources.ts';
import type { Since } from '../core/model/since.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { writeAtomically } from '../io/writeAtomically.ts';

const FILE_NAME = 'since.json';

/**
 * Since when conditions have held, by cluster: what one plan leaves for the next. A file that cannot be read is none.
 */
export async function readSince(stateDirectory: string, { cluster, takenAtSeconds }: Snapshot): Promise<Since> {
  const known = Object.entries((await readAll(join(stateDirectory, FILE_NAME)))[cluster] ?? {});
  return Object.fromEntries(known.filter(([, at]) => typeof at === 'number' && at <= takenAtSeconds));
}

/** @throws InputError when it cannot be written */
export async function writeSince(stateDirectory: string, cluster: string, since: Since): Promise<void> {
  const file = join(stateDirectory, FILE_NAME);
  const all = { ...(await readAll(file)), [cluster]: since };
  try {
    await writeAtomically(file, `${JSON.stringify(all, null, 1)}\n`);
  } catch (error) {
    throw new InputError(`Cannot keep since when conditions hold: ${errorMessage(error)}.`);
  }
}

/** When tasks were last shrunk, from the records that stand on them: `shrunk <task id>`. */
export function lastShrinks(records: readonly ObjectRecord[], { tasks }: Snapshot): Since {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  return Object.fromEntries(
    records.flatMap(({ record, task: reference }) => {
      const { before, startedAtSeconds } = record;
      const task = reference && byId.get(reference.id);
      if (record.kind !== 'resize' || !before || !task) return [];
      const shrank = resourceNames(before).some((name) => amountOf(task.desired, name) < amountOf(before, name));
      return shrank ? [[`shrunk ${task.id}`, startedAtSeconds]] : [];
    }),
  );
}

async function readAll(file: string): Promise<Record<string, Since>> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, Since>) : {};
  } catch {
    return {};
  }
}
