import { type Random, randomIndex } from '../../src/core/model/random.ts';

/** Valid inputs made invalid, a little or a lot: what a crash, a bug, an editor by hand or a stranger could leave. */
export type Form = 'json' | 'lines' | 'text' | 'bytes';

/** @param form `json`: one document; `lines`: one document a line */
export function mutated(input: Buffer, form: Form, random: Random): Buffer {
  const rounds = 1 + randomIndex(random, 3);
  let bytes = input;
  for (let round = 0; round < rounds; round += 1) bytes = once(bytes, form, random);
  return bytes;
}

function once(bytes: Buffer, form: Form, random: Random): Buffer {
  const structured = random() < 0.75;
  if (form === 'json' && structured) return json(bytes, random);
  if (form === 'lines' && structured) return line(bytes, (each) => json(each, random), random);
  if (form !== 'bytes' && random() < 0.5) return Buffer.from(number(bytes.toString(), random));
  return raw(bytes, random);
}

/** One value of a document replaced, taken out, doubled or swapped. Text that is no JSON comes back as it was. */
function json(bytes: Buffer, random: Random): Buffer {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    return raw(bytes, random);
  }
  return Buffer.from(JSON.stringify(changed(value, random)) ?? '');
}

function changed(value: unknown, random: Random): unknown {
  const isInner = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  if (!isInner || random() < 0.15) return pick(VALUES, random)(value);
  const keys = Object.keys(value);
  const key = pick(keys, random);
  const kind = random();
  if (Array.isArray(value)) {
    if (kind < 0.75) return value.with(Number(key), changed(value[Number(key)], random));
    if (kind < 0.85) return value.toSpliced(Number(key), 1);
    return kind < 0.93 ? value.with(Number(key), pick(value, random)) : [...value, ...value];
  }
  const copy: Record<string, unknown> = { ...value };
  if (kind < 0.75) copy[key] = changed(copy[key], random);
  else if (kind < 0.85) delete copy[key];
  else if (kind < 0.93) copy[key] = copy[pick(keys, random)];
  else Object.defineProperty(copy, pick(NAMES, random), { value: copy[key], enumerable: true });
  return copy;
}

const NAMES = ['__proto__', 'constructor', 'toString', 'length', '', 'x'.repeat(2000), 'a\u001b[2J', '\u202eb'];

const VALUES: readonly ((value: unknown) => unknown)[] = [
  ...[null, true, false, '', 'x', 0, -1, 1, 0.5, 1e16, 9e15, 1e308, -1e308, 5e-324, 2 ** 53, -(2 ** 31)].map(
    (value) => () => value,
  ),
  () => [],
  () => ({}),
  () => [null],
  () => [[]],
  () => ({ a: 1 }),
  () => JSON.parse('{"__proto__": {"polluted": true}}'),
  () => 'y'.repeat(100_000),
  () => '\u001b]0;x\u0007\u202e\ud800',
  () => nested(2000),
  (value) => [value],
  (value) => ({ value }),
  (value) => String(value),
  (value) => Number(value),
  (value) => (typeof value === 'number' ? -value : value),
  (value) => (typeof value === 'number' ? value * 1e12 : value),
  (value) => (typeof value === 'string' ? value.slice(1) : value),
];

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { value };
  return value;
}

function line(bytes: Buffer, change: (line: Buffer) => Buffer, random: Random): Buffer {
  const lines = bytes.toString().split('\n');
  const at = randomIndex(random, lines.length);
  lines[at] = change(Buffer.from(lines[at]!)).toString();
  return Buffer.from(lines.join('\n'));
}

/** One number of a text replaced by another. */
function number(text: string, random: Random): string {
  const found = [...text.matchAll(/-?\d+(?:\.\d+)?/g)];
  if (found.length === 0) return text;
  const { index, 0: old } = pick(found, random);
  return text.slice(0, index) + pick(NUMBERS, random) + text.slice(index + old.length);
}

const NUMBERS = [
  '',
  '-1',
  '0',
  '1e999',
  '-1e308',
  'NaN',
  'Infinity',
  '9007199254740993',
  '9e15',
  '0x10',
  '٣',
  '1e-320',
];

/** Bytes flipped, cut out, doubled, put in; the whole cut short. */
function raw(bytes: Buffer, random: Random): Buffer {
  const at = randomIndex(random, bytes.length + 1);
  const to = Math.min(bytes.length, at + 1 + randomIndex(random, 30));
  const [before, middle, after] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)];
  switch (randomIndex(random, 6)) {
    case 0:
      return before;
    case 1:
      return Buffer.concat([before, after]);
    case 2:
      return Buffer.concat([before, ...Array<Buffer>(1 + randomIndex(random, 200)).fill(middle), after]);
    case 3:
      return Buffer.concat([before, Buffer.from(pick(PIECES, random), 'latin1'), after]);
    case 4:
      return Buffer.concat([before, Buffer.from(middle.map((byte) => byte ^ (1 << randomIndex(random, 8)))), after]);
    default:
      return Buffer.concat([before, Buffer.from(middle.map(() => randomIndex(random, 256))), after]);
  }
}

const PIECES = [
  ...['\0', '\n', '\r\n', '"', "'", '\\', '{', '}', '[', ']', ',', ';', ':', '=', '&a ', '*a', '%', '\x1b[2J'],
  ...['\xff\xfe', '\xc3', '\xed\xa0\x80', '{}'.repeat(500), '['.repeat(5000), 'a'.repeat(100_000), '\xef\xbb\xbf'],
];

function pick<T>(of: readonly T[], random: Random): T {
  return of[randomIndex(random, of.length)]!;
}
