import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Asked, PanelState } from '../../src/panel/protocol.ts';
import type { StepText } from '../../src/text/operation.ts';
import { isTicked } from '../../webview/moves/ticks.ts';
import { EMPTY_MODEL, keepChoices, type PanelModel, parseChoices, reduce, wholeForecast } from '../../webview/state.ts';

const state = (more: Partial<PanelState>) =>
  ({ type: 'state', state: { cluster: 'c', zone: 'UTC', steps: [], stepsBefore: 0, ...more } }) as const;
const host = (planId: string) => state({ planId });
const tick = (moveIds: readonly string[], on: boolean) => ({ type: 'tick', moveIds, on }) as const;
const withPlan = (planId: string) =>
  state({ planId, plan: new TextEncoder().encode(JSON.stringify({ id: planId, moves: [] })) });
const ticked = ({ choices }: PanelModel) => ['a', 'b', 'c'].filter((id) => isTicked(choices.ticks, id));
const step = (moveId: string, standing: StepText['state']): StepText => ({
  moveId,
  title: moveId,
  state: standing,
  text: '',
});

describe('the state of the plan panel', () => {
  it('begins with all moves ticked and takes some out, and back in', () => {
    const model = reduce(reduce(EMPTY_MODEL, host('p')), tick(['b'], false));
    assert.deepEqual(ticked(model), ['a', 'c']);
    assert.deepEqual(ticked(reduce(model, tick(['a', 'b'], true))), ['a', 'b', 'c']);
  });

  it('ticks none, and then just those that are wanted', () => {
    const none = reduce(reduce(EMPTY_MODEL, host('p')), { type: 'tickAll', on: false });
    assert.deepEqual(ticked(none), []);
    assert.deepEqual(ticked(reduce(none, tick(['c'], true))), ['c']);
    assert.deepEqual(ticked(reduce(none, { type: 'tickAll', on: true })), ['a', 'b', 'c']);
  });

  it('keeps the plan that a later state of the same plan does not carry', () => {
    const first = reduce(EMPTY_MODEL, withPlan('p'));
    assert.deepEqual(reduce(first, host('p')).plan, { id: 'p', moves: [] });
    assert.equal(reduce(first, host('q')).plan, undefined);
  });

  it('shows no plan once the host has none, as after another cluster was opened', () => {
    assert.equal(reduce(reduce(EMPTY_MODEL, withPlan('p')), state({ cluster: 'other' })).plan, undefined);
  });

  it('keeps the ticks over progress and a reload, and forgets them with a new plan', () => {
    const chosen = reduce(reduce(EMPTY_MODEL, host('p')), tick(['b'], false));
    assert.deepEqual(ticked(reduce(chosen, host('p'))), ['a', 'c']);
    const kept = JSON.parse(JSON.stringify(keepChoices(chosen.choices)));
    const reloaded = { ...EMPTY_MODEL, choices: parseChoices(kept) };
    assert.deepEqual(ticked(reduce(reduce(reloaded, state({ busy: 'connecting' })), host('p'))), ['a', 'c']);
    assert.deepEqual(ticked(reduce(chosen, host('q'))), ['a', 'b', 'c']);
  });

  it('keeps how moves are listed with the next plan too, but no search, which would hide its moves', () => {
    const listed = reduce(reduce(EMPTY_MODEL, host('p')), { type: 'list', view: { group: 'node', search: 'gpu' } });
    const { moves } = reduce(listed, host('q')).choices;
    assert.deepEqual([moves.group, moves.search], ['node', '']);
    assert.equal(reduce(listed, host('p')).choices.moves.search, 'gpu');
  });

  it('knows what came last: a plan, a step, or what is being done', () => {
    let model = reduce(EMPTY_MODEL, state({ busy: 'planning' }));
    const latest = (more: Partial<PanelState>) => {
      model = reduce(model, state(more));
      return model.latest;
    };
    assert.equal(model.latest, 'busy');
    assert.equal(latest({ planId: 'p' }), 'plan');
    assert.equal(latest({ planId: 'p', busy: 'applying' }), 'busy');
    assert.equal(latest({ planId: 'p', busy: 'applying', steps: [step('a', 'done')] }), 'step');
    assert.equal(latest({ planId: 'p', stepsBefore: 1 }), 'step');
    assert.equal(latest({ planId: 'p', stepsBefore: 1, busy: 'planning' }), 'busy');
    assert.equal(latest({ planId: 'q' }), 'plan');
  });

  it('opens and closes groups of moves', () => {
    const opened = reduce(EMPTY_MODEL, { type: 'open', group: 'node n1', on: true });
    assert.deepEqual(opened.choices.moves.opened, ['node n1']);
    assert.deepEqual(reduce(opened, { type: 'open', group: 'node n1', on: false }).choices.moves.opened, []);
  });

  it('adds the steps that are new, each in the place of its earlier one, and begins again where the host does', () => {
    const first = reduce(EMPTY_MODEL, state({ steps: [step('a', 'running'), step('b', 'running')] }));
    const next = reduce(first, state({ steps: [step('a', 'done')], stepsBefore: 2 }));
    assert.deepEqual(
      [...next.steps.values()].map((each) => [each.moveId, each.state]),
      [
        ['b', 'running'],
        ['a', 'done'],
      ],
    );
    assert.equal(first.steps.get('a')?.state, 'running', 'the model before is left alone');
    assert.equal(reduce(next, state({})).steps.size, 0);
  });

  it('takes nothing from kept choices that are out of shape', () => {
    for (const value of [null, 7, 'p', [], { ticks: 'all', moves: 3, task: {}, planId: 3 }])
      assert.deepEqual(parseChoices(value), EMPTY_MODEL.choices);
    const { ticks, moves } = parseChoices({
      ticks: { base: 'none', except: ['a', 7, null] },
      moves: { group: 'x', sorting: { column: 'y' }, opened: [1, 'g'], search: 4 },
    });
    assert.deepEqual([...ticks.except], ['a']);
    assert.deepEqual(moves, { search: '', group: 'goal', opened: ['g'] });
  });

  it('keeps the tried ranking and the what-ifs as the host sends them, and draws these beside the plan’s scenarios', () => {
    const whatIf = {
      planId: 'p',
      change: { kind: 'lost', node: 'a' },
      forecast: { scenarios: [{ name: 'without a' }] },
    };
    const whatIfs = [whatIf] as unknown as NonNullable<Asked['whatIfs']>;
    const answered = reduce(EMPTY_MODEL, state({ planId: 'p', asked: { whatIfs } }));
    // The host sends them again only when they are others.
    const { host: kept } = reduce(answered, state({ planId: 'p' }));
    assert.equal(kept.whatIfs, whatIfs);
    assert.equal(reduce(answered, state({ planId: 'q', asked: {} })).host.whatIfs, undefined);
    const own = { scenarios: [{ name: 'nothing' }, { name: 'plan' }] } as unknown as Parameters<
      typeof wholeForecast
    >[0];
    const names = wholeForecast(own, kept.whatIfs).scenarios.map(({ name }) => name);
    assert.deepEqual(names, ['nothing', 'plan', 'without a']);
    assert.deepEqual(wholeForecast(own), own);
  });
});
