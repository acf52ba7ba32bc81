/**
 * Kubernetes' binary form of objects (protobuf), read by tables of the wanted fields. What no table names is stepped
 * over unread. The result is what parsing the JSON would give, without the unwanted: what Go leaves out of JSON because
 * it is empty, this leaves out, too. Field numbers are those of `generated.proto` in `k8s.io/api`; they never change.
 *
 * It is read by hand because the first snapshot of a large cluster keeps its goals only so. Of 50,000 pods, pages of
 * JSON took 7.9 to 9.3 s and 345 MB to parse and drop; pages in this form, read by these tables, 3.9 s and 133 MB
 * (bench/notes/scale.md). A schema compiler would need the same tables, and Go's rules for JSON, times and quantities.
 */

export const WIRE_TYPE = 'application/vnd.kubernetes.protobuf';

/** What is read of a kind of message: by field number, how. */
export type Message = readonly (Field | undefined)[];

/** Reads the value that stands at the reader into the object. */
type Field = (object: Record<string, unknown>, reader: Reader) => void;

/**
 * The page of a list: its metadata, read at once, and its objects, each read when it is asked for.
 * @throws RangeError, then or later, when the bytes are no such list
 */
export function readPage<T>(bytes: Buffer, item: Message): { metadata: ListMetadata; items: Iterable<T> } {
  const [from, end] = insideEnvelope(bytes);
  const { metadata = {} } = new Reader(bytes, from).message(LIST, end) as { metadata?: ListMetadata };
  return { metadata, items: itemsOf<T>(bytes, from, end, item) };
}

export type ListMetadata = { readonly resourceVersion?: string; readonly continue?: string };

/** An answer that is no success (`metav1.Status`). @throws RangeError when the bytes are none */
export function readStatus(bytes: Buffer): object {
  const [from, end] = insideEnvelope(bytes);
  return new Reader(bytes, from).message(STATUS, end);
}

/** A table from fields by their numbers. */
export function message(fields: Readonly<Record<number, Field>>): Message {
  const table: (Field | undefined)[] = [];
  for (const [number, field] of Object.entries(fields)) table[Number(number)] = field;
  return table;
}

/** A string; an empty one is left out. */
export function text(name: string): Field {
  return (object, reader) => {
    const value = reader.text();
    if (value !== '') object[name] = value;
  };
}

/** A number that Go leaves out of JSON when it is 0. */
export function number(name: string): Field {
  return (object, reader) => {
    const value = reader.integer();
    if (value !== 0) object[name] = value;
  };
}

/** A number that may be given as 0: a pointer in Go. */
export function givenNumber(name: string): Field {
  return (object, reader) => {
    object[name] = reader.integer();
  };
}

/** True, or left out. */
export function flag(name: string): Field {
  return (object, reader) => {
    if (reader.integer() !== 0) object[name] = true;
  };
}

/** True or false as given: a pointer in Go. */
export function givenFlag(name: string): Field {
  return (object, reader) => {
    object[name] = reader.integer() !== 0;
  };
}

/** A time to the second, `2026-11-23T09:00:00Z`. */
export function time(name: string): Field {
  return (object, reader) => {
    const { seconds } = reader.message(TIME, reader.length()) as { seconds?: number };
    if (seconds !== undefined) object[name] = apiTime(seconds);
  };
}

/** A field that holds one message. */
export function one(name: string, fields: Message): Field {
  return (object, reader) => {
    object[name] = reader.message(fields, reader.length());
  };
}

/** A message whose fields stand in the object itself in JSON. */
export function inlined(fields: Message): Field {
  return (object, reader) => {
    Object.assign(object, reader.message(fields, reader.length()));
  };
}

/** JSON, which stands as text in a message of its own. */
export function json(name: string): Field {
  return (object, reader) => {
    const { raw } = reader.message(RAW, reader.length()) as { raw?: string };
    if (raw === undefined) return;
    try {
      object[name] = JSON.parse(raw);
    } catch {
      throw new RangeError(`no binary object: ${name} is no JSON`);
    }
  };
}

/** A repeated field of messages; absent from the object where there is none. */
export function many(name: string, fields: Message): Field {
  return (object, reader) => {
    const value = reader.message(fields, reader.length());
    const list = object[name] as object[] | undefined;
    if (list) list.push(value);
    else object[name] = [value];
  };
}

/** A repeated field of texts; absent from the object where there is none. */
export function texts(name: string): Field {
  return (object, reader) => {
    const list = object[name] as string[] | undefined;
    if (list) list.push(reader.text());
    else object[name] = [reader.text()];
  };
}

/** A map from string to string. */
export const strings = (name: string): Field => map(name, STRING_ENTRY);
/** A map from string to quantity, each as written. */
export const quantities = (name: string): Field => map(name, QUANTITY_ENTRY);

function map(name: string, entry: Message): Field {
  return (object, reader) => {
    const { key = '', value = '' } = reader.message(entry, reader.length()) as { key?: string; value?: string };
    const known = object[name] as Record<string, string> | undefined;
    if (known) known[key] = value;
    else object[name] = { [key]: value };
  };
}

/** A quantity is a message of one string, and a string in JSON. */
function quantity(name: string): Field {
  return (object, reader) => {
    object[name] = (reader.message(QUANTITY, reader.length()) as { string?: string }).string;
  };
}

const QUANTITY = message({ 1: text('string') });
const STRING_ENTRY = message({ 1: text('key'), 2: text('value') });
const QUANTITY_ENTRY = message({ 1: text('key'), 2: quantity('value') });
const RAW = message({ 1: text('raw') });
const TIME = message({ 1: givenNumber('seconds') });
const LIST = message({ 1: one('metadata', message({ 2: text('resourceVersion'), 3: text('continue') })) });
const CAUSE = message({ 1: text('reason'), 2: text('message'), 3: text('field') });
const STATUS = message({
  3: text('message'),
  4: text('reason'),
  5: one('details', message({ 4: many('causes', CAUSE) })),
  6: number('code'),
});

function* itemsOf<T>(bytes: Buffer, from: number, end: number, item: Message): Generator<T> {
  const reader = new Reader(bytes, from);
  while (reader.at < end) {
    const tag = reader.integer();
    if (tag === ITEM_TAG) yield reader.message(item, reader.length()) as T;
    else reader.skip(tag & 7);
  }
}

const DELIMITED = 2;
/** `items` is field 2 of every list. */
const ITEM_TAG = (2 << 3) | DELIMITED;
/** The object itself, field 2 of `runtime.Unknown`. */
const RAW_TAG = (2 << 3) | DELIMITED;
const MAGIC = Buffer.from('k8s\0');

/** Where the object stands in its envelope: from, end. */
function insideEnvelope(bytes: Buffer): [number, number] {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new RangeError('no binary object: it does not begin so');
  const reader = new Reader(bytes, MAGIC.length);
  while (reader.at < bytes.length) {
    const tag = reader.integer();
    if (tag !== RAW_TAG) reader.skip(tag & 7);
    else {
      const end = reader.length();
      return [reader.at, end];
    }
  }
  return [bytes.length, bytes.length];
}

class Reader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** The message that ends at `end`, with the wanted fields of it. */
  message(fields: Message, end: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    while (this.at < end) {
      const tag = this.integer();
      const field = fields[tag >>> 3];
      if (field) field(object, this);
      else this.skip(tag & 7);
    }
    if (this.at !== end) throw new RangeError(`no binary object: a field goes beyond byte ${end}`);
    return object;
  }

  /** Reads a length; returns where what has it ends. */
  length(): number {
    const length = this.integer();
    const end = this.at + length;
    if (length < 0 || end > this.#bytes.length) {
      throw new RangeError(`no binary object: ${length} bytes at ${this.at} of ${this.#bytes.length}`);
    }
    return end;
  }

  text(): string {
    const end = this.length();
    const from = this.at;
    this.at = end;
    return this.#bytes.toString('utf8', from, end);
  }

  /** A varint of up to 64 bits, as a signed integer. */
  integer(): number {
    const first = this.#byte();
    if (first < 128) return first;
    let value = first & 127;
    let factor = 128;
    for (let count = 1; count < 7; count++) {
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
    let whole = BigInt(value);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      whole |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, whole));
    }
    throw new RangeError(`no binary object: a number without end at byte ${this.at}`);
  }

  /** Steps over a value of a field that is not wanted. */
  skip(type: number): void {
    if (type === 0) this.integer();
    else if (type === 1) this.at += 8;
    else if (type === DELIMITED) this.at = this.length();
    else if (type === 5) this.at += 4;
    else throw new RangeError(`no binary object: a field of type ${type} at byte ${this.at}`);
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new RangeError(`no binary object: it ends at byte ${this.#bytes.length}`);
    return byte;
  }
}

/** A time as the API writes it, to the second. @param seconds epoch */
export function apiTime(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}
