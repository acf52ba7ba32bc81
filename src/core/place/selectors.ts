import type { LabelSelector, NodeSelectorTerm, SelectorRequirement, Taint, Toleration } from '../model/constraints.ts';
import type { Node } from '../model/node.ts';

/** Matching of labels, node terms and taints, as apimachinery and component-helpers do it (Kubernetes 1.36). */

type Labels = Readonly<Record<string, string>>;

/** True when labels satisfy a selector; an absent selector selects nothing, an empty one everything. */
export function selects(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false;
  for (const [key, value] of Object.entries(selector.matchLabels ?? {}))
    if (labelOf(labels, key) !== value) return false;
  return (selector.expressions ?? []).every((requirement) => meets(labelOf(labels, requirement.key), requirement));
}

/** True for a selector without any requirement: it selects everything. */
export function isEmptySelector(selector: LabelSelector | undefined): boolean {
  return (
    selector !== undefined &&
    Object.keys(selector.matchLabels ?? {}).length === 0 &&
    (selector.expressions ?? []).length === 0
  );
}

/**
 * True when a node satisfies at least one term. No term, a term without requirements, and a term with one that the
 * scheduler cannot parse (`Gt` by a negative number is one: no label value may begin with a minus) match no node.
 */
export function matchesTerms(terms: readonly NodeSelectorTerm[], node: Node): boolean {
  return terms.some(
    ({ expressions, fields }) =>
      expressions.length + fields.length > 0 &&
      expressions.every(isWellFormed) &&
      expressions.every((requirement) => meets(labelOf(node.labels, requirement.key), requirement)) &&
      fields.every((field) => field.key === 'metadata.name' && meets(node.name, field)),
  );
}

/** The first taint that keeps a task off a node (`NoSchedule`, `NoExecute`); undefined when all are tolerated. */
export function untoleratedTaint(
  taints: readonly Taint[],
  tolerations: readonly Toleration[] | undefined,
): Taint | undefined {
  return taints.find(
    (taint) => taint.effect !== 'PreferNoSchedule' && !tolerations?.some((toleration) => tolerates(toleration, taint)),
  );
}

/** A label's value; undefined where the labels do not hold it. */
export function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect !== undefined && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  switch (toleration.operator) {
    case 'Exists':
      return true;
    case 'Lt':
    case 'Gt': {
      // KEP-5471: the taint's value is compared with the toleration's, both as plain decimal integers.
      const [bound, value] = [toleration.value ?? '', taint.value].map((text) =>
        /^(0|-?[1-9]\d*)$/.test(text) ? integerOf(text) : undefined,
      );
      if (bound === undefined || value === undefined) return false;
      return toleration.operator === 'Lt' ? value < bound : value > bound;
    }
    default:
      return (toleration.value ?? '') === taint.value;
  }
}

/** apimachinery's `labels.NewRequirement`. */
function isWellFormed({ operator, values }: SelectorRequirement): boolean {
  if (!values.every((value) => LABEL_VALUE.test(value))) return false;
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0;
    case 'Exists':
    case 'DoesNotExist':
      return values.length === 0;
    case 'Gt':
    case 'Lt':
      return values.length === 1 && integerOf(values[0]!) !== undefined;
  }
}

const LABEL_VALUE = /^(?=.{0,63}$)([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$/;

function meets(value: string | undefined, { operator, values }: SelectorRequirement): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt': {
      const bound = values.length === 1 ? integerOf(values[0]!) : undefined;
      const number = value === undefined ? undefined : integerOf(value);
      if (bound === undefined || number === undefined) return false;
      return operator === 'Gt' ? number > bound : number < bound;
    }
  }
}

/** A 64-bit decimal integer as Go's ParseInt reads it; undefined for anything else. */
function integerOf(text: string): bigint | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const number = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return number >= -(2n ** 63n) && number < 2n ** 63n ? number : undefined;
}
