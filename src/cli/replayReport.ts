import type { KnowledgeName } from '../core/replay/knowledge.ts';
import type { TimedReplay } from '../core/replay/replay.ts';
import { sampledLoads } from '../core/replay/replay.ts';
import type { SaturationRun } from '../core/replay/saturation.ts';
import type { TimedRun } from '../core/replay/timed.ts';
import type { ReplayOutcome } from '../worker/threads/replays.ts';

/** A policy as the user named it, and as we do. */
export type AskedPolicy = { readonly given: string; readonly name: string };

/** Means over the seeds; shares in per cent, by arrived load in per cent. `sd…` is over the seeds, at the last load. */
export type SaturationReport = {
  readonly seeds: readonly number[];
  readonly load: number;
  readonly policies: Readonly<Record<string, SaturationRow>>;
};

type ByLoad = Readonly<Record<string, number>>;

type SaturationRow = { readonly [sd: `sd${number}`]: number } & {
  readonly allocation: ByLoad;
  readonly fragRatio: ByLoad;
  readonly fragAmount: ByLoad;
  /** Tasks that fitted nowhere, by kind, and their GPU demand in per cent of the GPUs. */
  readonly failed: Readonly<Record<string, number>>;
  /** With --moves: tasks moved after the last arrival, those that stopped for others to move, and what came back. */
  readonly moves?: { readonly made: number; readonly paused: number; readonly gained: number };
  readonly seconds: number;
};

export function saturationReport(
  policies: readonly AskedPolicy[],
  seeds: readonly number[],
  load: number,
  outcomes: readonly ReplayOutcome[],
): SaturationReport {
  const rows = policies.map(({ given }, policy) => {
    const own = outcomes.slice(policy * seeds.length, (policy + 1) * seeds.length);
    const runs = own.flatMap((outcome) => (outcome.type === 'saturation' ? [outcome.run] : []));
    return [given, saturationRow(runs, load, mean(own.map(({ seconds }) => seconds)))] as const;
  });
  return { seeds, load, policies: Object.fromEntries(rows) };
}

function saturationRow(runs: readonly SaturationRun[], load: number, seconds: number): SaturationRow {
  const loads = sampledLoads(load);
  const at = (percent: number, of: 'allocation' | 'fragRatio' | 'fragAmount') =>
    runs.flatMap(({ samples }) => samples.get(percent)?.[of] ?? []);
  const byLoad = (of: 'allocation' | 'fragRatio' | 'fragAmount') =>
    Object.fromEntries(
      loads.flatMap((percent) => (at(percent, of).length > 0 ? [[percent, rounded(mean(at(percent, of)))]] : [])),
    );
  const last = loads.at(-1)!;
  const sizes = [...new Set(runs.flatMap(({ failed }) => Object.keys(failed.whole)))].sort(
    (a, b) => Number(a) - Number(b),
  );
  const averaged = (of: (run: SaturationRun) => number) => rounded(mean(runs.map(of)));
  const sd: { readonly [sd: `sd${number}`]: number } = { [`sd${last}`]: rounded(deviation(at(last, 'allocation'))) };
  return {
    allocation: byLoad('allocation'),
    ...sd,
    fragRatio: byLoad('fragRatio'),
    fragAmount: byLoad('fragAmount'),
    failed: {
      tasks: averaged((run) => run.failed.cpuOnly + run.failed.share + Object.values(run.failed.whole).reduce(add, 0)),
      cpuOnly: averaged((run) => run.failed.cpuOnly),
      share: averaged((run) => run.failed.share),
      ...Object.fromEntries(sizes.map((gpus) => [`gpu${gpus}`, averaged((run) => run.failed.whole[gpus] ?? 0)])),
      gpuDemand: averaged((run) => run.failed.gpuDemand),
    },
    ...(runs[0]?.moves
      ? {
          moves: {
            made: averaged(({ moves }) => moves?.made ?? 0),
            paused: averaged(({ moves }) => moves?.paused ?? 0),
            gained: averaged(({ moves }) => moves?.gained ?? 0),
          },
        }
      : {}),
    seconds: rounded(seconds),
  };
}

export function describeSaturation({ seeds, load, policies }: SaturationReport): string {
  const loads = sampledLoads(load);
  const head = [
    '',
    ...loads.map((percent) => `${percent} %`),
    'sd',
    'frag ratio',
    'frag amount',
    'failed demand',
    'seconds',
  ];
  const rows = Object.entries(policies).map(([name, row]) => [
    name,
    ...loads.map((percent) => shown(row.allocation[percent])),
    shown(row[`sd${loads.at(-1)!}`]),
    shown(row.fragRatio[loads.at(-1)!]),
    shown(row.fragAmount[loads.at(-1)!]),
    shown(row.failed['gpuDemand']),
    shown(row.seconds),
  ]);
  const kinds = [...new Set(Object.values(policies).flatMap(({ failed }) => Object.keys(failed)))].filter(
    (kind) => kind !== 'gpuDemand',
  );
  const failures = Object.entries(policies).map(([name, { failed }]) => [
    name,
    ...kinds.map((kind) => String(Math.round(failed[kind] ?? 0))),
  ]);
  return [
    `GPUs allocated in %, by arrived load; mean of ${seeds.length} seed${seeds.length > 1 ? 's' : ''}. Fragments and failures at the last load.`,
    '',
    ...table([head, ...rows]),
    '',
    'Tasks that fitted nowhere:',
    '',
    ...table([['', ...kinds], ...failures]),
    '',
    ...Object.entries(policies).flatMap(([name, { moves }]) =>
      moves
        ? [
            `${name}: ${moves.made} moves gave back ${shown(moves.gained)} pp; ${moves.paused} of the tasks stopped first and went on last.`,
            '',
          ]
        : [],
    ),
  ].join('\n');
}

/** One policy with one knowledge; `stands` are the knowledges it speaks for (a policy that looks at no runtime: all). */
export type TimedRunPlan = AskedPolicy & { readonly known: KnowledgeName; readonly stands: readonly KnowledgeName[] };

export type TimedReport = Omit<TimedReplay, 'policy' | 'seed' | 'knowledge' | 'capSeconds'> & {
  readonly seeds: readonly number[];
  readonly capSeconds: number | 'none';
  /** By policy, then knowledge. */
  readonly policies: Readonly<Record<string, Readonly<Record<string, TimedRun & { readonly seconds: number }>>>>;
};

export function timedReport(
  plans: readonly TimedRunPlan[],
  seeds: readonly number[],
  { load, days, warmUpDays, capSeconds, unplaced }: Omit<TimedReplay, 'policy' | 'seed' | 'knowledge'>,
  outcomes: readonly ReplayOutcome[],
): TimedReport {
  const policies: Record<string, Record<string, TimedRun & { seconds: number }>> = {};
  plans.forEach(({ given, stands }, plan) => {
    const own = outcomes.slice(plan * seeds.length, (plan + 1) * seeds.length);
    const runs = own.flatMap((outcome) =>
      outcome.type === 'timed' ? [{ ...outcome.run, seconds: outcome.seconds }] : [],
    );
    const keys = Object.keys(runs[0] ?? {}) as (keyof (typeof runs)[number])[];
    const means = Object.fromEntries(keys.map((key) => [key, rounded(mean(runs.map((run) => run[key])))]));
    for (const known of stands) {
      policies[given] = { ...policies[given], [known]: means as TimedRun & { seconds: number } };
    }
  });
  return {
    seeds,
    load,
    days,
    warmUpDays,
    capSeconds: Number.isFinite(capSeconds) ? capSeconds : 'none',
    unplaced,
    policies,
  };
}

export function describeTimed({ seeds, load, days, warmUpDays, capSeconds, unplaced, policies }: TimedReport): string {
  const head = [
    '',
    'knows',
    'empty nodes',
    'empty GPUs',
    'rejected',
    'of GPU time',
    'allocated',
    'frag amount',
    'mean wait s',
    'seconds',
  ];
  const rows = Object.entries(policies).flatMap(([name, byKnowledge]) =>
    Object.entries(byKnowledge).map(([known, run]) => [
      name,
      known,
      ...[
        run.emptyNodes,
        run.emptyGpus,
        run.rejected,
        run.rejectedTime,
        run.allocation,
        run.fragAmount,
        run.meanWaitSeconds,
        run.seconds,
      ].map(shown),
    ]),
  );
  return [
    `Load ${load}, ${days} days, the first ${warmUpDays} not measured, runs cut to ${capSeconds} s, ${unplaced === 'wait' ? 'tasks wait' : 'tasks that fit nowhere are rejected'}; ${seeds.length} seed${seeds.length > 1 ? 's' : ''}. In %.`,
    '',
    ...table([head, ...rows]),
    '',
  ].join('\n');
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '),
  );
}

function shown(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(2);
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}

function add(left: number, right: number): number {
  return left + right;
}

function mean(values: readonly number[]): number {
  return values.length > 0 ? values.reduce(add, 0) / values.length : 0;
}

/** Sample standard deviation; 0 for fewer than two values. */
function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}
