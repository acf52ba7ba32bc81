import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import { type Configuration, editorSetting, matchesAny, methodSettingsOf } from '../../src/editor/settings.ts';

type Values = Readonly<Record<string, unknown>>;

/** As VS Code keeps settings: a declared default under all scopes, and objects laid over each other. */
function configuration({
  user = {},
  workspace = {},
  folder = {},
}: {
  user?: Values;
  workspace?: Values;
  folder?: Values;
}) {
  const defaults: Values = {
    'migration.giveUpAfterMinutes': 120,
    seventhWaitMinutes: 0, // VS Code's own for a number that declares none
    'ranking.policyWeights': { timeFit: 1 },
    policyWeights: {},
    'safety.productionContexts': ['*prod*'],
    productionContexts: [],
  };
  const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  return {
    get(name) {
      const set = [defaults, user, workspace, folder]
        .map((scope) => scope[name])
        .filter((value) => value !== undefined);
      return set.every(isObject) ? Object.assign({}, ...set) : set.at(-1);
    },
    inspect: (name) => ({
      defaultValue: defaults[name],
      globalValue: user[name],
      workspaceValue: workspace[name],
      workspaceFolderValue: folder[name],
    }),
  } satisfies Configuration;
}

const methodSettings = (scopes: Parameters<typeof configuration>[0]) => methodSettingsOf(configuration(scopes));

describe('the editor’s settings', () => {
  it('are the core’s defaults where nothing is set', () => assert.deepEqual(methodSettings({}), DEFAULT_SETTINGS));

  it('are read in the core’s units', () => {
    const user = {
      'migration.giveUpAfterMinutes': 90,
      'ranking.planningHorizonHours': 48,
      'resizing.shrinkStrategy': 'usage',
      'resizing.marginFraction': 0.25,
    };
    assert.deepEqual(methodSettings({ user }), {
      ...DEFAULT_SETTINGS,
      migrationGiveUpSeconds: 5400,
      planningHorizonSeconds: 172_800,
      shrinkStrategy: 'usage',
      marginFraction: 0.25,
    });
  });

  for (const scope of ['user', 'workspace', 'folder'] as const) {
    it(`are read under a former id that the ${scope} has set`, () => {
      const settings = methodSettings({ [scope]: { seventhWaitMinutes: 30, thirdThresholdFraction: 0.2 } });
      assert.deepEqual([settings.migrationGiveUpSeconds, settings.candidateFreeFraction], [1800, 0.2]);
    });

    it(`take the new id that the ${scope} has set before a former one of any scope`, () => {
      const former = { seventhWaitMinutes: 30 };
      const scopes = { user: former, workspace: former, folder: former };
      const set = { ...scopes, [scope]: { ...former, 'migration.giveUpAfterMinutes': 120 } };
      assert.equal(methodSettings(set).migrationGiveUpSeconds, 7200);
    });
  }

  it('lay former weights of policies over the default, as VS Code does with the new ones', () => {
    for (const name of ['policyWeights', 'ranking.policyWeights']) {
      const { policyWeights } = methodSettings({ user: { [name]: { bestFit: 2 } } });
      assert.deepEqual(policyWeights, { timeFit: 1, bestFit: 2 }, name);
    }
  });

  it('pass over what is of another kind, and keep numbers within their bounds', () => {
    const user = {
      'migration.giveUpAfterMinutes': '90',
      'resizing.shrinkStrategy': 'half',
      'resizing.marginFraction': 7,
      'resizing.expandRetryMinutes': 0,
      'ranking.policyWeights': { bestFit: -1, fgd: 'much' },
    };
    assert.deepEqual(methodSettings({ user }), {
      ...DEFAULT_SETTINGS,
      marginFraction: 1,
      expandRetrySeconds: 6,
      policyWeights: { timeFit: 1, bestFit: 0 },
    });
  });

  it('of the connection and of safety are read under both ids, too', () => {
    const contexts = (user: Values) => editorSetting(configuration({ user }), 'safety.productionContexts');
    assert.deepEqual(contexts({}), ['*prod*']);
    assert.deepEqual(contexts({ productionContexts: ['live'] }), ['*prod*', 'live']);
    assert.deepEqual(contexts({ 'safety.productionContexts': 'live' }), ['*prod*', 'live']);
    assert.deepEqual(contexts({ 'safety.productionContexts': 3 }), ['*prod*']);
    const seed = (user: Values) => editorSetting(configuration({ user }), 'connection.sampleSeed');
    assert.deepEqual([seed({}), seed({ sampleSeed: 12 }), seed({ 'connection.sampleSeed': null })], [7, 12, 7]);
  });

  it('keep safe the contexts of all scopes together, so that none takes away what another names', () => {
    for (const id of ['safety.readOnlyContexts', 'safety.productionContexts'] as const) {
      const former = id.slice('safety.'.length);
      const standard = id === 'safety.productionContexts' ? ['*prod*'] : [];
      const named = (scopes: Parameters<typeof configuration>[0]) =>
        [...editorSetting(configuration(scopes), id)].sort();
      for (const emptying of [[], '', 3, null, {}]) {
        const scopes = { user: { [id]: ['live'] }, workspace: { [id]: emptying }, folder: { [former]: emptying } };
        const kept = typeof emptying === 'string' ? ['', ...standard, 'live'] : [...standard, 'live'];
        assert.deepEqual(named(scopes), kept, JSON.stringify(emptying));
      }
      const each = { user: { [former]: ['a'] }, workspace: { [id]: ['b', 'a'] }, folder: { [id]: 'c' } };
      assert.deepEqual(named(each), [...standard, 'a', 'b', 'c']);
    }
  });

  it('keep contexts safe where a pattern stands alone, or beside what is none', () => {
    const readOnly = (value: unknown) =>
      editorSetting(configuration({ user: { 'safety.readOnlyContexts': value } }), 'safety.readOnlyContexts');
    assert.deepEqual([readOnly('prod'), readOnly(['prod', 3]), readOnly(3)], [['prod'], ['prod'], []]);
  });

  it('name contexts by patterns in which * stands for anything', () => {
    const matched = (pattern: string) => ['prod', 'eu-prod-1', 'test'].filter((name) => matchesAny([pattern], name));
    assert.deepEqual(matched('*prod*'), ['prod', 'eu-prod-1']);
    assert.deepEqual(matched('prod'), ['prod']);
    assert.deepEqual(matched('.*'), []);
    assert.equal(matchesAny([], 'prod'), false);
  });
});
