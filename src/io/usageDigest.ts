import { join } from 'node:path';
import type { ClusterIdentity } from '../core/model/clusterIdentity.ts';
import { isRecord } from '../core/model/isRecord.ts';
import { jsonText } from '../core/model/jsonText.ts';
import { usageFileName } from '../core/model/stateFiles.ts';
import {
  joinDigests,
  joinReadings,
  type OwnerHour,
  type RecentReadings,
  type Spread,
  type TaskReadings,
  type UsageDigest,
} from '../core/model/usageDigest.ts';
import { changeOwn, readOwn } from './ownFiles.ts';
import { MIB } from './readWhole.ts';
import { writeAtomically } from './writeAtomically.ts';

/** What is kept of a cluster's usage while nobody looks at it. */
export type KeptUsage = {
  readonly digest: UsageDigest;
  /** Of the last half hour before it was written. */
  readonly recent: RecentReadings;
};

const FORMAT = 'stowage-usage-1';
/** Some times what the bounds of a digest and of readings let be. */
const MOST_BYTES = 64 * MIB;

/**
 * What owners of a cluster used hour by hour, over up to 14 days, by `ownerKey`, hours ascending, with the latest
 * readings (`usage/<key>.json` of the state directory). Written by whoever has the cluster open, every few minutes; by
 * the sample when it is opened. Both are empty where nothing is kept; what is damaged in the file is left out.
 */
export async function readKeptUsage(stateDirectory: string, cluster: ClusterIdentity): Promise<KeptUsage> {
  return parse(await readOwn(join(stateDirectory, usageFileName(cluster)), MOST_BYTES).catch(() => undefined));
}

function parse(text: string | undefined): KeptUsage {
  let file: unknown;
  try {
    file = JSON.parse(text ?? '{}');
  } catch {
    file = undefined;
  }
  if (!isRecord(file) || file['format'] !== FORMAT) return { digest: {}, recent: {} };
  return { digest: sound(file['owners'], hoursOf), recent: sound(file['recent'], readingsOf) };
}

/** Joins it with what other processes have kept meanwhile. @throws InputError where others keep writing it; a system error */
export function writeKeptUsage(stateDirectory: string, cluster: ClusterIdentity, kept: KeptUsage): Promise<void> {
  const now = latestOf(kept);
  return changeOwn(join(stateDirectory, usageFileName(cluster)), MOST_BYTES, (text) => {
    const before = parse(text);
    return format({
      digest: joinDigests(before.digest, kept.digest, now),
      recent: joinReadings(kept.recent, before.recent, now - RECENT_SECONDS),
    });
  });
}

/** Puts it in the place of what was kept: it is all that there is to know. @throws a system error */
export function replaceKeptUsage(stateDirectory: string, cluster: ClusterIdentity, kept: KeptUsage): Promise<void> {
  return writeAtomically(join(stateDirectory, usageFileName(cluster)), format(kept), true);
}

/** Readings of so long are kept: the usual window of a task's usage. */
export const RECENT_SECONDS = 30 * 60;

/** When something was read last; 0 where nothing was. */
function latestOf({ digest, recent }: KeptUsage): number {
  const hours = Object.values(digest).map((each) => each.at(-1)?.hourSeconds ?? 0);
  const readings = Object.values(recent).map(({ atSeconds }) => atSeconds.at(-1) ?? 0);
  return [...hours, ...readings].reduce((latest, each) => Math.max(latest, each), 0);
}

function format({ digest, recent }: KeptUsage): string {
  const rows = Object.entries(digest).map(([owner, hours]) => [owner, hours.map(rowOf)]);
  return jsonText({ format: FORMAT, owners: Object.fromEntries(rows), recent });
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
  return Array.isArray(value) && value.every((each) => typeof each === 'number' && each >= 0 && each <= LARGEST);
}

/** An exbibyte; no time, count or amount of ours is more. */
const LARGEST = 2 ** 60;
