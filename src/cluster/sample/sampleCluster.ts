import { type ClusterIdentity, sampleName } from '../../core/model/clusterIdentity.ts';
import type { FinishedTask } from '../../core/model/finished.ts';
import { InputError } from '../../core/model/input.ts';
import type { OwnerRef, TaskRef } from '../../core/model/moves.ts';
import type { Resources } from '../../core/model/resources.ts';
import { DEFAULT_SETTINGS, type UsageWindows } from '../../core/model/settings.ts';
import type { Snapshot } from '../../core/model/snapshot.ts';
import type { Resized } from '../../core/model/stated.ts';
import { partTraces, type TracedObject } from '../../core/model/traces.ts';
import { replaceKeptUsage } from '../../io/usageDigest.ts';
import type {
  ActOptions,
  ActResult,
  Cluster,
  EraseResult,
  MoveName,
  MoveRecord,
  ObjectRecord,
  OwnerState,
  PastRead,
  Pin,
  ResizeOptions,
  ResumeOptions,
  TaskState,
  Traces,
  TracesRead,
} from '../port.ts';
import { type Act, hasRecordOf, partsOf, perform, standsOn, tasksOf } from './acts.ts';
import { advance } from './advance.ts';
import { begin } from './begin.ts';
import { sampleDigest } from './digest.ts';
import { lookAt } from './look.ts';
import { aloneWith, readState, type SampleState, writeState } from './state.ts';
import { tracesIn } from './traces.ts';
import type { LiveOwner, LiveTask, World } from './world.ts';

/** The sample also lets time pass. */
export interface SampleCluster extends Cluster, Traces {
  /** Moves the clock forward; tasks end, start and arrive meanwhile. */
  advance(seconds: number): Promise<void>;
}

export type SampleOptions = {
  /** A whole number from 0; the same seed is the same cluster. */
  readonly seed: number;
  /** Where `sample.json` is kept. */
  readonly directory: string;
  /** Lets so much time pass at once. */
  readonly advanceSeconds?: number;
  /** Over how long usage is taken, asked at each snapshot; absent: the defaults. */
  readonly windows?: () => UsageWindows;
};

/**
 * While something that was asked for is still under way (a task stops, starts, or is resized), each read of it lets so
 * much of the sample's time pass: whoever follows an act sees it end. Nothing else but `advance` moves the clock.
 */
export const POLL_SECONDS = 5;

/**
 * A living cluster inside the process. Its state is its seed, its clock and what was done to it, kept in
 * `<directory>/sample.json` and rebuilt by doing it again; other processes' changes are seen at the next call.
 * @throws InputError when the seed is not a whole number, time would go back, or the state cannot be read
 */
export async function openSampleCluster(options: SampleOptions): Promise<SampleCluster> {
  const { seed, directory, advanceSeconds = 0, windows = () => DEFAULT_SETTINGS } = options;
  if (!Number.isSafeInteger(seed) || seed < 0 || seed > 2 ** 32) {
    throw new InputError(`The sample's seed must be a whole number from 0 to ${2 ** 32}, not ${seed}.`);
  }
  const cluster = new Sample(directory, windows, await readState(directory, seed));
  if (advanceSeconds !== 0) await cluster.advance(advanceSeconds);
  await cluster.keepUsage();
  return cluster;
}

class Sample implements SampleCluster {
  readonly name: string;
  readonly identity: ClusterIdentity;
  private readonly directory: string;
  private readonly windows: () => UsageWindows;
  private readonly watchers = new Set<() => void>();
  private telling = false;
  /** The call that came last. */
  private turn: Promise<unknown> = Promise.resolve();
  private state: SampleState;
  private world: World;
  private history: readonly FinishedTask[];

  constructor(directory: string, windows: () => UsageWindows, state: SampleState) {
    this.name = sampleName(state.seed);
    this.identity = { key: `sample-${state.seed}`, name: this.name };
    this.directory = directory;
    this.windows = windows;
    this.state = state;
    ({ world: this.world, history: this.history } = rebuild(state));
  }

  nowSeconds(): number {
    return this.world.nowSeconds;
  }

  readSnapshot(signal?: AbortSignal): Promise<Snapshot> {
    return this.inTurn(() => lookAt(this.world, this.name, this.windows()), signal);
  }

  readHistory(signal?: AbortSignal): Promise<PastRead> {
    return this.inTurn(() => ({ tasks: [...this.history, ...this.world.finished], problems: [] }), signal);
  }

  watch(onChange: () => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.watchers.add(onChange);
    signal.addEventListener('abort', () => this.watchers.delete(onChange), { once: true });
  }

  place(task: TaskRef, to: string, options: ActOptions): Promise<ActResult> {
    return this.act({ kind: 'place', task, to }, options);
  }

  resize(task: TaskRef, to: Resources, record: MoveRecord, options: ResizeOptions): Promise<ActResult> {
    return this.act({ kind: 'resize', task, to, record }, options);
  }

  restore(task: TaskRef, resized: Resized, options: ActOptions): Promise<ActResult> {
    return this.act({ kind: 'restore', task, resized }, options);
  }

  releaseTask(task: TaskRef, { planId, moveId }: MoveName, options: ActOptions): Promise<ActResult> {
    return this.act({ kind: 'releaseTask', task, move: { planId, moveId } }, options);
  }

  suspend(owner: OwnerRef, record: MoveRecord, options: ActOptions): Promise<ActResult> {
    return this.act({ kind: 'suspend', owner, record }, options);
  }

  resume(owner: OwnerRef, pin: Pin, { dryRun, signal, ...more }: ResumeOptions): Promise<ActResult> {
    return this.act({ kind: 'resume', owner, pin, ...more }, { dryRun, ...(signal && { signal }) });
  }

  release(owner: OwnerRef, move: MoveName, options: ActOptions): Promise<ActResult> {
    return this.act({ kind: 'release', owner, move }, options);
  }

  readTask(ref: TaskRef, signal?: AbortSignal): Promise<TaskState | undefined> {
    return this.alone(() => this.taskState(ref), signal);
  }

  readOwner(ref: OwnerRef, signal?: AbortSignal): Promise<OwnerState | undefined> {
    return this.alone(() => this.ownerState(ref), signal);
  }

  readRecords(signal?: AbortSignal): Promise<readonly ObjectRecord[]> {
    return this.inTurn(() => {
      const { owners, tasks } = this.world;
      const onOwners = [...owners.values()].flatMap((owner): ObjectRecord[] =>
        owner.record ? [{ record: owner.record, owner: refOf(owner) }] : [],
      );
      const onTasks = [...tasks.values()].flatMap(({ task, record }): ObjectRecord[] =>
        record ? [{ record, task: { id: task.id, ...placeOf(task), uid: task.uid } }] : [],
      );
      return [...onOwners, ...onTasks];
    }, signal);
  }

  readTraces(signal?: AbortSignal): Promise<TracesRead> {
    return this.inTurn(() => ({ objects: tracesIn(this.world), problems: [] }), signal);
  }

  eraseTraces(object: TracedObject, { dryRun, signal }: ActOptions): Promise<EraseResult> {
    return this.alone(async () => {
      const { uid, traces } = object;
      const now = tracesIn(this.world).find((each) => each.uid === uid)?.traces ?? [];
      const { off, kept } = partTraces(traces, now);
      const live = this.world.tasks.get(`${object.namespace}/${object.name}`);
      if (off.length > 0 && live && !dryRun) {
        const { id, generation } = live.task;
        const act: Act = { kind: 'eraseTraces', task: { id, uid, generation } };
        perform(this.world, act, false);
        await this.remember(act);
      }
      return { kind: 'done', kept };
    }, signal);
  }

  async advance(seconds: number): Promise<void> {
    if (!Number.isFinite(seconds) || seconds < 0) {
      throw new InputError(`The sample's clock can only go forward, not by ${seconds} seconds.`);
    }
    await this.alone(() => this.pass(Math.round(seconds)));
  }

  async close(): Promise<void> {
    this.watchers.clear();
  }

  /** Keeps what its owners used, as a cluster's is kept that somebody has watched. Nothing fails where it cannot. */
  async keepUsage(): Promise<void> {
    const kept = { digest: sampleDigest(this.world, this.history), recent: {} };
    await replaceKeptUsage(this.directory, this.identity, kept).catch(() => {});
  }

  private async taskState({ id, uid }: TaskRef): Promise<TaskState | undefined> {
    const before = this.world.tasks.get(id);
    if (before?.task.uid === uid && isUnderWay(before)) await this.pass(POLL_SECONDS);
    const live = this.world.tasks.get(id);
    if (live?.task.uid === uid) return stateOf(live);
    const ended = this.world.ended.get(uid);
    if (!ended) return undefined;
    const { task, outcome } = ended;
    return { ...placeOf(task), uid, phase: outcome, ...asked(task), actual: task.desired, resize: 'none' };
  }

  private async ownerState(ref: OwnerRef): Promise<OwnerState | undefined> {
    const owner = this.world.owners.get(`${ref.namespace}/${ref.name}`);
    if (!owner || owner.uid !== ref.uid) return undefined;
    if (tasksOf(this.world, owner).some(isUnderWay)) await this.pass(POLL_SECONDS);
    return ownerState(this.world, owner);
  }

  private act(act: Act, { dryRun, signal }: ActOptions): Promise<ActResult> {
    return this.alone(() => this.perform(act, dryRun), signal);
  }

  private async perform(act: Act, dryRun: boolean): Promise<ActResult> {
    const tried = perform(this.world, act, true);
    if (dryRun || tried.kind === 'refused') return tried;
    const taken = this.takesRecord(act);
    const result = perform(this.world, act, false);
    // What was already so has changed nothing, and need not be kept.
    if (result.kind === 'done' && (taken || result.generation !== tried.generation)) await this.remember(act);
    return result;
  }

  private remember(act: Act): Promise<void> {
    return this.keep({ ...this.state, acts: [...this.state.acts, { ...act, atSeconds: this.world.nowSeconds }] });
  }

  /** Whether an act takes a record off, which changes no generation. */
  private takesRecord(act: Act): boolean {
    const { owners, tasks } = this.world;
    if (act.kind === 'releaseTask') return hasRecordOf(tasks.get(act.task.id)!, act.move);
    if (act.kind !== 'release') return false;
    const owner = owners.get(`${act.owner.namespace}/${act.owner.name}`);
    return owner !== undefined && standsOn(owner, act.move);
  }

  private async pass(seconds: number): Promise<void> {
    advance(this.world, this.world.nowSeconds + seconds);
    await this.keep({ ...this.state, clockSeconds: this.world.nowSeconds });
  }

  private async keep(state: SampleState): Promise<void> {
    this.state = state;
    await writeState(this.directory, state);
    this.tell();
  }

  /** Once for all changes of the same moment. */
  private tell(): void {
    if (this.telling) return;
    this.telling = true;
    setImmediate(() => {
      this.telling = false;
      for (const onChange of [...this.watchers]) onChange();
    });
  }

  /**
   * Lets calls in one after the other, each on the state that is kept. One that came while another's change was being
   * written would read the state before it, take that for what another process did, and undo the change.
   */
  private inTurn<T>(call: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.next(async () => {
      await this.catchUp(signal);
      return call();
    });
  }

  /** The same for calls that may change the state: no other process changes it between their look and their write. */
  private alone<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.next(() =>
      aloneWith(this.directory, async () => {
        await this.catchUp(signal);
        return call();
      }),
    );
  }

  private next<T>(call: () => Promise<T>): Promise<T> {
    const turn = this.turn.then(call);
    this.turn = turn.catch(() => {}); // who called is told
    return turn;
  }

  /** Takes over what another process has done to the same sample since. */
  private async catchUp(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const kept = await readState(this.directory, this.state.seed);
    signal?.throwIfAborted();
    if (JSON.stringify(kept) === JSON.stringify(this.state)) return;
    this.state = kept;
    ({ world: this.world, history: this.history } = rebuild(kept));
    this.tell();
  }
}

/** The world a state stands for: the seed's beginning, and everything done to it again at its time. */
function rebuild({ seed, clockSeconds, acts }: SampleState): ReturnType<typeof begin> {
  const beginning = begin(seed);
  for (const { atSeconds, ...act } of acts) {
    advance(beginning.world, atSeconds);
    const result = perform(beginning.world, act, false);
    if (result.kind === 'refused')
      throw new InputError(`The sample's kept state does not fit this version (${result.why.code}).`);
  }
  advance(beginning.world, clockSeconds);
  return beginning;
}

/** Something that time alone will finish. */
function isUnderWay({ task, owner }: LiveTask): boolean {
  if (task.phase === 'ending' || task.resizeState?.kind === 'inProgress') return true;
  return task.phase === 'pending' && !task.gated && task.unschedulableSinceSeconds === undefined && !owner?.suspended;
}

function stateOf({ task, granted }: LiveTask): TaskState {
  const { uid, phase, desired, resizeState } = task;
  const actual = phase === 'pending' ? desired : granted;
  return {
    ...placeOf(task),
    uid,
    phase,
    ...asked({ desired }),
    actual,
    resize: resizeState?.kind ?? 'none',
    ...(resizeState?.message && { message: resizeState.message }),
  };
}

function asked({ desired }: Pick<LiveTask['task'], 'desired'>): Pick<TaskState, 'desired' | 'parts'> {
  return { desired, parts: partsOf(desired) };
}

function placeOf({ generation, node }: LiveTask['task']): { generation: number; node?: string } {
  return node === undefined ? { generation } : { generation, node };
}

function ownerState(world: World, owner: LiveOwner): OwnerState {
  const tasks = tasksOf(world, owner);
  const terminating = tasks.filter(({ task }) => task.phase === 'ending').length;
  return {
    uid: owner.uid,
    generation: owner.generation,
    suspended: owner.suspended,
    active: tasks.length - terminating,
    terminating,
    finished: owner.members.every(({ done }) => done),
    ...(owner.record && { record: owner.record }),
    tasks: tasks.map(({ task: { id, uid, phase, node } }) => ({ id, uid, phase, ...(node !== undefined && { node }) })),
  };
}

function refOf({ kind, namespace, name, uid, generation }: LiveOwner): OwnerRef {
  return { kind, namespace, name, uid, generation };
}
