/** Thrift's compact protocol, as far as Parquet's footer needs it: [field, type, bytes] in ascending order. */
const [I32, I64, BINARY, LIST, STRUCT] = [5, 6, 8, 9, 12] as const;
type Field = readonly [number, number, Buffer];
const varint = (value: number): Buffer =>
  value < 128
    ? Buffer.from([value])
    : Buffer.concat([Buffer.from([(value % 128) | 128]), varint(Math.floor(value / 128))]);
const integer = (value: number) => varint(2 * value);
const text = (value: string) => Buffer.concat([varint(value.length), Buffer.from(value)]);
const list = (type: number, items: readonly Buffer[]) =>
  Buffer.concat([Buffer.from([(items.length << 4) | type]), ...items]);
function struct(...fields: readonly Field[]): Buffer {
  let last = 0;
  const parts = fields.map(([field, type, bytes]) => {
    const head = Buffer.from([((field - last) << 4) | type]);
    last = field;
    return Buffer.concat([head, bytes]);
  });
  return Buffer.concat([...parts, Buffer.from([0])]);
}

const [INT64, BYTE_ARRAY] = [2, 6] as const;

/** A Parquet file of required columns: one row group, one plain uncompressed page a column. */
export function parquet(columns: Readonly<Record<string, readonly (number | string)[]>>): Buffer {
  const rows = Object.values(columns)[0]!.length;
  const parts: Buffer[] = [Buffer.from('PAR1')];
  const length = () => parts.reduce((sum, part) => sum + part.length, 0);
  const chunks = Object.entries(columns).map(([name, values]) => {
    const type = typeof values[0] === 'number' ? INT64 : BYTE_ARRAY;
    const page = Buffer.concat(values.map(plain));
    const levels = struct([1, I32, integer(rows)], [2, I32, integer(0)], [3, I32, integer(3)], [4, I32, integer(3)]);
    const size = integer(page.length);
    const head = struct([1, I32, integer(0)], [2, I32, size], [3, I32, size], [5, STRUCT, levels]);
    const offset = length();
    parts.push(head, page);
    const total = integer(head.length + page.length);
    const meta = struct(
      [1, I32, integer(type)],
      [2, LIST, list(I32, [integer(0)])],
      [3, LIST, list(BINARY, [text(name)])],
      [4, I32, integer(0)],
      [5, I64, integer(rows)],
      [6, I64, total],
      [7, I64, total],
      [9, I64, integer(offset)],
    );
    return struct([2, I64, integer(offset)], [3, STRUCT, meta]);
  });
  const leaves = Object.entries(columns).map(([name, [value]]) =>
    struct(
      [1, I32, integer(typeof value === 'number' ? INT64 : BYTE_ARRAY)],
      [3, I32, integer(0)],
      [4, BINARY, text(name)],
    ),
  );
  const root = struct([4, BINARY, text('root')], [5, I32, integer(leaves.length)]);
  const group = struct([1, LIST, list(STRUCT, chunks)], [2, I64, integer(length())], [3, I64, integer(rows)]);
  const footer = struct(
    [1, I32, integer(1)],
    [2, LIST, list(STRUCT, [root, ...leaves])],
    [3, I64, integer(rows)],
    [4, LIST, list(STRUCT, [group])],
  );
  const size = Buffer.alloc(4);
  size.writeUInt32LE(footer.length);
  return Buffer.concat([...parts, footer, size, Buffer.from('PAR1')]);
}

function plain(value: number | string): Buffer {
  const bytes = Buffer.alloc(typeof value === 'number' ? 8 : 4);
  if (typeof value === 'number') bytes.writeBigInt64LE(BigInt(value));
  else bytes.writeUInt32LE(value.length);
  return typeof value === 'number' ? bytes : Buffer.concat([bytes, Buffer.from(value)]);
}
