import { hash } from 'node:crypto';
import { DEFAULT_SETTINGS, type Settings } from '../../../src/core/model/settings.ts';
import type { Plan } from '../../../src/core/plan/plan.ts';
import {
  type ApplyOptions,
  type ApplyOutcome,
  applyPlan,
  continueMoves,
  undoResizes,
} from '../../../src/operate/applyPlan.ts';
import { type Journal, type JournalEntry, operationsOf } from '../../../src/operate/journal.ts';
import type { Ledger, LedgerRow } from '../../../src/operate/ledger.ts';
import { turned } from './controllers.ts';
import type { Disturbance } from './disturbances.ts';
import { modelCluster, type Way, type WayAlteration } from './modelCluster.ts';
import { digestOf, digestOfWorld, type World } from './world.ts';

/** What a machine keeps of its own: it survives its processes. */
export type Machine = { readonly journal: readonly JournalEntry[]; readonly ledger: readonly LedgerRow[] };

export type Site = 'here' | 'there';

/** All that lasts: the cluster, and the files of two machines. */
export type State = { readonly world: World } & { readonly [site in Site]: Machine };

export const EMPTY: Machine = { journal: [], ledger: [] };

/** What is sent, told and written down is altered on the way, as if a mend were taken out of the code. */
export type Alteration = WayAlteration & { readonly kept?: (files: Machine) => Machine };

/** One process: where it is started, and with which command. */
export type Process = {
  readonly site: Site;
  readonly command: 'apply' | 'continue' | 'undo';
  readonly plan: Plan;
  readonly alteration?: Alteration;
};

/** A place in a process at which something may happen: a request, or a write to one of its files. */
export type Point = {
  readonly kind: 'read' | 'write' | 'journal' | 'ledger';
  readonly what: string;
  /** The lasting state before it. */
  readonly state: State;
};

/** What happens at which points, by their indices. */
export type Schedule = readonly (readonly [index: number, disturbance: Disturbance])[];

export type Ran = {
  readonly state: State;
  readonly points: readonly Point[];
  readonly end:
    | { readonly kind: 'ended'; readonly outcome: ApplyOutcome }
    | { readonly kind: 'threw'; readonly error: Error }
    | { readonly kind: 'killed' | 'known' };
};

/** Waits are short, and few: what they lead to is what counts. */
export const SETTINGS: Settings = {
  ...DEFAULT_SETTINGS,
  ...{ shrinkRetrySeconds: 600, shrinkGiveUpSeconds: 1200, expandRetrySeconds: 600, expandGiveUpSeconds: 1200 },
  ...{ migrationRetrySeconds: 600, migrationGiveUpSeconds: 1200 },
};

const POLL_SECONDS = 2;
/** A pod is gone after one turn; a new one is bound after one and runs after two. */
const ATTEMPTS = 4;

/**
 * Runs the real code as one process, with what the schedule says happening on the way. What it did not write down is
 * gone with it.
 * @param isKnown asked at each point after the last of the schedule, with a name for all that can follow from there;
 * true: it need not be followed
 */
export function run(
  before: State,
  process: Process,
  schedule: Schedule = [],
  isKnown: (name: string) => boolean = () => false,
): Promise<Ran> {
  return new Running(before, process, schedule, isKnown).toEnd();
}

class Running {
  readonly #process: Process;
  readonly #schedule: ReadonlyMap<number, Disturbance>;
  readonly #last: number;
  readonly #isKnown: (name: string) => boolean;
  readonly #points: Point[] = [];
  readonly #stop = new AbortController();
  readonly #dead = Promise.withResolvers<Ran['end']>();
  #state: State;
  /** Names all that the process has been told so far; with the state it names what it may do next. */
  #told: string;

  constructor(before: State, process: Process, schedule: Schedule, isKnown: (name: string) => boolean) {
    this.#state = before;
    this.#process = process;
    this.#schedule = new Map(schedule);
    this.#last = schedule.at(-1)?.[0] ?? -1;
    this.#isKnown = isKnown;
    this.#told = `${process.site} ${process.command} ${digestOfState(before)}`;
  }

  async toEnd(): Promise<Ran> {
    const ended = this.#command().then(
      (outcome): Ran['end'] => ({ kind: 'ended', outcome }),
      (error: Error): Ran['end'] => ({ kind: 'threw', error }),
    );
    const end = await Promise.race([ended, this.#dead.promise]);
    return { state: this.#state, points: this.#points, end };
  }

  #command(): Promise<ApplyOutcome> {
    const { command, plan, alteration } = this.#process;
    const cluster = modelCluster(this.#way(), alteration);
    const options: ApplyOptions = {
      journal: this.#journal(),
      ledger: this.#ledger(),
      settings: SETTINGS,
      signal: this.#stop.signal,
      polling: {
        sleep: (seconds) => this.#sleep(seconds),
        pollSeconds: POLL_SECONDS,
        attempts: ATTEMPTS,
        stopAttempts: ATTEMPTS,
      },
      confirm: async () => true,
    };
    if (command === 'apply') return applyPlan(plan, cluster, options);
    return command === 'undo' ? undoResizes(cluster, options) : continueMoves(cluster, options);
  }

  #way(): Way {
    return {
      world: () => this.#state.world,
      read: (what, answer) => this.#at('read', what, () => answer(this.#state.world)),
      write: (what, change) =>
        this.#at('write', what, () => {
          const { world, answer } = change(this.#state.world);
          this.#state = { ...this.#state, world };
          return answer;
        }),
    };
  }

  #journal(): Journal {
    return {
      operations: () => operationsOf(this.#own.journal),
      append: (entry) =>
        this.#at('journal', entry.type === 'begin' ? 'begin' : entry.state.kind, () =>
          this.#keep({ journal: [...this.#own.journal, entry] }),
        ),
      async close() {},
    };
  }

  #ledger(): Ledger {
    const isOf = (planId: string, moveId: string) => (row: LedgerRow) => row.planId === planId && row.moveId === moveId;
    return {
      rows: () => this.#own.ledger,
      find: (planId, moveId) => this.#own.ledger.find(isOf(planId, moveId)),
      put: async (rows) => {
        if (rows.length === 0) return;
        await this.#at('ledger', 'rows', () => {
          const others = this.#own.ledger.filter(
            (row) => !rows.some(({ planId, moveId }) => isOf(planId, moveId)(row)),
          );
          this.#keep({ ledger: [...others, ...rows] });
        });
      },
    };
  }

  get #own(): Machine {
    return this.#state[this.#process.site];
  }

  #keep(more: Partial<Machine>): void {
    const { site, alteration } = this.#process;
    const files = { ...this.#own, ...more };
    this.#state = { ...this.#state, [site]: alteration?.kept ? alteration.kept(files) : files };
  }

  async #sleep(seconds: number): Promise<void> {
    const world = turned(this.#state.world);
    this.#state = { ...this.#state, world: { ...world, nowSeconds: world.nowSeconds + seconds } };
  }

  async #at<T>(kind: Point['kind'], what: string, act: () => T): Promise<T> {
    const index = this.#points.length;
    this.#points.push({ kind, what, state: this.#state });
    const disturbance = this.#schedule.get(index);
    if (index > this.#last && this.#isKnown(this.#name())) return this.#die('known');
    if (disturbance?.when === 'before') {
      if (disturbance.act) this.#state = (await disturbance.act(this.#state, this.#process)) ?? this.#state;
      if (disturbance.interrupts) this.#stop.abort();
      if (disturbance.error) return this.#throw(disturbance.error(), disturbance);
    }
    let answer: T;
    try {
      answer = act();
    } catch (error) {
      return this.#throw(error as Error);
    }
    if (disturbance?.when === 'after') {
      if (!disturbance.error) return this.#die('killed');
      return this.#throw(disturbance.error(), disturbance);
    }
    this.#tell(answerDigest(answer, what, this.#state.world));
    return answer;
  }

  #throw(error: Error, disturbance?: Disturbance): never {
    this.#tell(disturbance?.name ?? error.message);
    throw error;
  }

  #tell(what: string): void {
    this.#told = hash('sha1', `${this.#told} ${what}`, 'base64');
  }

  /** What is killed goes on with nothing, not even with what it would do at its end. */
  #die(kind: 'killed' | 'known'): Promise<never> {
    this.#dead.resolve({ kind });
    return new Promise<never>(() => {});
  }

  #name(): string {
    return `${this.#told} ${digestOfWorld(this.#state.world)} ${this.#stop.signal.aborted}`;
  }
}

/** Names what a process was told. What is made of the whole world is named by the world. */
function answerDigest(answer: unknown, what: string, world: World): string {
  if (what === 'snapshot' || what === 'records') return digestOfWorld(world);
  if (Array.isArray(answer)) return answer.map(digestOf).join(' ');
  return typeof answer === 'object' && answer !== null ? digestOf(answer) : '';
}

/** Names a lasting state. Resource versions are left out: nobody remembers any between two processes. */
export function digestOfState({ world, here, there }: State): string {
  const kept = [here, there].map(({ journal, ledger }) => {
    const operations = operationsOf(journal).map(({ states, ...rest }) => ({ ...rest, states: [...states] }));
    return { operations, ledger };
  });
  return hash('sha1', `${digestOfWorld(world, 'content')} ${JSON.stringify(kept)}`, 'base64');
}
