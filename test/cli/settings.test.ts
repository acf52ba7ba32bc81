import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { secondsOf, settingsOf } from '../../src/cli/settings.ts';
import { InputError } from '../../src/core/model/input.ts';
import { DEFAULT_SETTINGS, SETTINGS, type Settings } from '../../src/core/model/settings.ts';

describe('settings on the command line', () => {
  /** What the words change, and what is said of them. */
  function read(...words: string[]): { changed: Partial<Settings>; said: string[] } {
    const said: string[] = [];
    const settings = settingsOf(words, (text) => said.push(text));
    const fields = Object.keys(settings) as (keyof Settings)[];
    const changed = fields.filter((field) => settings[field] !== DEFAULT_SETTINGS[field]);
    return { changed: Object.fromEntries(changed.map((field) => [field, settings[field]])), said };
  }

  it('are the defaults where nothing is said', () => assert.deepEqual(settingsOf([]), DEFAULT_SETTINGS));

  it('are named as in VS Code, and a number counts in the unit of its name', () => {
    const migrationGiveUpSeconds = 90 * 60;
    for (const word of [
      'migration.giveUpAfterMinutes=90',
      'stowage.migration.giveUpAfterMinutes=90',
      'migration.giveUpAfterMinutes=1.5h',
      'migrationGiveUpSeconds=5400',
      'migrationGiveUpSeconds=90m',
    ]) {
      assert.deepEqual(read(word), { changed: { migrationGiveUpSeconds }, said: [] }, word);
    }
    assert.equal(settingsOf(['ranking.planningHorizonHours=48']).planningHorizonSeconds, 48 * 3600);
  });

  it('take fractions with %, strategies and weights', () => {
    const words = ['migration.candidateFreeFraction=20%', 'resizing.shrinkStrategy=usage', 'turnoverSeconds=1d'];
    assert.deepEqual(read(...words).changed, {
      candidateFreeFraction: 0.2,
      shrinkStrategy: 'usage',
      turnoverSeconds: 86400,
    });
    const { policyWeights } = settingsOf(['ranking.policyWeights=timeFit:1,bestFit:0.5']);
    assert.deepEqual(policyWeights, { timeFit: 1, bestFit: 0.5 });
  });

  it('are refused with an example that is taken', () => {
    for (const [field, { kind }] of Object.entries(SETTINGS)) {
      if (kind === 'choice' || kind === 'amounts') continue;
      const refused = () => settingsOf([`${field}=none`]);
      assert.throws(refused, (error: InputError) => {
        const [, example] = /such as (\S+)\.$/.exec(error.message) ?? assert.fail(error.message);
        settingsOf([example!]);
        return true;
      });
    }
  });

  it('still take every former name, and say what it is called now', () => {
    for (const [field, { id, unit, kind, formerIds, formerFields, maximum }] of Object.entries(SETTINGS)) {
      if (kind === 'choice' || kind === 'amounts') continue;
      const value = maximum / unit / 2;
      const former = [...formerIds.filter((name) => name !== field), ...formerFields];
      for (const name of former) {
        const factor = formerFields.includes(name) && !formerIds.includes(name) ? 1 : unit;
        const { changed, said } = read(`${name}=${value}`);
        assert.deepEqual(changed, { [field]: value * factor }, name);
        assert.deepEqual(said, [`--setting ${name} is deprecated. Write ${id}.`]);
      }
    }
    // The table's own rule is not its proof: these are the names of 0.1.0.
    const of010 = [
      'firstWindowSeconds=600',
      'secondWaitMinutes=60',
      'thirdThresholdFraction=20%',
      'seventhWaitSeconds=1h',
    ];
    assert.deepEqual(read(...of010).changed, {
      usageWindowSeconds: 600,
      shrinkGiveUpSeconds: 3600,
      candidateFreeFraction: 0.2,
      migrationGiveUpSeconds: 3600,
    });
  });

  it('take the new name where a former one is given too, in whichever order', () => {
    const words = ['migration.retryMinutes=5', 'sixthWaitMinutes=20'];
    for (const order of [words, words.toReversed()]) {
      const { changed, said } = read(...order);
      assert.deepEqual(changed, { migrationRetrySeconds: 300 });
      assert.deepEqual(said, [
        '--setting sixthWaitMinutes is deprecated and ignored: migration.retryMinutes is given too.',
      ]);
    }
  });

  it('refuse what is no setting, or no value of it, in one clear text', () => {
    const refused = (word: string, text: RegExp) =>
      assert.throws(
        () => settingsOf([word]),
        (error) => error instanceof InputError && text.test(error.message),
        word,
      );
    refused('firstWindow=10m', /There is no setting "firstWindow".*resizing\.usageWindowMinutes/);
    refused('constructor=1', /There is no setting "constructor"/);
    refused('usageWindowSeconds', /not of the form name=value/);
    const takesTime = /takes a time from 1 min to 1 d, such as usageWindowSeconds=15m/;
    for (const value of ['soon', '-5', '30%', '59s', '25h']) refused(`usageWindowSeconds=${value}`, takesTime);
    for (const value of ['31%', '0', '15m'])
      refused(`resizing.expandFraction=${value}`, /takes a number from 0\.1 to 0\.3/);
    refused('gainRatio=5%', /takes a number from 0 to 100/);
    refused('shrinkStrategy=half', /fixed or usage/);
    refused('policyWeights=timeFit', /name:number/);
    refused('policyWeights=timeFit:1001', /from 0 to 1000/);
  });

  it('read spans of time', () => {
    assert.deepEqual(
      ['90', '90s', '15m', '2h', '7d', '1.5h'].map((text) => secondsOf('--advance', text)),
      [90, 90, 900, 7200, 604800, 5400],
    );
    for (const text of ['', 'h', '2x', '-1h', '10%']) assert.throws(() => secondsOf('--advance', text), InputError);
  });
});
