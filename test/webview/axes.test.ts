import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { tickFormats } from '../../src/text/axis.ts';
import { withTickFormats } from '../../webview/renderer/axes.ts';

describe('the axes of a notebook’s chart', () => {
  it('get formats by the distance of their ticks where they have one with fixed decimals', () => {
    const layout = { title: 'a', yaxis: { tickformat: '.0%', range: [0, 1] }, xaxis2: { tickformat: 'd' } };
    assert.deepEqual(withTickFormats(layout), {
      title: 'a',
      yaxis: { tickformat: '.0%', range: [0, 1], tickformatstops: tickFormats('.0%') },
      xaxis2: { tickformat: 'd', tickformatstops: tickFormats('d') },
    });
  });

  it('stay as they are otherwise, whatever a stored notebook holds', () => {
    for (const layout of [
      {},
      { xaxis: null, yaxis: 'none' },
      { xaxis: { tickvals: [1], ticktext: ['a'] } },
      { yaxis: { tickformat: '.0%', tickformatstops: [] } },
      { coloraxis: { tickformat: '.0%' } },
    ])
      assert.deepEqual(withTickFormats(layout), layout);
  });
});
