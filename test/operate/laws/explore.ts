import { recordsOn } from '../../../src/cluster/kubernetes/model/records.ts';
import { operationsOf, unfinished } from '../../../src/operate/journal.ts';
import { settled } from './controllers.ts';
import { type Disturbance, FAULTS } from './disturbances.ts';
import { brokenAtRest, brokenByRun, isByHand, type Law } from './laws.ts';
import {
  digestOfState,
  EMPTY,
  type Point,
  type Process,
  type Ran,
  run,
  type Schedule,
  type Site,
  type State,
} from './run.ts';
import { jobsOf, podsOf, type World } from './world.ts';

/** Where a search begins, what is started there, and what may happen meanwhile. */
export type Scenario = {
  readonly name: string;
  readonly start: State;
  /** The world before any move, and so what an undo has to bring back. */
  readonly before: World;
  readonly first: Process;
  readonly disturbances: readonly Disturbance[];
};

/** A law that a scenario breaks, with the disturbances that it takes and one way to it, a line each step. */
export type Broken = { readonly law: Law; readonly by: readonly string[]; readonly way: readonly string[] };

export type Explored = {
  readonly broken: readonly Broken[];
  /** Lasting states between two processes, and states within one. */
  readonly states: number;
  readonly schedules: number;
  readonly seconds: number;
};

/** A counterexample to read. */
export function told({ law, by, way }: Broken): string {
  return [`broken: ${law}`, `  by: ${by.join(', ') || 'nothing'}`, ...way.map((line) => `  - ${line}`)].join('\n');
}

/** Every way through a scenario with at most so many disturbances, each state once. */
export async function explore(scenario: Scenario, most: number): Promise<Explored> {
  const search = new Search(scenario);
  const started = performance.now();
  await search.follow(scenario.start, scenario.first, { left: most, by: [], way: [] });
  return { ...search.found(), seconds: (performance.now() - started) / 1000 };
}

/** How a state was reached, and how many disturbances may still come. */
type Trail = { readonly left: number; readonly by: readonly string[]; readonly way: readonly string[] };

/** The machines that are started when nothing happens any more, in turn: with the journal first, last, or without it. */
const ENDINGS: readonly (readonly Site[])[] = [['here', 'there'], ['there', 'here'], ['there']];
type Continued = {
  readonly state: State;
  readonly broken: readonly Law[];
  readonly waits: boolean;
  readonly byHand: boolean;
};

const ALIKE: ReadonlySet<string> = new Set(FAULTS.flatMap(({ name, isLike }) => (isLike ? [name] : [])));
const MOST_ROUNDS = 14;
/** One after the other, before nothing happens any more. */
const MOST_PROCESSES = 5;

class Search {
  readonly #scenario: Scenario;
  /** The most disturbances that were left when a state was met. */
  readonly #met = new Map<string, number>();
  readonly #continuations = new Map<string, Promise<Continued>>();
  readonly #broken: Broken[] = [];
  #schedules = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
  }

  found(): Omit<Explored, 'seconds'> {
    const broken = this.#broken.filter((one) => !this.#broken.some((other) => other !== one && takesLess(other, one)));
    return { broken, states: this.#met.size, schedules: this.#schedules };
  }

  /** A process from a state on, under every schedule; then whatever may be started after it. */
  async follow(state: State, process: Process, trail: Trail): Promise<void> {
    const schedules: Schedule[] = [[]];
    for (let schedule = schedules.pop(); schedule; schedule = schedules.pop()) {
      const left = trail.left - schedule.length;
      const ran = await run(state, process, schedule, (name) => this.#isMet(name, left));
      this.#schedules += 1;
      const reached = trailOf(trail, process, schedule, ran);
      for (const law of brokenByRun({ ran, process, schedule })) this.#note(law, reached);
      if (left > 0) schedules.push(...this.#longer(schedule, ran, trail));
      if (ran.end.kind === 'known') continue;
      await this.#rest(later(ran.state), reached);
    }
  }

  #isMet(name: string, left: number): boolean {
    if ((this.#met.get(name) ?? -1) >= left) return true;
    this.#met.set(name, left);
    return false;
  }

  /** The schedule with one thing more, at each point after its last at which that makes sense. */
  #longer(schedule: Schedule, { points, end }: Ran, { by }: Trail): Schedule[] {
    const last = schedule.at(-1)?.[0] ?? -1;
    const before = [...by, ...schedule.map(([, { name }]) => name)];
    const until = end.kind === 'known' ? points.length - 1 : points.length;
    const longer: Schedule[] = [];
    points.slice(0, until).forEach((point, index) => {
      for (const each of index > last ? this.#scenario.disturbances : []) {
        if (mayCome(each, point) && mayFollow(each, before)) longer.push([...schedule, [index, each]]);
      }
    });
    return longer;
  }

  /** Between two processes: the laws once nothing happens any more, and every process that may be started now. */
  async #rest(state: State, trail: Trail): Promise<void> {
    if (this.#isMet(digestOfState(isOpen(state) ? state : withoutClock(state)), trail.left)) return;
    for (const sites of ENDINGS) await this.#end(state, sites, trail);
    if (trail.left === 0 || trail.way.length === MOST_PROCESSES) return;
    for (const site of ['here', 'there'] as const) await this.follow(state, this.#continuing(site), trail);
  }

  /** Starts the machines again and again until nothing waits any more; a machine that is not started is lost. */
  async #end(from: State, sites: readonly Site[], trail: Trail): Promise<void> {
    let state: State = sites.includes('here') ? from : { ...from, here: EMPTY };
    let byHand = false;
    const way = [...trail.way, `then ${sites.join(', ')} until nothing waits`];
    for (let round = 0, waits = true; waits; round += 1) {
      if (round === MOST_ROUNDS) return this.#note('every move comes to an end', { ...trail, way });
      waits = false;
      const before = digestOfState(withoutClock(state));
      for (const site of sites) {
        const next = await this.#continued(state, site);
        for (const law of next.broken) this.#note(law, { ...trail, way });
        waits ||= next.waits;
        byHand = next.byHand;
        state = next.state;
      }
      waits ||= digestOfState(withoutClock(state)) !== before;
    }
    for (const law of brokenAtRest({ state, start: this.#scenario.before, byHand })) this.#note(law, { ...trail, way });
  }

  /** What a machine makes of a state while nothing happens; reckoned once for each. */
  #continued(state: State, site: Site): Promise<Continued> {
    const key = `${site} ${digestOfState(state)}`;
    const next = this.#continuations.get(key) ?? this.#continue(state, site);
    this.#continuations.set(key, next);
    return next;
  }

  async #continue(state: State, site: Site): Promise<Continued> {
    const process = this.#continuing(site);
    const ran = await run(state, process);
    const waits = ran.end.kind === 'ended' && 'untilSeconds' in ran.end.outcome;
    const broken = brokenByRun({ ran, process, schedule: [] });
    return { state: later(ran.state), broken, waits, byHand: isByHand(ran.end) };
  }

  #continuing(site: Site): Process {
    return { ...this.#scenario.first, site, command: 'continue' };
  }

  /** Keeps the shortest way for each set of disturbances. */
  #note(law: Law, { by, way }: Trail): void {
    const one: Broken = { law, by: [...by].sort(), way };
    if (!this.#broken.some((other) => takesNoMore(other, one))) this.#broken.push(one);
  }
}

/** What is like another to the code is tried alone: it could only double what the other finds. */
function mayFollow({ isLike }: Disturbance, before: readonly string[]): boolean {
  return before.length === 0 || (isLike === undefined && !before.some((name) => ALIKE.has(name)));
}

function mayCome({ at, act }: Disturbance, point: Point): boolean {
  if (!at.includes(point.kind)) return false;
  return act === undefined || act.length > 1 || act(point.state, undefined as never) !== undefined;
}

function trailOf(
  { by, way, left }: Trail,
  { site, command }: Process,
  schedule: Schedule,
  { points, end }: Ran,
): Trail {
  const happened = schedule.map(([index, { name, when }]) => {
    const { kind, what } = points[index]!;
    return `${name} ${when} ${index + 1}. ${kind} of ${what}`;
  });
  const outcome =
    end.kind === 'ended' ? end.outcome.kind : end.kind === 'threw' ? `threw ${end.error.message}` : end.kind;
  return {
    left: left - schedule.length,
    by: [...by, ...schedule.map(([, { name }]) => name)],
    way: [...way, `${command} ${site}: ${[...happened, outcome].join('; ')}`],
  };
}

/** When the next process starts: the cluster has come to rest, and the next wait is over. */
function later(state: State): State {
  const world = settled(state.world);
  return { ...state, world: { ...world, nowSeconds: (Math.floor(world.nowSeconds / 600) + 1) * 600 } };
}

/** Whether the time still counts: a move waits, or a record says since when one does. */
function isOpen({ world, here, there }: State): boolean {
  const waits = [here, there].some(({ journal }) => operationsOf(journal).some((each) => unfinished(each).length > 0));
  return waits || recordsOn(jobsOf(world), podsOf(world)).length > 0;
}

function withoutClock(state: State): State {
  return { ...state, world: { ...state.world, nowSeconds: 0 } };
}

function takesLess(one: Broken, other: Broken): boolean {
  return takesNoMore(one, other) && one.by.length < other.by.length;
}

/** The same law, by some of the other's disturbances or by all of them. */
function takesNoMore(one: Broken, other: Broken): boolean {
  if (one.law !== other.law) return false;
  const rest = [...other.by];
  return one.by.every((name) => {
    const index = rest.indexOf(name);
    if (index >= 0) rest.splice(index, 1);
    return index >= 0;
  });
}
