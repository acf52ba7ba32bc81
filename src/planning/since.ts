import { join } from 'node:path';
import { isRecord } from '../core/model/isRecord.ts';
import { jsonText } from '../core/model/jsonText.ts';
import { withoutPasswords } from '../core/model/plain.ts';
import { isMapOf, isNumber } from '../core/model/shape.ts';
import type { Since } from '../core/model/since.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { naming } from '../core/model/systemError.ts';
import { changeOwn, readOwn } from '../io/ownFiles.ts';
import { MIB } from '../io/readWhole.ts';

const FILE_NAME = 'since.json';
const MOST_BYTES = 64 * MIB;

/**
 * Since when conditions have held, by cluster: what one plan leaves for the next. A file that cannot be read is none.
 */
export async function readSince(stateDirectory: string, { cluster, takenAtSeconds }: Snapshot): Promise<Since> {
  const text = await readOwn(join(stateDirectory, FILE_NAME), MOST_BYTES).catch(() => undefined);
  const known = Object.entries(parse(text)[cluster] ?? {});
  return Object.fromEntries(known.filter(([, at]) => at >= 0 && at <= takenAtSeconds));
}

/** Keeps it beside what is kept of other clusters. @throws a system error */
export async function writeSince(stateDirectory: string, cluster: string, since: Since): Promise<void> {
  const file = join(stateDirectory, FILE_NAME);
  try {
    await changeOwn(file, MOST_BYTES, (text) => `${jsonText({ ...parse(text), [cluster]: since }, 1)}\n`);
  } catch (error) {
    throw naming(file, error);
  }
}

/** When tasks were last shrunk, as it stands on them: `shrunk <task id>`. What is not past counts as never. */
export function lastShrinks({ tasks, takenAtSeconds }: Snapshot): Since {
  return Object.fromEntries(
    tasks.flatMap(({ id, lastShrunkAtSeconds: at }) =>
      at === undefined || at > takenAtSeconds ? [] : [[`shrunk ${id}`, at]],
    ),
  );
}

/** By cluster; what is not of this shape is left out. */
function parse(text: string | undefined): Record<string, Since> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    if (!isRecord(value)) return {};
    // Names of clusters once had the password of their address with them.
    const named = Object.entries(value).map(([cluster, since]) => [withoutPasswords(cluster), since]);
    return Object.fromEntries(named.filter(([, since]) => isTimes(since))) as Record<string, Since>;
  } catch {
    return {};
  }
}

const isTimes = isMapOf(isNumber);
