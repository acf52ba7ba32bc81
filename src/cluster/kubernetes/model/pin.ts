import { isRecord } from '../../../core/model/isRecord.ts';
import type { Pin } from '../../port.ts';
import type { Affinity, ApiObject, PreferredTerm, Requirement, SelectorTerm } from '../api/objects.ts';

/** Where it stands on a pod, or on a Job for its template, which pin of ours its affinity holds. */
export const PINNED = 'stowage.dev/pinned';

/**
 * A pin as we wrote it, with what was there before: only that is ever taken away, and what the user wrote comes back.
 * Kubernetes ORs required terms, so each is narrowed to the node; a preference is added as one term.
 */
export type WrittenPin = { readonly node: string; readonly made?: 'affinity' | 'nodeAffinity' } & (
  | { readonly kind: 'required'; readonly terms: readonly SelectorTerm[] }
  /** `same`: how many terms of the user's say the same. */
  | { readonly kind: 'preferred'; readonly same: number }
  /** Version 0.1.0 kept the node's name only. */
  | { readonly kind: 'unknown' }
);

/** The pin that stands on a pod or a Job; undefined where there is none. */
export function pinOn({ metadata }: ApiObject): WrittenPin | undefined {
  const text = metadata?.annotations?.[PINNED];
  if (text === undefined || text === '' || text.length > LONGEST) return undefined;
  if (!text.startsWith('{')) return { kind: 'unknown', node: text };
  try {
    const pin: unknown = JSON.parse(text);
    return isWrittenPin(pin) ? pin : undefined;
  } catch {
    return undefined;
  }
}

/** An annotation as long as this is not ours. */
const LONGEST = 50_000;

/** An affinity with a pin, and how that is remembered; without one for `none`. */
export function pinned(
  affinity: Affinity | undefined,
  pin: Pin,
): { readonly affinity: Affinity | undefined; readonly written: WrittenPin | undefined } {
  if (pin.kind === 'none') return { affinity, written: undefined };
  const { node } = pin;
  const { nodeAffinity } = affinity ?? {};
  const made = affinity === undefined ? 'affinity' : nodeAffinity === undefined ? 'nodeAffinity' : undefined;
  const from: Pick<WrittenPin, 'node' | 'made'> = { node, ...(made && { made }) };
  if (pin.kind === 'required') {
    const terms = requiredTerms(affinity);
    const required = { nodeSelectorTerms: pinTerms(terms, node) };
    return {
      affinity: { ...affinity, nodeAffinity: { ...nodeAffinity, [REQUIRED]: required } },
      written: { ...from, kind: 'required', terms },
    };
  }
  const preferences = nodeAffinity?.[PREFERRED] ?? [];
  return {
    affinity: { ...affinity, nodeAffinity: { ...nodeAffinity, [PREFERRED]: [...preferences, preferenceFor(node)] } },
    written: { ...from, kind: 'preferred', same: preferences.filter((each) => isOurs(each, node)).length },
  };
}

/** The affinity without the pin that we wrote: as it was before, but for what others have changed since. */
export function unpinned(affinity: Affinity | undefined, pin: WrittenPin | undefined): Affinity | undefined {
  const { nodeAffinity, ...others } = affinity ?? {};
  if (!pin || !nodeAffinity) return affinity;
  const { [REQUIRED]: _, [PREFERRED]: __, ...more } = nodeAffinity;
  const terms = withoutPin(requiredTerms(affinity), pin);
  const preferences = withoutPreference(affinity, pin);
  const left = {
    ...more,
    ...(terms.length > 0 && { [REQUIRED]: { nodeSelectorTerms: terms } }),
    ...(preferences.length > 0 && { [PREFERRED]: preferences }),
  };
  if (Object.keys(left).length > 0 || (pin.kind !== 'unknown' && !pin.made)) return { ...others, nodeAffinity: left };
  return pin.made === 'nodeAffinity' || Object.keys(others).length > 0 ? others : undefined;
}

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

/** A merge patch that makes one affinity of another, where they differ in their node affinity only. */
export function affinityPatch(next: Affinity | undefined): object | null {
  if (next === undefined) return null;
  const { nodeAffinity } = next;
  if (nodeAffinity === undefined) return { nodeAffinity: null };
  return { nodeAffinity: { [REQUIRED]: nodeAffinity[REQUIRED] ?? null, [PREFERRED]: nodeAffinity[PREFERRED] ?? null } };
}

/** The terms of which a pod's node must match one; none where it may be any node. */
export function requiredTerms(affinity: Affinity | undefined): readonly SelectorTerm[] {
  return affinity?.nodeAffinity?.[REQUIRED]?.nodeSelectorTerms ?? [];
}

/** Whether a term admits the one node only, by its name. */
export function isPinnedTo(term: SelectorTerm, node: string): boolean {
  return term.matchFields?.some((field) => sameRequirement(field, nodeField(node))) ?? false;
}

/** Terms are ORed, so every one is narrowed to the node; an empty one matches no node and stays so. */
function pinTerms(terms: readonly SelectorTerm[], node: string): SelectorTerm[] {
  return terms.length === 0 ? [{ matchFields: [nodeField(node)] }] : terms.map((term) => narrowed(term, node));
}

function narrowed(term: SelectorTerm, node: string): SelectorTerm {
  if (isEmpty(term) || isPinnedTo(term, node)) return term;
  return { ...term, matchFields: [...(term.matchFields ?? []), nodeField(node)] };
}

function withoutPin(terms: readonly SelectorTerm[], pin: WrittenPin): SelectorTerm[] {
  if (pin.kind === 'preferred') return [...terms];
  const own = { matchFields: [nodeField(pin.node)] };
  if (pin.kind === 'unknown') return terms.length === 1 && sameTerm(terms[0]!, own) ? [] : terms.map(withoutLast(pin));
  if (pin.terms.length === 0) return without(terms, (term) => sameTerm(term, own), 1);
  const before = [...pin.terms];
  return terms.map((term) => {
    const index = before.findIndex((each) => sameTerm(narrowed(each, pin.node), term));
    return index < 0 ? term : before.splice(index, 1)[0]!;
  });
}

/** What 0.1.0 has narrowed: our field came last in a term. A term of nothing else was there before, with others. */
function withoutLast({ node }: WrittenPin): (term: SelectorTerm) => SelectorTerm {
  return (term) => {
    const { matchFields = [], ...rest } = term;
    const last = matchFields.at(-1);
    if (!last || !sameRequirement(last, nodeField(node))) return term;
    const fields = matchFields.slice(0, -1);
    const left = fields.length > 0 ? { ...rest, matchFields: fields } : rest;
    return isEmpty(left) ? term : left;
  };
}

function withoutPreference(affinity: Affinity | undefined, pin: WrittenPin): readonly PreferredTerm[] {
  const preferences = affinity?.nodeAffinity?.[PREFERRED] ?? [];
  if (pin.kind === 'required') return preferences;
  // 0.1.0 did not say which kind its pin was: a required one shows.
  if (pin.kind === 'unknown' && requiredTerms(affinity).some((term) => isPinnedTo(term, pin.node))) return preferences;
  const ours = preferences.filter((each) => isOurs(each, pin.node)).length;
  const most = pin.kind === 'unknown' ? 1 : ours - pin.same;
  return without(preferences, (each) => isOurs(each, pin.node), Math.min(most, 1));
}

/** A list without the last of those that match, or without none. */
function without<T>(list: readonly T[], matches: (each: T) => boolean, most: number): T[] {
  const index = most > 0 ? list.findLastIndex(matches) : -1;
  return list.filter((_, at) => at !== index);
}

function preferenceFor(node: string): PreferredTerm {
  return { weight: OUR_WEIGHT, preference: { matchFields: [nodeField(node)] } };
}

const OUR_WEIGHT = 100;

function isOurs({ weight, preference }: PreferredTerm, node: string): boolean {
  return weight === OUR_WEIGHT && preference !== undefined && sameTerm(preference, preferenceFor(node).preference!);
}

/** By name, not by a host label: the label may differ from the node's name. */
function nodeField(node: string): Requirement {
  return { key: 'metadata.name', operator: 'In', values: [node] };
}

function sameTerm(left: SelectorTerm, right: SelectorTerm): boolean {
  const same = (some: readonly Requirement[] = [], others: readonly Requirement[] = []) =>
    some.length === others.length && some.every((each, index) => sameRequirement(each, others[index]!));
  return same(left.matchExpressions, right.matchExpressions) && same(left.matchFields, right.matchFields);
}

function sameRequirement(left: Requirement, right: Requirement): boolean {
  const text = ({ key, operator, values = [] }: Requirement) => JSON.stringify([key, operator, values]);
  return text(left) === text(right);
}

function isEmpty(term: SelectorTerm): boolean {
  return (term.matchExpressions ?? []).length === 0 && (term.matchFields ?? []).length === 0;
}

function isWrittenPin(value: unknown): value is WrittenPin {
  if (!isRecord(value)) return false;
  const { kind, node, made, terms, same } = value;
  if (typeof node !== 'string' || (made !== undefined && made !== 'affinity' && made !== 'nodeAffinity')) return false;
  if (kind === 'preferred') return Number.isSafeInteger(same);
  return kind === 'required' && Array.isArray(terms) && terms.every(isTerm);
}

function isTerm(value: unknown): value is SelectorTerm {
  if (!isRecord(value)) return false;
  return [value['matchExpressions'], value['matchFields']].every(
    (list) => list === undefined || (Array.isArray(list) && list.every(isRecord)),
  );
}
