import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterIdentity } from '../core/model/clusterIdentity.ts';
import { isRecord } from '../core/model/isRecord.ts';
import { usageFileName } from '../core/model/stateFiles.ts';
import type { OwnerHour, RecentReadings, Spread, TaskReadings, UsageDigest } from '../core/model/usageDigest.ts';
import { writeAtomically } from './writeAtomically.ts';

/** What is kept of a cluster's usage while nobody looks at it. */
export type KeptUsage = {
  readonly digest: UsageDigest;
  /** Of the last half hour before it was written. */
  readonly recent: RecentReadings;
};

const FORMAT = 'stowage-usage-1';

/**
 * What owners of a cluster used hour by hour, over up to 14 days (`usage/<key>.json` of the state directory). Written by
 * whoever has the cluster open, every few minutes; by the sample when it is opened.
 * @returns by `ownerKey`, hours ascending; empty where nothing is kept or the file is damaged
 */
export async function readUsageDigest(stateDirectory: string, cluster: ClusterIdentity): Promise<UsageDigest> {
  return (await readKeptUsage(stateDirectory, cluster)).digest;
}

/** The digest with the latest readings; both are empty where nothing is kept. What is damaged in the file is left out. */
export async function readKeptUsage(stateDirectory: string, cluster: ClusterIdentity): Promise<KeptUsage> {
  const file: unknown = await readFile(join(stateDirectory, usageFileName(cluster)), 'utf8')
    .then(JSON.parse)
    .catch(() => undefined);
  if (!isRecord(file) || file['format'] !== FORMAT) return { digest: {}, recent: {} };
  return { digest: sound(file['owners'], hoursOf), recent: sound(file['recent'], readingsOf) };
}

/** Of two processes that write, the later wins. @throws a system error */
export function writeKeptUsage(stateDirectory: string, cluster: ClusterIdentity, kept: KeptUsage): Promise<void> {
  const rows = Object.entries(kept.digest).map(([owner, hours]) => [owner, hours.map(rowOf)]);
  const file = { format: FORMAT, owners: Object.fromEntries(rows), recent: kept.recent };
  return writeAtomically(join(stateDirectory, usageFileName(cluster)), JSON.stringify(file));
}

function rowOf({ hourSeconds, readings, milliCpu, memoryBytes }: OwnerHour): number[] {
  const spread = ({ p50, p95, max }: Spread) => [p50, p95, max];
  return [hourSeconds, readings, ...spread(milliCpu), ...spread(memoryBytes)];
}

/** The entries that are what they should be. */
function sound<T>(entries: unknown, parse: (value: unknown) => T | undefined): Record<string, T> {
  if (!isRecord(entries)) return {};
  const parsed = Object.entries(entries).flatMap(([key, value]): [string, T][] => {
    const entry = parse(value);
    return entry === undefined ? [] : [[key, entry]];
  });
  return Object.fromEntries(parsed);
}

function hoursOf(value: unknown): readonly OwnerHour[] | undefined {
  if (!Array.isArray(value) || !value.every((row) => isNumbers(row) && row.length === 8)) return undefined;
  return (value as number[][]).map((row) => {
    const [hourSeconds, readings, c50, c95, cMax, m50, m95, mMax] = row as [...OwnerRow];
    return {
      hourSeconds,
      readings,
      milliCpu: { p50: c50, p95: c95, max: cMax },
      memoryBytes: { p50: m50, p95: m95, max: mMax },
    };
  });
}

type OwnerRow = [number, number, number, number, number, number, number, number];

function readingsOf(value: unknown): TaskReadings | undefined {
  if (!isRecord(value) || typeof value['uid'] !== 'string') return undefined;
  const { atSeconds, fromSeconds, milliCpu, memoryBytes } = value;
  const columns = [atSeconds, fromSeconds, milliCpu, memoryBytes];
  const even = columns.every((column) => isNumbers(column) && column.length === (atSeconds as unknown[]).length);
  return even ? (value as TaskReadings) : undefined;
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(Number.isFinite);
}
