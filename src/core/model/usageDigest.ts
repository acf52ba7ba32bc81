import type { Owner, Task } from './task.ts';

/**
 * What owners used, hour by hour: what is kept of usage when its readings are gone. By `ownerKey`, hours ascending; an
 * hour in which nothing was read has no entry.
 */
export type UsageDigest = Readonly<Record<string, readonly OwnerHour[]>>;

/** All readings of an owner's tasks in one hour; each is the rate of one task. */
export type OwnerHour = {
  /** When the hour began, epoch seconds. */
  readonly hourSeconds: number;
  readonly readings: number;
  readonly milliCpu: Spread;
  readonly memoryBytes: Spread;
};

/** The median and the 95th percentile within 2.5 % (`DigestBuilder`), and the highest. */
export type Spread = { readonly p50: number; readonly p95: number; readonly max: number };

/** Amounts that were read of one task, over the span that ends at `atSeconds`. */
export type Reading = { readonly atSeconds: number; readonly milliCpu: number; readonly memoryBytes: number };

/** The latest readings of running tasks, oldest first, in columns, by task id. */
export type RecentReadings = Readonly<Record<string, TaskReadings>>;

export type TaskReadings = {
  /** Whose they are: another task may have the same id later. */
  readonly uid: string;
  readonly atSeconds: readonly number[];
  readonly fromSeconds: readonly number[];
  readonly milliCpu: readonly number[];
  readonly memoryBytes: readonly number[];
};

const HOUR_SECONDS = 3600;
/** What is kept at most. An hour of an owner takes some 40 bytes in a file. */
export const DIGEST_BOUNDS = { days: 14, owners: 2000, hours: 100_000 };

type Named = Pick<Task, 'namespace' | 'name'> & {
  readonly owner?: Pick<Owner, 'kind' | 'name'>;
  readonly parameters: Pick<Task['parameters'], 'name'>;
};

/** Names what recurs: all runs of one name are one owner; else the owner, else the task itself. */
export function ownerKey({ namespace, name, owner, parameters }: Named): string {
  return `${namespace}/${owner?.kind ?? 'Pod'}/${parameters.name ?? owner?.name ?? name}`;
}

/**
 * Makes a digest of readings as they come. Those of the current hour are counted in buckets that grow by 5 %, as the
 * recommender of Kubernetes' Vertical Pod Autoscaler keeps them; of an hour that is over three numbers remain. An hour
 * of which a part was kept before is joined with it by its number of readings.
 */
export class DigestBuilder {
  private readonly owners: Map<string, Map<number, OwnerHour>>;
  private readonly open = new Map<string, OpenHour>();

  constructor(before: UsageDigest = {}) {
    const byHour = (hours: readonly OwnerHour[]) => new Map(hours.map((each) => [each.hourSeconds, each]));
    this.owners = new Map(Object.entries(before).map(([owner, hours]) => [owner, byHour(hours)]));
  }

  add(owner: string, { atSeconds, milliCpu, memoryBytes }: Reading): void {
    const hourSeconds = Math.floor(atSeconds / HOUR_SECONDS) * HOUR_SECONDS;
    let hour = this.open.get(owner);
    if (hour?.hourSeconds !== hourSeconds) {
      if (hour) this.keep(owner, hour);
      hour = { hourSeconds, milliCpu: new Buckets(), memoryBytes: new Buckets() };
      this.open.set(owner, hour);
    }
    hour.milliCpu.add(milliCpu);
    hour.memoryBytes.add(memoryBytes);
  }

  /** All that is known now, within the bounds (`DIGEST_BOUNDS`). */
  digest(nowSeconds: number): UsageDigest {
    const owners = new Map([...this.owners].map(([owner, hours]) => [owner, new Map(hours)]));
    for (const [owner, hour] of this.open) joinHour(owners, owner, closed(hour));
    const ascending = [...owners].map(([owner, hours]): [string, OwnerHour[]] => [
      owner,
      [...hours.values()].sort((left, right) => left.hourSeconds - right.hourSeconds),
    ]);
    return bounded(Object.fromEntries(ascending), nowSeconds);
  }

  private keep(owner: string, hour: OpenHour): void {
    joinHour(this.owners, owner, closed(hour));
    const oldest = hour.hourSeconds - DIGEST_BOUNDS.days * 24 * HOUR_SECONDS;
    const hours = this.owners.get(owner)!;
    for (const seconds of hours.keys()) if (seconds < oldest) hours.delete(seconds);
  }
}

type OpenHour = { readonly hourSeconds: number; readonly milliCpu: Buckets; readonly memoryBytes: Buckets };

function closed({ hourSeconds, milliCpu, memoryBytes }: OpenHour): OwnerHour {
  return { hourSeconds, readings: milliCpu.count, milliCpu: milliCpu.spread(), memoryBytes: memoryBytes.spread() };
}

function joinHour(owners: Map<string, Map<number, OwnerHour>>, owner: string, hour: OwnerHour): void {
  const hours = owners.get(owner) ?? new Map<number, OwnerHour>();
  owners.set(owner, hours);
  const before = hours.get(hour.hourSeconds);
  hours.set(hour.hourSeconds, before ? joined(before, hour) : hour);
}

/** Two parts of one hour: the highest is exact, the others are means by the number of readings. */
function joined(one: OwnerHour, other: OwnerHour): OwnerHour {
  const readings = one.readings + other.readings;
  const mean = (left: number, right: number) => Math.round((left * one.readings + right * other.readings) / readings);
  const spread = (left: Spread, right: Spread): Spread => ({
    p50: mean(left.p50, right.p50),
    p95: mean(left.p95, right.p95),
    max: Math.max(left.max, right.max),
  });
  return {
    hourSeconds: one.hourSeconds,
    readings,
    milliCpu: spread(one.milliCpu, other.milliCpu),
    memoryBytes: spread(one.memoryBytes, other.memoryBytes),
  };
}

/**
 * What two hosts kept of one cluster, within the bounds (`DIGEST_BOUNDS`). They began with the same, and may have read
 * the same since; so of an hour that both have, the one with more readings counts.
 */
export function joinDigests(one: UsageDigest, other: UsageDigest, nowSeconds: number): UsageDigest {
  const owners = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  const all = owners.map((owner) => [owner, joinHours(one[owner] ?? [], other[owner] ?? [])] as const);
  return bounded(Object.fromEntries(all), nowSeconds);
}

function joinHours(one: readonly OwnerHour[], other: readonly OwnerHour[]): readonly OwnerHour[] {
  const hours = new Map(one.map((hour) => [hour.hourSeconds, hour]));
  for (const hour of other) {
    const before = hours.get(hour.hourSeconds);
    if (!before || before.readings < hour.readings) hours.set(hour.hourSeconds, hour);
  }
  return [...hours.values()].sort((left, right) => left.hourSeconds - right.hourSeconds);
}

/** The same of the latest readings: those of one task are its longer row, those that end before `sinceSeconds` go. */
export function joinReadings(one: RecentReadings, other: RecentReadings, sinceSeconds: number): RecentReadings {
  const joined = new Map(Object.entries(one));
  for (const [task, readings] of Object.entries(other)) {
    const own = joined.get(task);
    const longer = own === undefined || (own.uid === readings.uid && own.atSeconds.length < readings.atSeconds.length);
    if (longer && (readings.atSeconds.at(-1) ?? 0) >= sinceSeconds) joined.set(task, readings);
  }
  return Object.fromEntries(joined);
}

/** Drops hours of too long ago, then owners with the fewest readings, then the oldest hours of all. */
function bounded(digest: UsageDigest, nowSeconds: number): UsageDigest {
  const { days, owners, hours: most } = DIGEST_BOUNDS;
  const since = (seconds: number, all: UsageDigest) =>
    Object.entries(all)
      .map(([owner, hours]) => [owner, hours.filter(({ hourSeconds }) => hourSeconds >= seconds)] as const)
      .filter(([, hours]) => hours.length > 0);
  const recent = since(nowSeconds - days * 24 * HOUR_SECONDS, digest);
  const readings = (hours: readonly OwnerHour[]) => hours.reduce((sum, each) => sum + each.readings, 0);
  const kept =
    recent.length <= owners
      ? recent
      : recent
          .map((entry) => ({ entry, readings: readings(entry[1]) }))
          .sort((left, right) => right.readings - left.readings)
          .slice(0, owners)
          .map(({ entry }) => entry);
  const all = kept.flatMap(([, hours]) => hours.map(({ hourSeconds }) => hourSeconds));
  if (all.length <= most) return Object.fromEntries(kept);
  const newest = all.sort((left, right) => right - left);
  // The hour in which the bound falls goes as a whole.
  return Object.fromEntries(since(newest[most]! + 1, Object.fromEntries(kept)));
}

const GROWTH = Math.log(1.05);

/** Counts of amounts; an amount below 1 counts as 0. */
class Buckets {
  count = 0;
  private max = 0;
  private readonly counts = new Map<number, number>();

  add(amount: number): void {
    const bucket = amount < 1 ? -1 : Math.floor(Math.log(amount) / GROWTH);
    this.counts.set(bucket, (this.counts.get(bucket) ?? 0) + 1);
    this.count += 1;
    this.max = Math.max(this.max, amount);
  }

  spread(): Spread {
    return { p50: this.quantile(0.5), p95: this.quantile(0.95), max: this.max };
  }

  /** The middle of the bucket in which the quantile is (nearest rank), never above the highest amount. */
  private quantile(level: number): number {
    let left = Math.ceil(level * this.count);
    for (const [bucket, count] of [...this.counts].sort(([one], [other]) => one - other)) {
      left -= count;
      if (left <= 0) return bucket < 0 ? 0 : Math.min(this.max, Math.round(Math.exp((bucket + 0.5) * GROWTH)));
    }
    return this.max;
  }
}
