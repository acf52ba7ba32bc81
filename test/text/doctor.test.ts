import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Situation } from '../../src/planning/situation.ts';
import { doctorText } from '../../src/text/doctor.ts';
import { amounts, aNode, aSnapshot, aTask } from '../core/small.ts';
import { inZone } from './zones.ts';

describe('the doctor’s document', () => {
  it('says of each source what it has, and of one that lacks something what fixes it', () => {
    const text = doctorText('prod', [
      { state: 'ok', code: 'server', server: 'https://here', version: 'v1.36.2', isOld: false },
      { state: 'missing', code: 'metricsAbsent' },
      { state: 'failed', code: 'unreadable', source: 'pods', message: 'forbidden', role: 'stowage-reader' },
    ]);
    assert.match(text, /^# Doctor: prod$/m);
    assert.match(text, /^\| server \| ok \| https:\/\/here, Kubernetes v1\.36\.2 \|$/m);
    assert.match(text, /^\| usage \(metrics.*\) \| lacks \| not in this cluster\. Install metrics-server; .* \|$/m);
    assert.match(text, /^\| pods \| fails \| forbidden\. Ask an administrator for the role stowage-reader .* \|$/m);
    assert.doesNotMatch(text, /Last reading/);
  });

  it('adds the last reading where there is one, and shows what clusters say as text', () => {
    const snapshot = aSnapshot([aNode('n', amounts(8, 8))], [aTask('a', 'n', amounts(1, 1))], {
      problems: [{ code: 'nodeWithoutAmounts', node: '<img src=x> | [run](command:x)' }],
      rights: { resize: { '*': 'patch pods/resize' } },
    });
    const situation = { snapshot, history: [], predictor: { name: 'baselines', tasks: 0 } };
    const text = inZone('Asia/Kolkata', () => doctorText('sample', [], situation as unknown as Situation));
    // The snapshot of the small cluster was taken at 1,000,000 s: 12 January 1970, 13:46 UTC.
    assert.match(text, /^# Doctor: sample\n\nAll times in UTC\+5:30 \(Asia\/Kolkata\)\.\n/);
    assert.match(text, /read at 1970-01-12 19:16 \|/);
    assert.match(
      text,
      /## Last reading[\s\S]*1 node, 1 task[\s\S]*nowhere: the right to patch pods\/resize is missing/,
    );
    assert.match(text, /- Node \\<img src=x\\> \\\| \\\[run\\\]\(command:x\)/);
    assert.match(text, /^- right to resize: nowhere: the right to patch pods\/resize is missing$/m);
  });

  it('names no missing right beside "None", and each source once', () => {
    const situation = { snapshot: aSnapshot([], []), history: [], predictor: { name: 'baselines', tasks: 0 } };
    const findings = [
      { state: 'ok', code: 'namespaces' },
      { state: 'ok', code: 'objects', source: 'namespaces', count: 3, milliseconds: 5 },
    ] as const;
    const text = doctorText('prod', findings, situation as unknown as Situation);
    assert.match(text, /## Problems of the last reading\n\nNone\.\n$/);
    assert.match(text, /^\| what is read \| ok \| all namespaces \|$/m);
    assert.equal(text.match(/^\| namespaces \|/gm)?.length, 1);
  });
});
