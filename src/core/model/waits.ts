/** What plans and journals of version 0.1.0 call the method's waits, and what they are called now. */
const FORMER_WAITS: ReadonlyMap<unknown, string> = new Map([
  ['first', 'shrink'],
  ['second', 'shrink'],
  ['firstWindow', 'lastShrink'],
  ['third', 'expand'],
  ['fourth', 'expand'],
  ['sixth', 'target'],
]);

/** The same with its wait, if it has one, under the name of now. */
export function withCurrentWait<T extends object>(value: T): T {
  const wait = 'wait' in value ? FORMER_WAITS.get(value.wait) : undefined;
  return wait === undefined ? value : { ...value, wait };
}
