import assert from 'node:assert/strict';
import type { Trace, TracedObject, WhyKept } from '../../src/core/model/traces.ts';
import { describeErased, describeErasure, describeKept, describeUninstall } from '../../src/text/traces.ts';
import { type OneOfEach, saysAll } from './everyCode.ts';

function on(name: string, traces: readonly Trace[], more: Partial<TracedObject> = {}): TracedObject {
  return { kind: 'Pod', namespace: 'team', name, uid: name, isTemplate: false, traces, ...more };
}

const ORIGINAL: Trace = { name: 'stowage.dev/original-request', text: '{}' };
const SHRINK: Trace = { name: 'stowage.dev/last-shrink', text: 't' };

describe('the sentences about traces', () => {
  it('count what goes by annotation and namespace, and name the first three', () => {
    const objects = [
      ...['a', 'b', 'c', 'd'].map((name) => on(name, [ORIGINAL, { ...SHRINK, kept: { code: 'notOurs' } }])),
      on('e', [SHRINK], { namespace: 'batch' }),
      on('f', [{ ...ORIGINAL, kept: { code: 'underWay' } }]),
    ];
    assert.deepEqual(describeErasure('kind-demo', objects).split('\n'), [
      'Take the traces of Stowage off 5 objects of kind-demo:',
      '  stowage.dev/original-request: 4 in team (a, b, c, and 1 more)',
      '  stowage.dev/last-shrink: 1 in batch (e)',
      'A later plan takes what these tasks ask for now as what they asked for at first.',
      'Nothing else of these objects changes, and no task is stopped.',
    ]);
  });

  it('say of each reason why a trace stays, where, and what follows', () => {
    const all: OneOfEach<WhyKept> = {
      underWay: { code: 'underWay' },
      pinHolds: { code: 'pinHolds', node: 'gpu-3' },
      templateFixed: { code: 'templateFixed' },
      notOurs: { code: 'notOurs' },
      rewritten: { code: 'rewritten' },
    };
    for (const kept of Object.values(all)) {
      const text = describeKept([on('a', [{ ...SHRINK, kept }])]);
      assert.match(text, /^stowage\.dev\/last-shrink stays on 1 in team \(a\): /);
      saysAll(text, kept);
    }
    assert.equal(describeKept([on('a', [SHRINK])]), '');
  });

  it('say what came of it, and of whom it is not known', () => {
    const refused = {
      kind: 'refused',
      code: 'forbidden',
      attempt: { act: 'eraseTraces', object: { kind: 'Pod', namespace: 'team', name: 'b' } },
      why: { code: 'right', missing: 'patch pods', namespace: 'team' },
    } as const;
    const text = describeErased([
      { object: on('a', [SHRINK]), result: { kind: 'done', kept: [] } },
      { object: on('b', [SHRINK]), result: refused },
      { object: on('c', [ORIGINAL]), result: { kind: 'done', kept: [{ ...ORIGINAL, kept: { code: 'rewritten' } }] } },
      {
        object: on('d', [ORIGINAL], { kind: 'Job', isTemplate: true }),
        result: { kind: 'unanswered', why: { code: 'answer', status: 503, message: 'busy' } },
      },
    ]).split('\n');
    assert.equal(text[0], '1 object has lost its traces.');
    assert.match(text[1]!, /^stowage\.dev\/original-request stays on 1 in team \(c\): somebody/);
    assert.match(text[2]!, /^Cannot take the traces off Pod team\/b: you have no right to patch pods/);
    assert.match(text[3]!, /^It is not known whether the template of Job team\/d has lost its traces: .*503.*\.$/);
  });

  it('say what the state directory holds', () => {
    assert.match(
      describeUninstall('/w/.stowage', ['journal.jsonl', 'runs']),
      /\/w\/\.stowage holds journal\.jsonl and runs: /,
    );
    assert.match(describeUninstall('/w/.stowage', []), /\/w\/\.stowage holds nothing\./);
  });
});
