import { hasFields, isListOf, isText } from './shape.ts';

/**
 * What a task's spec states, part by part and in its own words: "0.1" is not "100m". A resize remembers it, so that
 * what the user wrote comes back byte for byte.
 */
export type StatedPart = {
  /** The container's name, a sidecar's too; absent for the amounts of the pod as a whole. */
  readonly name?: string;
  readonly requests?: StatedAmounts;
  readonly limits?: StatedAmounts;
};

/** CPU and memory as quantities; one that is not stated is absent. */
export type StatedAmounts = { readonly cpu?: string; readonly memory?: string };

/** What a resize did to a task's parts, the same parts in both. It can be taken back while they are as in `after`. */
export type Resized = { readonly before: readonly StatedPart[]; readonly after: readonly StatedPart[] };

/** True when both state the same of every part, in the same words. */
export function sameParts(left: readonly StatedPart[], right: readonly StatedPart[]): boolean {
  return left.length === right.length && left.every((part, index) => textOf(part) === textOf(right[index]!));
}

/** The first part that states something in `after` of which it states nothing in `before`. */
export function partAdded({ before, after }: Resized): StatedPart | undefined {
  return after.find((part, index) => {
    const was = before[index];
    return (['requests', 'limits'] as const).some((kind) =>
      (['cpu', 'memory'] as const).some(
        (name) => part[kind]?.[name] !== undefined && was?.[kind]?.[name] === undefined,
      ),
    );
  });
}

function textOf({ name, requests, limits }: StatedPart): string {
  return JSON.stringify([name, ...[requests, limits].flatMap((amounts) => [amounts?.cpu, amounts?.memory])]);
}

const isStated = hasFields({}, { cpu: isText, memory: isText });
const areParts = isListOf(hasFields({}, { name: isText, requests: isStated, limits: isStated }));

/** Whether something read from outside has this shape. */
export function isResized(value: unknown): value is Resized {
  return hasFields({ before: areParts, after: areParts })(value);
}
