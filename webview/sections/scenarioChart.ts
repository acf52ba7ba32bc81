import type { TemplateResult } from 'lit-html';
import type { Forecast, Moment } from '../../src/core/forecast/forecast.ts';
import type { Band } from '../../src/core/model/band.ts';
import { compareScenarios, scenarioTitle } from '../../src/text/forecast.ts';
import { duration } from '../../src/text/format.ts';
import { type ChartOptions, chart, type Series } from '../chart.ts';

/** One quantity of a forecast, and how a chart writes it. */
export type Measure = Pick<ChartOptions, 'title' | 'yTitle' | 'yFormat' | 'format'> & {
  readonly pick: (moment: Moment) => Band;
  /** How many of what `pick` counts make one unit of the axis; default 1. */
  readonly perUnit?: number;
  /** A value of `pick` in the chart's sentence. */
  readonly say: (value: number) => string;
};

/** A chart of one quantity, with a line and a band for each scenario. */
export function scenarioChart(forecast: Forecast, { pick, perUnit = 1, say, ...look }: Measure): TemplateResult {
  const compare = (scenarios: Forecast['scenarios']) =>
    compareScenarios({ ...forecast, scenarios }, (moment) => say(pick(moment).p50));
  return chart({
    ...look,
    sentence: compare(forecast.scenarios),
    caption: compare(forecast.scenarios.filter(({ name }) => !PARTS.includes(name))),
    xTicks: ticks(forecast),
    series: series(forecast, pick, perUnit),
  });
}

/** Scenarios that are a part of the plan; under the title the whole is enough. */
const PARTS: readonly string[] = ['resize', 'migrate'];

/** A dashed line beside a full one: the two are told apart without colours too. */
const LOOKS: Readonly<Record<string, Pick<Series, 'colour' | 'dash' | 'lineOnly'>>> = {
  nothing: { colour: 'charts-yellow', dash: 'dot' },
  resize: { colour: 'charts-green', dash: 'dash', lineOnly: true },
  migrate: { colour: 'charts-foreground', dash: 'longdash', lineOnly: true },
  plan: { colour: 'charts-blue', dash: 'solid' },
};

/** Changes of nodes are told apart by colour, order in the legend and their names. */
const FURTHER_COLOURS = ['charts-red', 'charts-purple', 'charts-orange'];

/** How each scenario's line looks, in every chart the same. */
export function looks({ scenarios }: Forecast): Pick<Series, 'name' | 'colour' | 'dash' | 'lineOnly'>[] {
  const further = scenarios.map(({ name }) => name).filter((name) => !LOOKS[name]);
  return scenarios.map(({ name }) => ({
    name: scenarioTitle(name),
    ...(LOOKS[name] ?? { colour: FURTHER_COLOURS[further.indexOf(name)] ?? 'charts-purple', dash: 'dashdot' }),
  }));
}

function series(forecast: Forecast, pick: Measure['pick'], perUnit: number): Series[] {
  return looks(forecast).map((look, at) => {
    const bands = forecast.scenarios[at]!.moments.map(pick);
    return {
      ...look,
      x: bands.map((_, index) => index),
      p10: bands.map(({ p10 }) => p10 / perUnit),
      p50: bands.map(({ p50 }) => p50 / perUnit),
      p90: bands.map(({ p90 }) => p90 / perUnit),
    };
  });
}

/** Moments are spaced evenly, since each is about twice as far as the one before. */
function ticks({ scenarios }: Forecast): ChartOptions['xTicks'] {
  return (scenarios[0]?.moments ?? []).map(({ inSeconds }, at) => ({
    at,
    text: inSeconds === 0 ? 'now' : duration(inSeconds),
  }));
}
