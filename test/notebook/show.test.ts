import assert from 'node:assert/strict';
import { describeFigure, plainFigure } from '../../src/notebook/figure.ts';
import { bundleOf, PLOTLY_MIME, TABLE_MIME } from '../../src/notebook/show.ts';
import { MOST_ROWS, tableOfRows, tableText } from '../../src/notebook/table.ts';

describe('what a notebook shows', () => {
  it('thins a chart evenly over the most points and keeps the last', () => {
    const x = Array.from({ length: 1001 }, (_, index) => index);
    const { data } = plainFigure({ data: [{ x, y: new Float64Array(x), name: 'a' }], layout: {} }, 100);
    // 1001 points over 100 allowed: every 11th, which ends at 990 + the last one, 1000 (1000 = 90 · 11 + 10)
    const kept = data[0]!['x'] as number[];
    assert.deepEqual([kept.length, kept[0], kept[1], kept.at(-1)], [92, 0, 11, 1000]);
    assert.deepEqual(data[0]!['y'], kept);
    assert.equal(data[0]!['name'], 'a');
  });

  it('says a chart in words: title, axes, each named trace with its span', () => {
    const text = describeFigure({
      data: [
        { y: [3, 1, Number.NaN], x: [0, 1, 2], name: 'loss', mode: 'lines' },
        { y: [1], x: [1], showlegend: false },
        { type: 'bar', x: ['a', 'b'], y: [1, 2] },
        {
          type: 'heatmap',
          z: [
            [1, 2],
            [3, 4],
          ],
        },
      ],
      layout: { title: { text: 'Training' }, xaxis: { title: { text: 'step' } } },
    });
    assert.equal(
      text,
      [
        'Chart: Training (x: step)',
        '  loss: scatter, 3 points, x 0 to 2, y 1 to 3',
        '  trace 3: bar, 2 points, x a to b, y 1 to 2',
        '  trace 4: heatmap, 4 points, z 1 to 4',
      ].join('\n'),
    );
  });

  it('shows an empty chart, an empty table, an empty frame', () => {
    assert.equal(describeFigure({ data: [], layout: {} }), 'Chart');
    assert.deepEqual(tableOfRows([]), { columns: [], index: [], rows: [], total: 0 });
    assert.equal(tableText(tableOfRows([])), '');
  });

  it('cuts a long table and says how long it is', () => {
    const table = tableOfRows(Array.from({ length: 1000 }, (_, a) => ({ a })));
    assert.deepEqual([table.rows.length, table.total], [MOST_ROWS, 1000]);
    assert.match(tableText(table), /… First 20 of 1,000 rows$/);
  });

  it('writes missing values, dates, objects and long texts into one line each', () => {
    const { rows, columns } = tableOfRows([
      { a: null, b: new Date(0), c: { d: [1] }, e: 'x\n y', f: 1 / 3 },
      { a: 2, f: Number.NaN },
    ]);
    assert.deepEqual(rows[0], ['', '1970-01-01T00:00:00.000Z', '{"d":[1]}', 'x y', '0.333333']);
    assert.deepEqual(rows[1], ['2', '', '', '', '']);
    assert.deepEqual(
      columns.map(({ numeric }) => numeric),
      [true, false, false, false, true],
    );
  });

  it('shows no password of an address in a table', () => {
    assert.deepEqual(tableOfRows([{ at: 'https://user:hunter2@host/x' }]).rows, [['https://host/x']]);
  });

  it('chooses the form by what the value is', () => {
    const mimes = (value: unknown) => bundleOf(value).map(({ mime }) => mime);
    assert.deepEqual(mimes(undefined), []);
    assert.deepEqual(mimes(null), ['text/plain']);
    assert.deepEqual(mimes({ data: [{ y: [1] }], layout: {} }), [PLOTLY_MIME, 'text/plain']);
    assert.deepEqual(mimes({ data: [{ y: [1] }] }), ['text/plain']);
    const frame = { $dataIncolumnFormat: [], columns: ['a'], index: [0], values: [[1]] };
    assert.deepEqual(mimes(frame), [TABLE_MIME, 'text/plain']);
    assert.deepEqual(mimes({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<b>x</b>' }) }), ['text/html']);
  });

  it('stores valid JSON for what JSON does not know', () => {
    const [chart] = bundleOf({ data: [{ y: [1, Number.NaN, Number.POSITIVE_INFINITY] }], layout: {} });
    assert.deepEqual((JSON.parse(chart!.text) as { data: unknown[] }).data, [{ y: [1, null, null] }]);
  });
});
