import { ApiError, ClusterUnreachable, failureOf } from '../cluster/errors.ts';
import type { ActOptions, ActResult, Cluster } from '../cluster/port.ts';
import type { Failure } from '../core/model/failure.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import type { Awaited } from './step.ts';
import { RESUME_RETRY_SECONDS } from './stepContext.ts';

/**
 * How long a cluster that does not answer is asked again, in seconds from its last answer. An API server that restarts
 * is back within that; a process that waited longer would better end, and say what it leaves.
 */
export const OUTAGE_SECONDS = 120;

/**
 * The same for a server that answers "you may not": one that has just begun says so of everything, until it knows the
 * roles.
 */
export const DOUBT_SECONDS = 30;

/** Between two tries: doubling. */
const FIRST_PAUSE_SECONDS = 1;
const LONGEST_PAUSE_SECONDS = 15;

export type PatienceOptions = {
  /** Lets real time pass. */
  readonly sleep: (seconds: number) => Promise<void>;
  /** Told when the cluster stops answering, before it is asked again. */
  readonly onSilence?: ((why: Failure) => void) | undefined;
};

/**
 * Asks a cluster again as long as it leaves open what became of what was asked: it cannot be reached, it or a gateway
 * fails, the connection is cut, it says "you may not" as a server does that has just begun. Each act may be repeated
 * without harm, so asking again is looking again. What holds on is thrown, or believed, when the patience is used up;
 * any answer renews it.
 */
export class Patience {
  /** The cluster, asked with patience. */
  readonly cluster: Cluster;
  readonly #options: PatienceOptions;
  #outageSeconds = 0;
  /** How long "you may not" has been the answer, by what was asked. */
  readonly #doubtSeconds = new Map<string, number>();

  constructor(cluster: Cluster, options: PatienceOptions) {
    this.#options = options;
    this.cluster = this.#patient(cluster);
  }

  /** The cluster has not answered for so long that it is asked once only, until it answers again. */
  get isUsedUp(): boolean {
    return this.#outageSeconds >= OUTAGE_SECONDS;
  }

  #patient(cluster: Cluster): Cluster {
    const act = (name: string, request: () => Promise<ActResult>) => this.#ask(name, request, openOf);
    return {
      name: cluster.name,
      identity: cluster.identity,
      nowSeconds: () => cluster.nowSeconds(),
      watch: (onChange, signal) => cluster.watch(onChange, signal),
      close: () => cluster.close(),
      readSnapshot: (signal) => this.#ask('snapshot', () => cluster.readSnapshot(signal), hiddenOf),
      readHistory: (signal) => this.#ask('history', () => cluster.readHistory(signal)),
      readTask: (task, signal) => this.#ask('task', () => cluster.readTask(task, signal)),
      readOwner: (owner, signal) => this.#ask('owner', () => cluster.readOwner(owner, signal)),
      readRecords: (signal) => this.#ask('records', () => cluster.readRecords(signal)),
      place: (task, to, options) => act(nameOf('place', options), () => cluster.place(task, to, options)),
      resize: (task, to, record, options) =>
        act(nameOf('resize', options), () => cluster.resize(task, to, record, options)),
      restore: (task, resized, options) =>
        act(nameOf('restore', options), () => cluster.restore(task, resized, options)),
      releaseTask: (task, move, options) =>
        act(nameOf('releaseTask', options), () => cluster.releaseTask(task, move, options)),
      suspend: (owner, record, options) =>
        act(nameOf('suspend', options), () => cluster.suspend(owner, record, options)),
      resume: (owner, pin, options) => act(nameOf('resume', options), () => cluster.resume(owner, pin, options)),
      release: (owner, move, options) => act(nameOf('release', options), () => cluster.release(owner, move, options)),
      ...(cluster.holdLease && {
        holdLease: (namespaces, writer, signal) =>
          this.#ask('lease', () => cluster.holdLease!(namespaces, writer, signal)),
      }),
    };
  }

  async #ask<T>(name: string, ask: () => Promise<T>, openOf?: (answer: T) => Open | undefined): Promise<T> {
    for (let pauseSeconds = FIRST_PAUSE_SECONDS; ; pauseSeconds = Math.min(2 * pauseSeconds, LONGEST_PAUSE_SECONDS)) {
      const askedAt = performance.now();
      const said = await ended(ask);
      const open = 'error' in said ? leftOpenBy(said.error) : openOf?.(said.answer);
      if (open?.kind !== 'outage') this.#outageSeconds = 0;
      if (!open) this.#doubtSeconds.delete(name);
      const waitSeconds = Math.max(pauseSeconds, open?.retryAfterSeconds ?? 0);
      const spentSeconds = (performance.now() - askedAt) / 1000 + waitSeconds;
      if (!open || !this.#allows(name, open, spentSeconds)) {
        if ('error' in said) throw said.error;
        return said.answer;
      }
      if (pauseSeconds === FIRST_PAUSE_SECONDS) this.#options.onSilence?.(open.why);
      await this.#options.sleep(waitSeconds);
    }
  }

  /** Takes so much more of the patience; false where so much is not left. */
  #allows(name: string, { kind }: Open, seconds: number): boolean {
    if (kind === 'doubt') {
      const sum = (this.#doubtSeconds.get(name) ?? 0) + seconds;
      this.#doubtSeconds.set(name, Math.min(sum, DOUBT_SECONDS));
      return sum <= DOUBT_SECONDS;
    }
    const sum = this.#outageSeconds + seconds;
    this.#outageSeconds = Math.min(sum, OUTAGE_SECONDS);
    return sum <= OUTAGE_SECONDS;
  }
}

/** How a question ended, whichever way. */
async function ended<T>(ask: () => Promise<T>): Promise<{ readonly answer: T } | { readonly error: unknown }> {
  try {
    return { answer: await ask() };
  } catch (error) {
    return { error };
  }
}

/** Why it is open what became of what was asked. `outage`: no answer of the server itself. `doubt`: "you may not". */
type Open = {
  readonly kind: 'outage' | 'doubt';
  readonly why: Failure;
  readonly retryAfterSeconds?: number | undefined;
};

/** What an error leaves open; undefined where it is an answer, or no error of a cluster. */
function leftOpenBy(error: unknown): Open | undefined {
  if (error instanceof ClusterUnreachable) {
    if (LASTING.has(error.why.code)) return undefined;
    return { kind: error.why.code === 'credentialsRefused' ? 'doubt' : 'outage', why: error.why };
  }
  if (!(error instanceof ApiError)) return undefined;
  const { retryAfterSeconds } = error;
  if (error.isPassing) return { kind: 'outage', why: failureOf(error), retryAfterSeconds };
  return error.status === 403 ? { kind: 'doubt', why: failureOf(error) } : undefined;
}

/** Why the cluster did not say what became of what was asked; undefined for any other error. */
export function silenceOf(error: unknown): Failure | undefined {
  return leftOpenBy(error)?.why;
}

/** What comes of a step; where the cluster leaves that open, when to look again. */
export async function answered<T>(cluster: Cluster, step: Promise<T>): Promise<T | Awaited> {
  try {
    return await step;
  } catch (error) {
    const why = silenceOf(error);
    if (!why) throw error;
    const dueSeconds = cluster.nowSeconds() + RESUME_RETRY_SECONDS;
    return { kind: 'awaited', dueSeconds, reason: { code: 'unanswered', why } };
  }
}

/** What does not pass by itself: certificates, and a context that has come to name another server. */
const LASTING: ReadonlySet<string> = new Set([
  'unknownCertificate',
  'expiredCertificate',
  'otherCertificate',
  'otherServer',
]);

/** A refusal that may pass: of a server that was busy with a dry run, or that may not know the roles yet. */
function openOf(result: ActResult): Open | undefined {
  if (result.kind === 'done' || result.why.code !== 'server') return undefined;
  const { kind, status, message, retryAfterSeconds } = result.why;
  const why = { code: 'answer', status, message } as const;
  if (kind === 'later') return { kind: 'outage', why, retryAfterSeconds };
  return kind === 'right' || kind === 'forbidden' ? { kind: 'doubt', why } : undefined;
}

/** A snapshot in which nodes, pods or Jobs may not be read says of all moves that their tasks are gone. */
function hiddenOf({ problems }: Snapshot): Open | undefined {
  for (const problem of problems) {
    if (problem.code !== 'unreadable' || !['nodes', 'pods', 'jobs'].includes(problem.source)) continue;
    return { kind: 'doubt', why: { code: 'answer', status: 403, message: problem.message } };
  }
  return undefined;
}

function nameOf(act: string, { dryRun }: ActOptions): string {
  return dryRun ? `${act} dry` : act;
}
