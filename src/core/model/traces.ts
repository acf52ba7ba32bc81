/** What of ours may stand on an object, by its annotation, in the order in which it is told. */
export const TRACE_NAMES = [
  'stowage.dev/move',
  'stowage.dev/original-request',
  'stowage.dev/last-shrink',
  'stowage.dev/pinned',
] as const;
export type TraceName = (typeof TRACE_NAMES)[number];

/** An object, or the template of its tasks, with all traces on it. */
export type TracedObject = {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly isTemplate: boolean;
  readonly traces: readonly Trace[];
};

/** `kept`: why it stays; absent for one that may go. */
export type Trace = { readonly name: TraceName; readonly text: string; readonly kept?: WhyKept };

/** Whether some of an object's traces may go. */
export function mayLoseSome({ traces }: TracedObject): boolean {
  return traces.some(({ kept }) => !kept);
}

export type WhyKept =
  /** A move is under way on the object, or was cut off there. */
  | { readonly code: 'underWay' }
  /** It tells of a pin that still sends tasks to this node. */
  | { readonly code: 'pinHolds'; readonly node: string }
  /** A Job's template can change only while the Job is suspended and has no active pod. */
  | { readonly code: 'templateFixed' }
  /** It has our name, and is nothing that we write. */
  | { readonly code: 'notOurs' }
  /** Somebody has written it anew since it was read. */
  | { readonly code: 'rewritten' };

/** Of traces that were to go, those that still may as their object is now, and those that stay there. */
export function partTraces(
  wanted: readonly Trace[],
  now: readonly Trace[],
): { readonly off: readonly Trace[]; readonly kept: readonly Trace[] } {
  const there = now.filter(({ name }) => wanted.some((each) => each.name === name && !each.kept));
  const isSame = ({ name, text }: Trace) => wanted.some((each) => each.name === name && each.text === text);
  return {
    off: there.filter((trace) => !trace.kept && isSame(trace)),
    kept: there.flatMap((trace): Trace[] => {
      if (trace.kept) return [trace];
      return isSame(trace) ? [] : [{ ...trace, kept: { code: 'rewritten' } }];
    }),
  };
}
