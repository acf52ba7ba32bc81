import type { ClusterIdentity } from '../../../core/model/clusterIdentity.ts';
import type { Task } from '../../../core/model/task.ts';
import { DigestBuilder, ownerKey } from '../../../core/model/usageDigest.ts';
import { RECENT_SECONDS, readKeptUsage, writeKeptUsage } from '../../../io/usageDigest.ts';
import type { UsageRecord } from '../model/usage.ts';

/** A file is not written more often, unless the cluster is closed. */
const WRITE_PAUSE_MILLISECONDS = 120_000;
/** So many readings of all tasks together are kept, some 3 MB. */
const MOST_RECENT = 100_000;

/**
 * Usage that outlives the process: the latest readings go back into the record when the cluster is opened again, and what
 * owners used goes into their digest. What needs usage does not fail because it cannot be kept.
 */
export class KeptUsage {
  readonly #directory: string;
  readonly #cluster: ClusterIdentity;
  readonly #record: UsageRecord;
  #builder: Promise<DigestBuilder> | undefined;
  #writtenAtMilliseconds = Date.now();
  #nowSeconds = 0;

  constructor(directory: string, cluster: ClusterIdentity, record: UsageRecord) {
    this.#directory = directory;
    this.#cluster = cluster;
    this.#record = record;
  }

  /** Puts what was kept into the record, once. */
  load(): Promise<DigestBuilder> {
    this.#builder ??= readKeptUsage(this.#directory, this.#cluster).then(({ digest, recent }) => {
      this.#record.load(recent);
      return new DigestBuilder(digest);
    });
    return this.#builder;
  }

  /** Takes what is new in the record into the digest, and keeps it when it is time. */
  async observe(tasks: readonly Task[], nowSeconds: number): Promise<void> {
    const builder = await this.load();
    for (const task of tasks) {
      if (task.infrastructure || task.phase !== 'running') continue;
      this.#record.visit(task.id, (reading) => builder.add(ownerKey(task), reading));
    }
    this.#nowSeconds = nowSeconds;
    if (Date.now() - this.#writtenAtMilliseconds >= WRITE_PAUSE_MILLISECONDS) await this.write();
  }

  /** Nothing where nothing was observed. */
  async write(): Promise<void> {
    if (this.#nowSeconds === 0) return;
    this.#writtenAtMilliseconds = Date.now();
    const builder = await this.load();
    const recent = this.#record.recent(this.#nowSeconds - RECENT_SECONDS, MOST_RECENT);
    const kept = { digest: builder.digest(this.#nowSeconds), recent };
    await writeKeptUsage(this.#directory, this.#cluster, kept).catch(() => {});
  }
}
