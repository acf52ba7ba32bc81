import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isFull } from '../full.ts';
import { KernelUnderTest, type RunOutcome } from './kernelUnderTest.ts';

const NOTEBOOKS = fileURLToPath(new URL('../../notebooks', import.meta.url));

/** Trains on about nine thousand tasks; the editor's test runs it, too. */
const LONG = '2-train-runtime-predictor.ipynb';

describe('the notebooks', () => {
  const names = readdirSync(NOTEBOOKS).filter((name) => name.endsWith('.ipynb'));

  it('are four, in reading order', () => {
    assert.deepEqual(names, ['1-history.ipynb', '2-train-runtime-predictor.ipynb', '3-forecast.ipynb', '4-plan.ipynb']);
  });

  for (const name of names) {
    it(`${name} runs from top to bottom and ends with something to look at`, async function () {
      if (name === LONG && !isFull) this.skip();
      const cells = new KernelUnderTest();
      try {
        const outcomes: RunOutcome[] = [];
        for (const code of codeOf(name)) {
          const outcome = await cells.run(code);
          assert.equal(outcome.end.how, 'done', `${outcome.error?.stack}\n\n${code}`);
          outcomes.push(outcome);
        }
        assert.ok(outcomes.at(-1)!.mimes.some(([mime]) => mime === 'application/vnd.plotly.v1+json'));
        for (const text of outcomes.flatMap(({ shown, text }) => [...shown, text])) {
          assert.doesNotMatch(text, /\bNaN\b|\bundefined\b|\[object Object\]/);
        }
      } finally {
        await cells.close();
      }
    });

    it(`${name} is stored without outputs and chooses our kernel`, () => {
      const notebook = read(name);
      assert.equal(notebook.metadata.kernelspec.name, 'stowage');
      assert.ok(notebook.cells.every(({ outputs }) => outputs === undefined || outputs.length === 0));
    });
  }
});

type Notebook = {
  readonly metadata: { readonly kernelspec: { readonly name: string } };
  readonly cells: readonly {
    readonly cell_type: 'code' | 'markdown';
    readonly source: readonly string[];
    readonly outputs?: readonly unknown[];
  }[];
};

function read(name: string): Notebook {
  return JSON.parse(readFileSync(join(NOTEBOOKS, name), 'utf8')) as Notebook;
}

function codeOf(name: string): string[] {
  return read(name)
    .cells.filter(({ cell_type }) => cell_type === 'code')
    .map(({ source }) => source.join(''));
}
