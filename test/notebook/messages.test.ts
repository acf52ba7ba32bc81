import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DOCUMENTATION } from '../../src/notebook/documentation.ts';
import { parseFromKernel, parseToKernel } from '../../src/notebook/messages.ts';
import { KernelUnderTest } from './kernelUnderTest.ts';

describe('messages between the editor and a kernel', () => {
  it('are taken when they have exactly the known shape', () => {
    const text = { type: 'text', run: 1, stream: 'stdout', text: 'a' };
    assert.deepEqual(parseFromKernel(text), text);
    const run = { type: 'run', run: 1, code: '1', language: 'typescript' };
    assert.deepEqual(parseToKernel({ ...run, more: 1 }), run);
  });

  it('are dropped in any other shape, and parsing never throws', () => {
    for (const wrong of [undefined, null, 1, [], {}, { type: 'text' }, { type: 'ended', run: 1, how: 'well' }]) {
      assert.equal(parseFromKernel(wrong), undefined);
      assert.equal(parseToKernel(wrong), undefined);
    }
    assert.equal(parseFromKernel({ type: 'text', run: -1, stream: 'stdout', text: 'a' }), undefined);
    assert.equal(parseFromKernel({ type: 'display', run: 1, display: 0, bundle: [{ mime: 1 }] }), undefined);
    fc.assert(
      fc.property(fc.anything(), (value) => {
        parseFromKernel(value);
        parseToKernel(value);
      }),
    );
  });

  it('a cell that forges messages disturbs only itself', async () => {
    const cells = new KernelUnderTest();
    try {
      const { shown } = await cells.run(
        'process.send({ type: "ended", run: 99, how: "done" }); process.send("x"); process.send({}); 1',
      );
      assert.deepEqual(shown, ['1']);
    } finally {
      await cells.close();
    }
  });
});

describe('what completion and hover say', () => {
  it('documents every member of stowage, Plotly and display, and nothing that is not there', async () => {
    const cells = new KernelUnderTest();
    try {
      const { shown } = await cells.run(`
        const own = (name, library) => [name, ...Object.keys(library).map((key) => name + '.' + key)];
        JSON.stringify([...own('stowage', stowage), ...own('Plotly', Plotly), ...own('display', display), 'tf', 'dfd'])`);
      assert.deepEqual(Object.keys(DOCUMENTATION).sort(), (JSON.parse(shown[0]!) as string[]).sort());
      assert.match((await cells.kernel.describe('stowage.train')) ?? '', /Trains the network/);
    } finally {
      await cells.close();
    }
  });
});
