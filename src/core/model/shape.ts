import { isRecord } from './isRecord.ts';

/**
 * Whether something read from outside, say parsed JSON, is what it should be: checks of values, and what puts them
 * together. Fields that a shape does not name may be there: a later version may have written them.
 */
export type Shape = (value: unknown) => boolean;

/** A text that names something: not empty. */
export const isName: Shape = (value) => typeof value === 'string' && value.length > 0;
export const isText: Shape = (value) => typeof value === 'string';
export const isFlag: Shape = (value) => typeof value === 'boolean';
/** JSON has no other numbers, but what stands for them (1e999) may be infinite. */
export const isNumber: Shape = (value) => typeof value === 'number' && Number.isFinite(value);
/** A time or a span of it in seconds, even a sum over many tasks: no more than 30 million years. */
export const isSeconds: Shape = (value) => isNumber(value) && Math.abs(value as number) <= 1e15;
export const isCount: Shape = (value) => Number.isSafeInteger(value) && (value as number) >= 0;

export function isOneOf(...values: readonly unknown[]): Shape {
  return (value) => values.includes(value);
}

export function isListOf(shape: Shape): Shape {
  return (value) => Array.isArray(value) && value.every(shape);
}

/** Values of one shape by names of any kind. */
export function isMapOf(shape: Shape): Shape {
  return (value) => isRecord(value) && Object.values(value).every(shape);
}

/** Fields by their shapes; those of `optional` may be absent. */
export function hasFields(required: Readonly<Record<string, Shape>>, optional: typeof required = {}): Shape {
  const [wanted, known] = [Object.entries(required), Object.entries(optional)];
  return (value) =>
    isRecord(value) &&
    wanted.every(([name, fits]) => Object.hasOwn(value, name) && fits(value[name])) &&
    known.every(([name, fits]) => value[name] === undefined || fits(value[name]));
}

/** One of several shapes, which a field tells apart. */
export function isOneBy(key: string, shapes: Readonly<Record<string, Shape>>): Shape {
  return (value) => {
    const which = isRecord(value) ? value[key] : undefined;
    return typeof which === 'string' && Object.hasOwn(shapes, which) && shapes[which]!(value);
  };
}

export function isAny(...shapes: readonly Shape[]): Shape {
  return (value) => shapes.some((fits) => fits(value));
}

/** What JSON makes of a number that is infinite or none; nothing of ours has it on purpose. */
export function holdsNull(value: unknown): boolean {
  if (value === null) return true;
  return typeof value === 'object' && Object.values(value as object).some(holdsNull);
}

/**
 * Whether lists and fields lie in one another more than `most` deep: walks over such a value, which recur, would run out
 * of stack.
 */
export function isDeeperThan(most: number, value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth <= most; depth += 1) {
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
    if (level.length === 0) return false;
  }
  return true;
}
