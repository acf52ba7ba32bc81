import type { Pin } from '../../port.ts';
import type { Affinity, Job, Requirement, SelectorTerm } from '../api/objects.ts';

/** Which node we pinned a Job's template to, so that the next move can take that pin away and nothing else. */
export const PINNED = 'stowage.dev/pinned';

/**
 * A merge patch of the template's affinity that takes our last pin away and sets the new one; undefined when it is as
 * it should be already. What others wrote stays.
 */
export function repinned(job: Job, pin: Pin): object | undefined {
  const affinity = job.spec?.template?.spec?.affinity;
  const old = job.metadata?.annotations?.[PINNED];
  const required = unpinTerms(requiredTerms(affinity), old);
  const preferred = (affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).filter(
    ({ preference }) => !(old !== undefined && preference !== undefined && isPinnedTo(preference, old)),
  );
  if (pin.kind === 'none' && old === undefined) return undefined;
  const nextRequired = pin.kind === 'required' ? pinTerms(required, pin.node) : required;
  const nextPreferred =
    pin.kind === 'preferred'
      ? [...preferred, { weight: 100, preference: { matchFields: [nodeField(pin.node)] } }]
      : preferred;
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution:
        nextRequired.length > 0 ? { nodeSelectorTerms: nextRequired } : null,
      preferredDuringSchedulingIgnoredDuringExecution: nextPreferred.length > 0 ? nextPreferred : null,
    },
  };
}

/** The terms of which a pod's node must match one; none where it may be any node. */
export function requiredTerms(affinity: Affinity | undefined): readonly SelectorTerm[] {
  return affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
}

/** Terms are ORed, so every one is narrowed to the node; an empty one matches no node and stays so. */
export function pinTerms(terms: readonly SelectorTerm[], node: string): SelectorTerm[] {
  if (terms.length === 0) return [{ matchFields: [nodeField(node)] }];
  return terms.map((term) =>
    isEmpty(term) || isPinnedTo(term, node)
      ? term
      : { ...term, matchFields: [...(term.matchFields ?? []), nodeField(node)] },
  );
}

function unpinTerms(terms: readonly SelectorTerm[], node: string | undefined): SelectorTerm[] {
  if (node === undefined) return [...terms];
  return terms
    .map((term) =>
      isPinnedTo(term, node)
        ? { ...term, matchFields: term.matchFields?.filter((field) => !names(field, node)) ?? [] }
        : term,
    )
    .filter((term, index) => !isEmpty(term) || isEmpty(terms[index]!));
}

/** By name, not by a host label: the label may differ from the node's name. */
function nodeField(node: string): Requirement {
  return { key: 'metadata.name', operator: 'In', values: [node] };
}

/** Whether a term admits the one node only, by its name. */
export function isPinnedTo(term: SelectorTerm, node: string): boolean {
  return term.matchFields?.some((field) => names(field, node)) ?? false;
}

function names({ key, operator, values }: Requirement, node: string): boolean {
  return key === 'metadata.name' && operator === 'In' && values?.length === 1 && values[0] === node;
}

function isEmpty(term: SelectorTerm): boolean {
  return (term.matchExpressions ?? []).length === 0 && (term.matchFields ?? []).length === 0;
}
