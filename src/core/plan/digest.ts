/** SHA-256 of a plain value's JSON: equal before and after a way through JSON, 64 hexadecimal digits. */
export function digest(value: unknown): string {
  return sha256(JSON.stringify(value));
}

/** SHA-256 (FIPS 180-4) of a text's UTF-8 bytes, 64 hexadecimal digits. */
export function sha256(text: string): string {
  const message = padded(new TextEncoder().encode(text));
  const state = Int32Array.from(INITIAL);
  const schedule = new Int32Array(64);
  for (let block = 0; block < message.byteLength; block += 64) compress(state, schedule, message, block);
  return [...state].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

/** The message, a 1 bit, zeros, and its length in bits: whole blocks of 64 bytes. */
function padded(bytes: Uint8Array): DataView {
  const view = new DataView(new ArrayBuffer(64 * Math.ceil((bytes.length + 9) / 64)));
  new Uint8Array(view.buffer).set(bytes);
  view.setUint8(bytes.length, 0x80);
  view.setUint32(view.byteLength - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(view.byteLength - 4, (bytes.length << 3) >>> 0);
  return view;
}

function compress(state: Int32Array, schedule: Int32Array, message: DataView, block: number): void {
  for (let t = 0; t < 16; t++) schedule[t] = message.getInt32(block + 4 * t);
  for (let t = 16; t < 64; t++) {
    const w15 = schedule[t - 15]!;
    const w2 = schedule[t - 2]!;
    const s0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3);
    const s1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10);
    schedule[t] = (schedule[t - 16]! + s0 + schedule[t - 7]! + s1) | 0;
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let t = 0; t < 64; t++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[t]! + schedule[t]!) | 0;
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) state[index] = (state[index]! + word) | 0;
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

/** First 32 bits of the fractional parts of the cube roots (rounds) and square roots (start) of the first primes. */
const PRIMES = Array.from({ length: 310 }, (_, index) => index + 2).filter((n) =>
  Array.from({ length: n - 2 }, (_, index) => index + 2).every((divisor) => n % divisor !== 0),
);
const ROUND = Int32Array.from(PRIMES.slice(0, 64), (prime) => ((Math.cbrt(prime) % 1) * 2 ** 32) | 0);
const INITIAL = Int32Array.from(PRIMES.slice(0, 8), (prime) => ((Math.sqrt(prime) % 1) * 2 ** 32) | 0);
