import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { secondsOf, settingsOf } from '../../src/cli/settings.ts';
import { InputError } from '../../src/core/model/input.ts';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';

describe('settings on the command line', () => {
  it('are the defaults where nothing is said', () => assert.deepEqual(settingsOf([]), DEFAULT_SETTINGS));

  it('take seconds with a unit of time, fractions with %, strategies and weights', () => {
    const words = ['usageWindowSeconds=10m', 'candidateFreeFraction=20%', 'shrinkStrategy=usage', 'turnoverSeconds=1d'];
    const { usageWindowSeconds, candidateFreeFraction, shrinkStrategy, turnoverSeconds } = settingsOf(words);
    assert.deepEqual(
      [usageWindowSeconds, candidateFreeFraction, shrinkStrategy, turnoverSeconds],
      [600, 0.2, 'usage', 86400],
    );
    assert.deepEqual(settingsOf(['policyWeights=timeFit:1,bestFit:0.5']).policyWeights, { timeFit: 1, bestFit: 0.5 });
  });

  it('refuse what is no setting, or no value of it, in one clear text', () => {
    const refused = (word: string, text: RegExp) =>
      assert.throws(
        () => settingsOf([word]),
        (error) => error instanceof InputError && text.test(error.message),
      );
    refused('firstWindow=10m', /There is no setting "firstWindow".*usageWindowSeconds/);
    refused('usageWindowSeconds', /not of the form name=value/);
    refused('usageWindowSeconds=soon', /takes a number from 0, such as usageWindowSeconds=15m/);
    refused('usageWindowSeconds=-5', /takes a number from 0/);
    refused('shrinkStrategy=half', /fixed or usage/);
    refused('policyWeights=timeFit', /name:number/);
    refused('constructor=1', /There is no setting "constructor"/);
  });

  it('read spans of time', () => {
    assert.deepEqual(
      ['90', '90s', '15m', '2h', '7d', '1.5h'].map((text) => secondsOf('--advance', text)),
      [90, 90, 900, 7200, 604800, 5400],
    );
    for (const text of ['', 'h', '2x', '-1h', '10%']) assert.throws(() => secondsOf('--advance', text), InputError);
  });
});
