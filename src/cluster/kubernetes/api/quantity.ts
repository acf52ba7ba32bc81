/**
 * An amount exactly as the API server holds it: billionths of its unit (core, byte, device), which is the finest a
 * Kubernetes quantity can be. Sums stay exact; `milliValue` and `wholeValue` round once, at the end, as kube-scheduler
 * does.
 */
export type Quantity = bigint;

/**
 * Reads a quantity by apimachinery's grammar (`resource.ParseQuantity`): `2`, `100m`, `1.5Gi`, `1e3`, also `.5` and
 * `1.`. What is finer than a billionth is rounded away from zero; what has a binary suffix ends at 2^63 − 1.
 * @param text a string, or a number as YAML may bring it
 * @returns undefined when it is not a quantity
 */
export function parseQuantity(text: unknown): Quantity | undefined {
  if (typeof text !== 'string' && typeof text !== 'number') return undefined;
  const key = String(text);
  const known = parsed.get(key);
  if (known !== undefined) return known;
  const quantity = parse(key);
  if (quantity === undefined) return undefined;
  if (parsed.size >= REMEMBERED) parsed.clear();
  parsed.set(key, quantity);
  return quantity;
}

/** Thousandths of the unit, rounded up; at most the largest safe integer, at least 0. */
export function milliValue(quantity: Quantity): number {
  return roundUp(quantity, 1_000_000n);
}

/** Whole units, rounded up; at most the largest safe integer, at least 0. */
export function wholeValue(quantity: Quantity): number {
  return roundUp(quantity, 1_000_000_000n);
}

const REMEMBERED = 20_000;
/** Clusters repeat few distinct quantities very often. */
const parsed = new Map<string, Quantity>();

const LONGEST_TEXT = 1000;
const LARGEST_BINARY = (2n ** 63n - 1n) * 10n ** 9n;
/** Beyond this power of ten every use of an amount ends at its own largest value anyway. */
const LARGEST_POWER = 60;

const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY: Readonly<Record<string, bigint>> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };

/** Upstream reads `Gi` as 0 and refuses these: its exact path, unlike its fast one, wants a digit. */
const NEEDS_DIGITS = /^(?:[PE]i|[eE]-(?:0*[1-9]\d+))$/;

function parse(text: string): Quantity | undefined {
  if (text === '' || text.length > LONGEST_TEXT) return undefined;
  const match = /^([+-]?)(\d*)(?:\.(\d*))?([^\d.].*)?$/.exec(text);
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', suffix = ''] = match;
  if (whole + fraction === '' && NEEDS_DIGITS.test(suffix)) return undefined;
  const digits = BigInt(whole + fraction || '0');
  const amount = Object.hasOwn(BINARY, suffix)
    ? atMost(scaleToNano(digits << BINARY[suffix]!, -fraction.length), LARGEST_BINARY)
    : scaleDecimal(digits, fraction.length, suffix);
  if (amount === undefined) return undefined;
  return sign === '-' ? -amount : amount;
}

function scaleDecimal(digits: bigint, decimals: number, suffix: string): Quantity | undefined {
  const exponent = Object.hasOwn(DECIMAL, suffix) ? DECIMAL[suffix]! : parseExponent(suffix);
  return exponent === undefined ? undefined : scaleToNano(digits, exponent - decimals);
}

/** The number in `e3`, `E-6`; apimachinery reads 64 bits and keeps 32 of them. */
function parseExponent(suffix: string): number | undefined {
  const match = /^[eE]([+-]?\d+)$/.exec(suffix);
  if (!match) return undefined;
  const exponent = BigInt(match[1]!.replace('+', ''));
  if (BigInt.asIntN(64, exponent) !== exponent) return undefined;
  return Number(BigInt.asIntN(32, exponent));
}

/** `digits × 10^power` in billionths, rounded up. */
function scaleToNano(digits: bigint, power: number): Quantity {
  if (digits === 0n) return 0n;
  const shift = Math.min(power + 9, LARGEST_POWER);
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  if (-shift > LONGEST_TEXT + LARGEST_POWER) return 1n;
  return divideUp(digits, 10n ** BigInt(-shift));
}

function roundUp(quantity: Quantity, unit: bigint): number {
  if (quantity <= 0n) return 0;
  return Number(atMost(divideUp(quantity, unit), BigInt(Number.MAX_SAFE_INTEGER)));
}

function divideUp(amount: bigint, unit: bigint): bigint {
  return (amount + unit - 1n) / unit;
}

function atMost(amount: bigint, limit: bigint): bigint {
  return amount > limit ? limit : amount;
}
