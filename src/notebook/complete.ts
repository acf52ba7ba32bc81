import { DOCUMENTATION } from './documentation.ts';
import { LIBRARY_NAMES, type Libraries, type LibraryName } from './libraries.ts';
import type { Completion } from './messages.ts';
import { inspectShort } from './show.ts';

const MOST_ITEMS = 1000;
const MOST_TEXT = 400;

/**
 * What can stand at the end of `text`: members of the value before the last dot, else the notebook's variables and
 * libraries. Reads values, runs no code of the user: a getter is not called, except on a library.
 * @param text the cell up to the cursor
 */
export async function completionsFor(text: string, libraries: Libraries): Promise<Completion[]> {
  const [, path] = /((?:[A-Za-z_$][\w$]*\s*\.\s*)*)[\w$]*$/.exec(text) ?? [];
  const steps = (path ?? '').split('.').map((step) => step.trim());
  steps.pop();
  if (steps.length === 0) return topLevel();
  const owner = await valueAt(steps, libraries);
  if (owner === undefined || owner === null) return [];
  return membersOf(owner)
    .slice(0, MOST_ITEMS)
    .map((name) => completion(name, [...steps, name].join('.'), readMember(owner, name, isLibrary(steps[0]))));
}

/** What a name or a dotted path is, in Markdown; undefined when there is nothing of that name. */
export async function describeValue(expression: string, libraries: Libraries): Promise<string | undefined> {
  const documented = documentationOf(expression);
  if (documented) return `\`\`\`typescript\n${documented.signature}\n\`\`\`\n\n${documented.text}`;
  const steps = expression.split('.');
  const value = await valueAt(steps, libraries);
  if (value === undefined) return undefined;
  if (typeof value === 'function') return `\`\`\`typescript\n${signatureOf(steps.at(-1) ?? '', value)}\n\`\`\``;
  if (typeof value === 'object' && isLibrary(steps[0]) && steps.length === 1) return undefined;
  const text = inspectShort(value).replaceAll('```', '` ` `');
  return `\`\`\`javascript\n${expression} = ${text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)} …` : text}\n\`\`\``;
}

function topLevel(): Completion[] {
  const own = Object.keys(globalThis).filter((name) => !name.startsWith('_') && !BUILT_IN.has(name));
  const variables = own.map((name) => completion(name, name, readMember(globalThis, name, false)));
  return [...LIBRARY_NAMES.map((name) => completion(name, name, undefined)), ...variables];
}

/** Enumerable globals that Node itself brings. */
const BUILT_IN = new Set(Object.keys(globalThis));

function completion(label: string, path: string, value: unknown): Completion {
  const documented = documentationOf(path);
  const kind = kindOf(value, path);
  const detail = documented?.signature ?? (typeof value === 'function' ? signatureOf(label, value) : detailOf(value));
  return {
    label,
    kind,
    ...(detail === undefined ? {} : { detail }),
    ...(documented ? { documentation: documented.text } : {}),
  };
}

function documentationOf(path: string): { signature: string; text: string } | undefined {
  return Object.hasOwn(DOCUMENTATION, path) ? DOCUMENTATION[path] : undefined;
}

function kindOf(value: unknown, path: string): Completion['kind'] {
  if (isLibrary(path) && path !== 'display') return 'module';
  if (typeof value !== 'function') return path === 'display' ? 'function' : 'value';
  return /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'function';
}

/** A function as far as it can be told from itself; libraries are minified, so that parameters are counted, not named. */
function signatureOf(name: string, value: object): string {
  const { length } = value as { length: number };
  return `${name}(${length === 0 ? '' : length === 1 ? '1 argument' : `${length} arguments`})`;
}

function detailOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'object';
  return typeof value;
}

/** The value at a path from the global scope; undefined where the path breaks off. */
async function valueAt(steps: readonly string[], libraries: Libraries): Promise<unknown> {
  const [first, ...rest] = steps;
  if (first === undefined) return undefined;
  const reads = isLibrary(first);
  let value: unknown = readMember(globalThis, first, false);
  if (value === undefined && reads) value = await libraries.load(first as LibraryName);
  for (const step of rest) {
    if (value === undefined || value === null) return undefined;
    value = readMember(value, step, reads);
  }
  return value;
}

/** A member without running the user's code; `calls` allows getters, which a library's exports are. */
function readMember(owner: unknown, name: string, calls: boolean): unknown {
  for (let holder: unknown = Object(owner); holder; holder = Object.getPrototypeOf(holder)) {
    const property = Object.getOwnPropertyDescriptor(holder, name);
    if (!property) continue;
    if ('value' in property) return property.value;
    return calls ? property.get?.call(owner) : undefined;
  }
  return undefined;
}

function membersOf(value: unknown): string[] {
  const names = new Set<string>();
  for (
    let holder: unknown = Object(value);
    holder && holder !== Object.prototype;
    holder = Object.getPrototypeOf(holder)
  ) {
    if (holder === Function.prototype) break;
    for (const name of Object.getOwnPropertyNames(holder)) names.add(name);
  }
  const hidden =
    typeof value === 'function' ? new Set(['length', 'name', 'prototype', 'arguments', 'caller']) : new Set();
  return [...names].filter(
    (name) => /^[A-Za-z$][\w$]*$/.test(name) && !name.startsWith('$') && name !== 'constructor' && !hidden.has(name),
  );
}

function isLibrary(name: string | undefined): boolean {
  return LIBRARY_NAMES.some((library) => library === name);
}
