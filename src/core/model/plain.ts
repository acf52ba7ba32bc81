/**
 * What comes from a cluster, a kubeconfig or a program may hold anything. A terminal obeys control sequences; a terminal,
 * a tree and a page all obey marks that turn the writing round, and none of them shows characters that have no shape,
 * with which one name passes for another. What people read is therefore plain: it has none of them. Nor has it a password
 * in a URL.
 */

/** A whole sequence: CSI; OSC, DCS, SOS, PM, APC with their end in the same line; any other escape. */
const SEQUENCES = [
  '(?:\\u001b\\[|\\u009b)[0-?]*[ -/]*[@-~]',
  '(?:\\u001b[\\]PX^_]|[\\u0090\\u0098\\u009d-\\u009f])[^\\u0007\\u001b\\u0080-\\u009f\\r\\n]*(?:\\u0007|\\u001b\\\\|\\u009c)',
  '\\u001b[ -/]*[0-~]?',
];

/**
 * C0 but for tab and line break (also as CR LF), DEL, C1, Unicode's format characters (bidi marks are among them) and
 * other characters without a shape, its own line separators, halves of a character.
 */
const CHARACTERS =
  '[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\p{Cf}\\p{DI}\\p{Cs}\\p{Zl}\\p{Zp}]|\\r(?!\\n)';

const UNPLAIN = new RegExp(`(?:${[...SEQUENCES, CHARACTERS].join('|')})+`, 'gu');
/** Most texts hold nothing else, and that is seen at once. */
const MAYBE_UNPLAIN = /[^\t\n -~]/;

/** A text without what a terminal would obey or nobody would see: one space for each run of it. Line breaks stay. */
export function plainText(text: string): string {
  return MAYBE_UNPLAIN.test(text) ? text.replace(UNPLAIN, ' ') : text;
}

/** The same in one line, so that a value cannot pass for a line of ours. */
export function plainLine(text: string): string {
  return plainText(text).replace(/[\t\r\n]+/g, ' ');
}

/** Whether a text is in one line and plain already. */
export function isPlainLine(text: string): boolean {
  return plainLine(text) === text;
}

/**
 * Plain data with every text in it, names of fields too, in one plain line and without passwords in URLs; the same value
 * where that changes nothing. What sentences are made from.
 */
export function plainValue<T>(value: T): T {
  return plainOf(value, (text) => withoutPasswords(plainLine(text))) as T;
}

/** The same for data that holds texts of ours, whose line breaks stay. */
export function plainTexts<T>(value: T): T {
  return plainOf(value, (text) => withoutPasswords(plainText(text))) as T;
}

function plainOf(value: unknown, plain: (text: string) => string): unknown {
  if (typeof value === 'string') return plain(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => plainOf(item, plain));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (!isPlainObject(value)) return value;
  const entries = Object.entries(value).map(([name, inner]) => [plain(name), plainOf(inner, plain)] as const);
  const isSame = entries.every(([name, inner]) => Object.hasOwn(value, name) && value[name] === inner);
  return isSame ? value : Object.fromEntries(entries);
}

/** Bytes, maps and the like are no texts. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/**
 * A text whose URLs have lost the name and the password before their host. Alone before it, a name may be a token; but
 * where the scheme is of Azure storage it is a container's, without which the address leads nowhere.
 */
export function withoutPasswords(text: string): string {
  return text.includes('@') ? text.replace(LOGIN, (found, scheme) => (CONTAINER.test(found) ? found : scheme)) : text;
}

const LOGIN = /(?<![a-z0-9+.-])([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'<>]*@/gi;
const CONTAINER = /^(abfs|wasb)s?:\/\/[a-z0-9$-]+@$/i;
