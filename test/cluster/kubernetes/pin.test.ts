import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Affinity, Job, PreferredTerm, SelectorTerm } from '../../../src/cluster/kubernetes/api/objects.ts';
import {
  affinityPatch,
  PINNED,
  pinned,
  pinOn,
  unpinned,
  type WrittenPin,
} from '../../../src/cluster/kubernetes/model/pin.ts';
import type { Pin } from '../../../src/cluster/port.ts';

describe('a pin', () => {
  it('narrows every term to the node, adds a preference of weight 100, and is nothing for none', () => {
    const zone = expression('zone', 'a');
    assert.deepEqual(pinned(undefined, required('n')).affinity, requiring([{ matchFields: [field('n')] }]));
    assert.deepEqual(
      pinned(requiring([zone, { matchFields: [field('m')] }]), required('n')).affinity,
      requiring([{ ...zone, matchFields: [field('n')] }, { matchFields: [field('m'), field('n')] }]),
    );
    assert.deepEqual(pinned(preferring([own('n', 40)]), preferred('n')).affinity, preferring([own('n', 40), own('n')]));
    assert.deepEqual(pinned(requiring([zone]), { kind: 'none' }), { affinity: requiring([zone]), written: undefined });
  });

  it('leaves an empty term, which matches no node, and one that names the node already', () => {
    const terms = [{}, { matchFields: [field('n')] }];
    assert.deepEqual(pinned(requiring(terms), required('n')).affinity, requiring(terms));
  });

  it('comes off to the byte, whatever stood there before: nothing, empty objects, equal terms of the user', () => {
    const node = fc.constantFrom('n', 'm');
    const term: fc.Arbitrary<SelectorTerm> = fc.oneof(
      fc.constant({}),
      node.map((name) => ({ matchFields: [field(name)] })),
      node.map((name) => ({ ...expression('zone', 'a'), matchFields: [field(name)] })),
      fc.constantFrom('a', 'b').map((zone) => expression('zone', zone)),
    );
    const preference = fc.tuple(node, fc.constantFrom(40, 100)).map(([name, weight]) => own(name, weight));
    const affinity: fc.Arbitrary<Affinity | undefined> = fc.oneof(
      fc.constantFrom(undefined, {}, { nodeAffinity: {} }, { podAffinity: {} }, { podAffinity: {}, nodeAffinity: {} }),
      fc.array(term, { minLength: 1, maxLength: 3 }).map(requiring),
      fc.array(preference, { minLength: 1, maxLength: 3 }).map(preferring),
      fc
        .tuple(fc.array(term, { minLength: 1, maxLength: 3 }), fc.array(preference, { minLength: 1, maxLength: 3 }))
        .map(([terms, preferences]) => ({
          nodeAffinity: { ...requiring(terms).nodeAffinity, ...preferring(preferences).nodeAffinity },
        })),
    );
    const kind = fc.constantFrom(required, preferred);
    fc.assert(
      fc.property(affinity, kind, node, kind, node, (before, first, one, second, other) => {
        const once = pinned(before, first(one));
        assert.deepEqual(unpinned(throughServer(once.affinity), kept(once.written)), before);
        // A second move replaces the first one's pin, and its own comes off as well.
        const twice = pinned(unpinned(throughServer(once.affinity), kept(once.written)), second(other));
        assert.deepEqual(unpinned(throughServer(twice.affinity), kept(twice.written)), before);
      }),
      { seed: 20261128, numRuns: 1000 },
    );
  });

  it('leaves alone what somebody has put in its place', () => {
    const { written } = pinned(requiring([expression('zone', 'a')]), required('n'));
    const theirs = requiring([{ ...expression('zone', 'b'), matchFields: [field('n')] }]);
    assert.deepEqual(unpinned(theirs, written), theirs);
    const preference = pinned(preferring([own('n')]), preferred('n')).written;
    assert.deepEqual(
      unpinned(preferring([own('n')]), preference),
      preferring([own('n')]),
      'ours was taken off by hand',
    );
  });

  it('keeps an edit beside it when it comes off', () => {
    const { affinity, written } = pinned(preferring([own('m', 40)]), preferred('n'));
    const edited = preferring([...preferences(affinity), own('o', 7)]);
    assert.deepEqual(unpinned(edited, written), preferring([own('m', 40), own('o', 7)]));
  });

  it('of version 0.1, of which the node alone is known, comes off where it must be ours', () => {
    const old = pinOn(annotated('n'));
    const zone = expression('zone', 'a');
    assert.equal(unpinned(requiring([{ matchFields: [field('n')] }]), old), undefined);
    assert.deepEqual(unpinned(requiring([{ ...zone, matchFields: [field('n')] }]), old), requiring([zone]));
    assert.deepEqual(unpinned(preferring([own('n', 40), own('n')]), old), preferring([own('n', 40)]));
    // A term of nothing but the node, with others, was there before: we add one only where there is none.
    const terms = [{ matchFields: [field('n')] }, { ...zone, matchFields: [field('n')] }];
    assert.deepEqual(unpinned(requiring(terms), old), requiring([terms[0]!, zone]));
    // The user's own preference stays where the required term shows which of the two kinds the pin was.
    const both = { nodeAffinity: { ...requiring([{ matchFields: [field('n')] }]).nodeAffinity, ...mine('n') } };
    assert.deepEqual(unpinned(both, old), preferring([own('n')]));
  });

  it('is read from its annotation, and is none where that is not ours', () => {
    const { written } = pinned(requiring([expression('zone', 'a')]), required('n'));
    assert.deepEqual(pinOn(annotated(JSON.stringify(written))), written);
    assert.deepEqual(pinOn(annotated('n')), { kind: 'unknown', node: 'n' });
    const broken = ['', '{', '{}', '{"kind":"required","node":"n","terms":[1]}', '{"kind":"preferred","node":"n"}'];
    for (const text of broken) assert.equal(pinOn(annotated(text)), undefined, text);
  });

  it('is patched in by what a strategic merge makes of it', () => {
    assert.equal(affinityPatch(undefined), null);
    assert.deepEqual(affinityPatch({ podAffinity: {} }), { nodeAffinity: null });
    const patch = affinityPatch(preferring([own('n')])) as { nodeAffinity: Record<string, unknown> };
    assert.equal(patch.nodeAffinity['requiredDuringSchedulingIgnoredDuringExecution'], null);
  });
});

function required(node: string): Pin {
  return { kind: 'required', node };
}

function preferred(node: string): Pin {
  return { kind: 'preferred', node };
}

function field(node: string) {
  return { key: 'metadata.name', operator: 'In', values: [node] };
}

function expression(key: string, value: string): SelectorTerm {
  return { matchExpressions: [{ key, operator: 'In', values: [value] }] };
}

function own(node: string, weight = 100): PreferredTerm {
  return { weight, preference: { matchFields: [field(node)] } };
}

function mine(node: string) {
  return preferring([own(node)]).nodeAffinity;
}

function requiring(nodeSelectorTerms: readonly SelectorTerm[]): Affinity {
  return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } };
}

function preferring(terms: readonly PreferredTerm[]): Affinity {
  return { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: terms } };
}

function preferences(affinity: Affinity | undefined): readonly PreferredTerm[] {
  return affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
}

function annotated(text: string): Job {
  return { metadata: { annotations: { [PINNED]: text } } };
}

/** As the annotation keeps it. */
function kept(written: WrittenPin | undefined): WrittenPin | undefined {
  return written && pinOn(annotated(JSON.stringify(written)));
}

/** The server writes the fields of each object in an order of its own. */
function throughServer<T>(value: T): T {
  if (Array.isArray(value)) return value.map(throughServer) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? 1 : -1));
  return Object.fromEntries(entries.map(([key, each]) => [key, throughServer(each)])) as T;
}
