/**
 * Amounts of what a node offers and a task asks for. All are integers, never negative in a request.
 * `gpuMilli` counts 1000 per whole GPU; a shared GPU is a part of one. `extended` holds every other
 * device by its full resource name (`huawei.com/Ascend910: 8`); an absent name means 0.
 */
export type Resources = {
  readonly milliCpu: number;
  readonly memoryBytes: number;
  readonly gpuMilli: number;
  readonly extended: Readonly<Record<string, number>>;
};

/** A resource by name: one of the three built in, or an extended resource's full name. */
export type ResourceName = 'milliCpu' | 'memoryBytes' | 'gpuMilli' | (string & {});

export const NO_RESOURCES: Resources = { milliCpu: 0, memoryBytes: 0, gpuMilli: 0, extended: {} };

/** Whether something read from outside has this shape: whole amounts that are not negative. */
export function isResources(value: unknown): value is Resources {
  if (typeof value !== 'object' || value === null) return false;
  const { milliCpu, memoryBytes, gpuMilli, extended } = value as Record<string, unknown>;
  if (typeof extended !== 'object' || extended === null || Array.isArray(extended)) return false;
  const amounts = [milliCpu, memoryBytes, gpuMilli, ...Object.values(extended)];
  return amounts.every((amount) => Number.isInteger(amount) && (amount as number) >= 0 && (amount as number) <= MOST);
}

/** An exbibyte used for a thousand years; an amount of more is a damaged one. */
const MOST = 2 ** 60 * 31_557_600_000;

/** The amount of one resource; 0 when it is not there. */
export function amountOf(resources: Resources, name: ResourceName): number {
  if (isBuiltIn(name)) return resources[name];
  return Object.hasOwn(resources.extended, name) ? (resources.extended[name] ?? 0) : 0;
}

/** Names of the resources of which at least one of `all` holds an amount other than 0, built-in ones first. */
export function resourceNames(...all: readonly Resources[]): ResourceName[] {
  const names: ResourceName[] = (['milliCpu', 'memoryBytes', 'gpuMilli'] as const).filter((name) =>
    all.some((resources) => resources[name] !== 0),
  );
  const extended = new Set(all.flatMap((resources) => Object.keys(resources.extended)));
  return [...names, ...[...extended].filter((name) => all.some((r) => amountOf(r, name) !== 0)).sort()];
}

/** `left + right`, resource by resource. */
export function addResources(left: Resources, right: Resources): Resources {
  return combine(left, right, (a, b) => a + b);
}

/** All together, resource by resource; none: nothing. Made for tens of thousands. */
export function sumResources(all: Iterable<Resources>): Resources {
  let [milliCpu, memoryBytes, gpuMilli] = [0, 0, 0];
  const extended = new Map<string, number>();
  for (const each of all) {
    milliCpu += each.milliCpu;
    memoryBytes += each.memoryBytes;
    gpuMilli += each.gpuMilli;
    for (const name of Object.keys(each.extended)) extended.set(name, (extended.get(name) ?? 0) + amountOf(each, name));
  }
  return {
    milliCpu,
    memoryBytes,
    gpuMilli,
    extended: Object.fromEntries([...extended].filter(([, amount]) => amount !== 0)),
  };
}

/** `left − right`, resource by resource; may be negative where more is held than there is. */
export function subtractResources(left: Resources, right: Resources): Resources {
  return combine(left, right, (a, b) => a - b);
}

/** The larger of the two, resource by resource. */
export function maxResources(left: Resources, right: Resources): Resources {
  return combine(left, right, Math.max);
}

/** The smaller of the two, resource by resource. */
export function minResources(left: Resources, right: Resources): Resources {
  return combine(left, right, Math.min);
}

/** A copy with one resource set to `amount`. */
export function withAmount(resources: Resources, name: ResourceName, amount: number): Resources {
  if (isBuiltIn(name)) return { ...resources, [name]: amount };
  return { ...resources, extended: { ...resources.extended, [name]: amount } };
}

/** True when both hold the same amounts; an absent extended resource equals 0. */
export function sameResources(left: Resources, right: Resources): boolean {
  return resourceNames(left, right).every((name) => amountOf(left, name) === amountOf(right, name));
}

/** The first resource of which `free` has less than `request`, with how much is missing; undefined when all fit. */
export function shortage(
  request: Resources,
  free: Resources,
): { readonly resource: ResourceName; readonly requested: number; readonly free: number } | undefined {
  for (const resource of resourceNames(request)) {
    const requested = amountOf(request, resource);
    const available = amountOf(free, resource);
    if (requested > 0 && requested > available) return { resource, requested, free: available };
  }
  return undefined;
}

/**
 * The resource that names a node's size: GPU where it has GPUs, else the one of CPU and memory of which `held` is the
 * larger share (the dominant resource of S409).
 */
export function dominantResource(total: Resources, held: Resources): ResourceName {
  if (total.gpuMilli > 0) return 'gpuMilli';
  const cpu = total.milliCpu > 0 ? held.milliCpu / total.milliCpu : 0;
  const memory = total.memoryBytes > 0 ? held.memoryBytes / total.memoryBytes : 0;
  return memory > cpu ? 'memoryBytes' : 'milliCpu';
}

function isBuiltIn(name: ResourceName): name is 'milliCpu' | 'memoryBytes' | 'gpuMilli' {
  return name === 'milliCpu' || name === 'memoryBytes' || name === 'gpuMilli';
}

function combine(left: Resources, right: Resources, merge: (a: number, b: number) => number): Resources {
  const extended: Record<string, number> = {};
  const [names, others] = [Object.keys(left.extended), Object.keys(right.extended)];
  for (const name of others.length === 0 ? names : new Set([...names, ...others])) {
    const amount = merge(amountOf(left, name), amountOf(right, name));
    if (amount !== 0) extended[name] = amount;
  }
  return {
    milliCpu: merge(left.milliCpu, right.milliCpu),
    memoryBytes: merge(left.memoryBytes, right.memoryBytes),
    gpuMilli: merge(left.gpuMilli, right.gpuMilli),
    extended,
  };
}
