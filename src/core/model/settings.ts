/** Every window, wait and threshold of the method's table. Times are seconds, shares are fractions of 1. */
export type Settings = {
  /** Window over which a task's usage is taken (S306). */
  readonly usageWindowSeconds: number;
  /** Window over which a node's usage is taken (S408). */
  readonly nodeUsageWindowSeconds: number;
  /** How long a defragmentation trigger must hold (S407). */
  readonly triggerHoldSeconds: number;
  /** r1: below this share of the request a task shrinks (S307). */
  readonly shrinkBelowFraction: number;
  /** r2: above this share of the request a task expands (S307). */
  readonly expandAboveFraction: number;
  /** How the shrink amount is found: allocation × (1 − r1), or request × (1 − usage rate). */
  readonly shrinkStrategy: 'fixed' | 'usage';
  /** e: an expand's amount as a share of the request, with its bounds. */
  readonly expandFraction: number;
  readonly expandMinFraction: number;
  readonly expandMaxFraction: number;
  readonly shrinkRetrySeconds: number;
  readonly shrinkGiveUpSeconds: number;
  readonly expandRetrySeconds: number;
  readonly expandGiveUpSeconds: number;
  readonly migrationRetrySeconds: number;
  readonly migrationGiveUpSeconds: number;
  /** A node is a candidate when this share of its dominant resource is free (S407). */
  readonly candidateFreeFraction: number;
  /** Preset of trigger (a): the free share that two or more nodes keep. */
  readonly triggerFreeFraction: number;
  readonly marginFraction: number;
  /** T where a node's own lifetime is not known. */
  readonly planningHorizonSeconds: number;
  /** Whole periods in which used resources come back (available time by turnover); undefined: not used. */
  readonly turnoverSeconds?: number;
  /**
   * Seconds one unit of a resource can run, by resource name (available time derived from amounts); undefined: not
   * used.
   */
  readonly secondsPerUnit?: Readonly<Record<string, number>>;
  /** A node whose deadline comes before the task's end with more than this probability is refused (S204). */
  readonly deadlineRiskFraction: number;
  /** Seconds a restarted task needs before it works again; part of a migration's cost. */
  readonly restartSeconds: number;
  /** A migration is proposed when its gain is at least this many times its cost. */
  readonly gainRatio: number;
  /** Weights of the scores that are mixed, by policy name; the method's own is `timeFit`. */
  readonly policyWeights: Readonly<Record<string, number>>;
};

/** What of them decides over which spans usage is read from a cluster. */
export type UsageWindows = Pick<Settings, 'usageWindowSeconds' | 'nodeUsageWindowSeconds'>;

export const DEFAULT_SETTINGS: Settings = {
  usageWindowSeconds: 30 * 60,
  nodeUsageWindowSeconds: 60 * 60,
  triggerHoldSeconds: 15 * 60,
  shrinkBelowFraction: 0.5,
  expandAboveFraction: 0.9,
  shrinkStrategy: 'fixed',
  expandFraction: 0.2,
  expandMinFraction: 0.1,
  expandMaxFraction: 0.3,
  shrinkRetrySeconds: 2 * 3600,
  shrinkGiveUpSeconds: 12 * 3600,
  expandRetrySeconds: 10 * 60,
  expandGiveUpSeconds: 2 * 3600,
  migrationRetrySeconds: 10 * 60,
  migrationGiveUpSeconds: 2 * 3600,
  candidateFreeFraction: 0.3,
  triggerFreeFraction: 0.3,
  marginFraction: 0.15,
  planningHorizonSeconds: 7 * 86400,
  deadlineRiskFraction: 0.1,
  restartSeconds: 60,
  gainRatio: 1,
  policyWeights: { timeFit: 1 },
};

/** How a setting is named outside the code, in which unit, and what it may be. Bounds are in the field's own unit. */
export type SettingRow = {
  /** In VS Code it is `stowage.` and this id. Absent: only the command line has it, under the field's name. */
  readonly id?: string;
  readonly kind: 'time' | 'fraction' | 'number' | 'choice' | 'amounts';
  /** By how much of the field's unit the id counts: 60 for minutes. */
  readonly unit: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly choices: readonly string[];
  /** Names of earlier versions: still read, and marked deprecated. Ids count by `unit`, fields do not. */
  readonly formerIds: readonly string[];
  readonly formerFields: readonly string[];
};

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Every reading in a window is kept. */
const WINDOW = { minimum: MINUTE, maximum: DAY };
/** A cluster is not asked more than every few seconds. */
const RETRY = { minimum: 6, maximum: 7 * DAY };
const GIVE_UP = { minimum: 0, maximum: 30 * DAY };

/** The one place for the names of the method's settings; VS Code, the command line and the manifest's test read it. */
export const SETTINGS: { readonly [field in keyof Required<Settings>]: SettingRow } = {
  usageWindowSeconds: minutes('resizing.usageWindowMinutes', WINDOW, 'firstWindow'),
  shrinkBelowFraction: unsectioned(fraction('resizing.shrinkBelowFraction')),
  expandAboveFraction: unsectioned(fraction('resizing.expandAboveFraction')),
  expandFraction: unsectioned(fraction('resizing.expandFraction', { minimum: 0.1, maximum: 0.3 })),
  expandMinFraction: fraction(undefined),
  expandMaxFraction: fraction(undefined),
  shrinkStrategy: unsectioned(row('resizing.shrinkStrategy', { kind: 'choice', choices: ['fixed', 'usage'] })),
  marginFraction: unsectioned(fraction('resizing.marginFraction')),
  shrinkRetrySeconds: minutes('resizing.shrinkRetryMinutes', RETRY, 'firstWait'),
  shrinkGiveUpSeconds: minutes('resizing.shrinkGiveUpAfterMinutes', GIVE_UP, 'secondWait'),
  expandRetrySeconds: minutes('resizing.expandRetryMinutes', RETRY, 'thirdWait'),
  expandGiveUpSeconds: minutes('resizing.expandGiveUpAfterMinutes', GIVE_UP, 'fourthWait'),
  nodeUsageWindowSeconds: minutes('migration.nodeUsageWindowMinutes', WINDOW, 'secondWindow'),
  triggerHoldSeconds: minutes('migration.triggerHoldMinutes', { minimum: 0, maximum: DAY }, 'fifthWindow'),
  triggerFreeFraction: unsectioned(fraction('migration.triggerFreeFraction')),
  candidateFreeFraction: {
    ...fraction('migration.candidateFreeFraction'),
    formerIds: ['thirdThresholdFraction'],
    formerFields: ['thirdThresholdFraction'],
  },
  migrationRetrySeconds: minutes('migration.retryMinutes', RETRY, 'sixthWait'),
  migrationGiveUpSeconds: minutes('migration.giveUpAfterMinutes', GIVE_UP, 'seventhWait'),
  gainRatio: unsectioned(row('migration.gainRatio', { kind: 'number', maximum: 100 })),
  restartSeconds: row(undefined, { kind: 'time', maximum: DAY }),
  deadlineRiskFraction: unsectioned(fraction('ranking.deadlineRiskFraction')),
  planningHorizonSeconds: unsectioned(
    row('ranking.planningHorizonHours', {
      kind: 'time',
      unit: HOUR,
      minimum: HOUR,
      maximum: 365 * DAY,
    }),
  ),
  turnoverSeconds: row(undefined, { kind: 'time', minimum: 1, maximum: 365 * DAY }),
  secondsPerUnit: row(undefined, { kind: 'amounts' }),
  policyWeights: unsectioned(row('ranking.policyWeights', { kind: 'amounts', maximum: 1000 })),
};

function row(id: string | undefined, rest: Partial<SettingRow> & Pick<SettingRow, 'kind'>): SettingRow {
  return {
    ...(id !== undefined && { id }),
    ...{ unit: 1, minimum: 0, maximum: Number.POSITIVE_INFINITY, choices: [] },
    formerIds: [],
    formerFields: [],
    ...rest,
  };
}

function fraction(id: string | undefined, bounds = { minimum: 0, maximum: 1 }): SettingRow {
  return row(id, { kind: 'fraction', ...bounds });
}

/** @param formerly by which ordinal the method's source calls it, where version 0.1.0 called it so */
function minutes(id: string, bounds: { minimum: number; maximum: number }, formerly?: string): SettingRow {
  const former = formerly !== undefined && { formerIds: [`${formerly}Minutes`], formerFields: [`${formerly}Seconds`] };
  return row(id, { kind: 'time', unit: MINUTE, ...bounds, ...former });
}

/** A setting that had the same id in version 0.1.0, but for its section. */
function unsectioned(row: SettingRow): SettingRow {
  return { ...row, formerIds: row.id === undefined ? [] : [row.id.slice(row.id.indexOf('.') + 1)] };
}

/**
 * The settings that a host has values for, the defaults for the rest. A number out of its bounds counts as the nearest
 * bound; a value of another kind does not count.
 * @param valueFor what is set under a row's id or its former ids, in the id's unit; undefined where nothing is
 */
export function settingsFrom(valueFor: (row: SettingRow) => unknown): Settings {
  const changes = Object.entries(SETTINGS).flatMap(([field, row]) => {
    const value = accepted(row, valueFor(row));
    return value === undefined ? [] : [[field, value]];
  });
  return { ...DEFAULT_SETTINGS, ...Object.fromEntries(changes) };
}

function accepted(row: SettingRow, value: unknown): unknown {
  switch (row.kind) {
    case 'choice':
      return row.choices.find((choice) => choice === value);
    case 'amounts': {
      if (typeof value !== 'object' || value === null) return undefined;
      const amounts = Object.entries(value).filter(([, amount]) => Number.isFinite(amount));
      return Object.fromEntries(amounts.map(([name, amount]) => [name, bounded(row, amount)]));
    }
    default:
      return typeof value === 'number' && Number.isFinite(value) ? bounded(row, value * row.unit) : undefined;
  }
}

function bounded({ minimum, maximum }: SettingRow, value: number): number {
  return Math.min(maximum, Math.max(minimum, value));
}
