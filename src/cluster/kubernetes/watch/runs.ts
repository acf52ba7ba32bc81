import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { soundRow } from '../../../core/history/rows.ts';
import { type FinishedTask, isFinishedTask, isRowFault } from '../../../core/model/finished.ts';
import { jsonText } from '../../../core/model/jsonText.ts';
import { withLock } from '../../../io/lock.ts';
import { makeFolder } from '../../../io/makeFolder.ts';
import { appendOwn, readOwn } from '../../../io/ownFiles.ts';
import { MIB } from '../../../io/readWhole.ts';
import { writeAtomically } from '../../../io/writeAtomically.ts';

/** The newest runs that are kept: more than any planner learns from, some 20 MB on disk. */
const MOST_RUNS = 50_000;
const MOST_BYTES = 256 * MIB;

/**
 * Our own record of the runs of one cluster, kept across sessions because the API server forgets them: with the Job,
 * with its time to live, or at 12,500 finished pods. One JSON line a run in `<directory>/runs-<digest of the
 * cluster>.jsonl`; a line that is not a run (a crash cut it off) is passed over.
 */
export class RunRecord {
  readonly #file: string;
  #runs: Map<string, FinishedTask> | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(directory: string, cluster: string) {
    const name = createHash('sha256').update(cluster).digest('hex').slice(0, 16);
    this.#file = join(directory, `runs-${name}.jsonl`);
  }

  /** All runs, those given now included, each once, by their end. What was not known before is written. */
  async merge(found: readonly FinishedTask[]): Promise<FinishedTask[]> {
    const runs = await this.#load();
    const added = found.filter((run) => !runs.has(keyOf(run)));
    for (const run of added) runs.set(keyOf(run), run);
    if (runs.size > MOST_RUNS) await this.#queue(() => this.#rewrite(runs));
    else if (added.length > 0) await this.#queue(() => this.#append(added));
    return [...runs.values()].sort((a, b) => a.endedAtSeconds - b.endedAtSeconds);
  }

  async #load(): Promise<Map<string, FinishedTask>> {
    if (this.#runs) return this.#runs;
    const runs = await this.#read();
    this.#runs ??= runs;
    return this.#runs;
  }

  async #read(): Promise<Map<string, FinishedTask>> {
    const text = (await readOwn(this.#file, MOST_BYTES).catch(() => undefined)) ?? '';
    const runs = new Map<string, FinishedTask>();
    for (const line of text.split('\n')) {
      const run = parse(line);
      if (run) runs.set(keyOf(run), run);
    }
    return runs;
  }

  /**
   * One write after the other, also of other processes. What needs the runs does not fail because they cannot be
   * written.
   */
  #queue(write: () => Promise<void>): Promise<void> {
    const alone = async () => {
      await makeFolder(dirname(this.#file));
      await withLock(this.#file, write);
    };
    this.#writing = this.#writing.then(alone).catch(() => {});
    return this.#writing;
  }

  #append(runs: readonly FinishedTask[]): Promise<void> {
    return appendOwn(this.#file, runs.map((run) => `${jsonText(run)}\n`).join(''));
  }

  /**
   * The newest nine tenths, so that not every further run rewrites the file; of those that others have added, too.
   */
  async #rewrite(runs: Map<string, FinishedTask>): Promise<void> {
    for (const [key, run] of await this.#read()) if (!runs.has(key)) runs.set(key, run);
    const newest = [...runs.values()].sort((a, b) => a.endedAtSeconds - b.endedAtSeconds).slice(-MOST_RUNS * 0.9);
    runs.clear();
    for (const run of newest) runs.set(keyOf(run), run);
    await writeAtomically(this.#file, newest.map((run) => `${jsonText(run)}\n`).join(''), true);
  }
}

/** Another task may have the same name, but not the same start. */
function keyOf({ id, startedAtSeconds }: FinishedTask): string {
  return `${id} ${startedAtSeconds}`;
}

function parse(line: string): FinishedTask | undefined {
  if (line === '') return undefined;
  try {
    const run: unknown = JSON.parse(line);
    return isFinishedTask(run) && !isRowFault(soundRow(run as FinishedTask)) ? (run as FinishedTask) : undefined;
  } catch {
    return undefined;
  }
}
