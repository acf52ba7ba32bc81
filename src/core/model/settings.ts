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
  /** Seconds one unit of a resource can run, by resource name (available time derived from amounts); undefined: not used. */
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
