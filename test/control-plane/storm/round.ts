import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Move } from '../../../src/core/model/moves.ts';
import type { TestCluster } from '../cluster.ts';
import type { Admin, Json } from './admin.ts';
import { Machine, type Ran } from './machine.ts';
import { jobManifest, type Place, podManifest } from './manifests.ts';
import { isFinished, isOver, isStoppedByUs, ownerOf, recordOn } from './objects.ts';
import { isLeftByHand, type Violation, violationsOf } from './oracle.ts';
import { FaultyProxy } from './proxy.ts';
import { type Intent, type RoundPlan, type Run, roundPlan, STORM_MILLISECONDS } from './roundPlan.ts';
import { cleanUp, isWaiting, kubeconfigOf, makeNamespace, makeTasks, makeToken, pathOf } from './setUp.ts';
import { Users } from './users.ts';
import { writePlan } from './writePlan.ts';

/** Where rounds take place, one after the other. */
export type Lane = {
  readonly name: string;
  readonly nodes: readonly string[];
  readonly test: TestCluster;
  readonly admin: Admin;
  /** What the command line says that it may exit with. */
  readonly exitCodes: ReadonlySet<number>;
};

/** What a round did, and what did not hold. Counts are by name: signals, faults, acts of users, ends of moves. */
export type RoundResult = {
  readonly seed: number;
  readonly seconds: number;
  readonly violations: readonly Violation[];
  readonly runs: number;
  /** How often each machine had to apply at the end until everything was at rest. */
  readonly lastApplies: number;
  readonly counts: Readonly<Record<string, number>>;
};

/** How long users wait for commands that are still at work when the storm is over. */
const PATIENCE_MILLISECONDS = 6000;
const REST_MILLISECONDS = 90_000;
const SHORTEST_WAIT_MILLISECONDS = 6000;
const MOST_LAST_APPLIES = 10;

/** One round in a namespace of its own; all that it leaves is in `folder`. */
export async function runRound(seed: number, lane: Lane, folder: string): Promise<RoundResult> {
  const began = Date.now();
  const round = new Round(roundPlan(seed), lane, folder);
  try {
    await round.prepare();
    await round.storm();
    const lastApplies = await round.calmDown();
    const violations = await round.judge();
    const seconds = Math.round((Date.now() - began) / 100) / 10;
    const { runs, counts } = round.summary();
    return { seed, seconds, violations, runs, lastApplies, counts };
  } finally {
    await round.close();
  }
}

class Round {
  readonly #plan: RoundPlan;
  readonly #lane: Lane;
  readonly #place: Place;
  readonly #folder: string;
  readonly #proxy: FaultyProxy;
  readonly #users: Users;
  readonly #machines: Machine[] = [];
  readonly #manifests: ReadonlyMap<string, Json>;
  readonly #ran: Ran[] = [];
  readonly #counts: Record<string, number> = {};
  readonly #unsaid: Violation[] = [];
  #lastRan: readonly Ran[] = [];
  #server = '';
  #began = Date.now();

  constructor(plan: RoundPlan, lane: Lane, folder: string) {
    const { name, nodes, admin } = lane;
    this.#plan = plan;
    this.#lane = lane;
    this.#folder = folder;
    this.#place = { namespace: `storm-${plan.seed}`, lane: name, nodes };
    this.#manifests = new Map([
      ...plan.jobs.map((shape) => [shape.name, jobManifest(shape, this.#place)] as const),
      ...plan.pods.map((shape) => [shape.name, podManifest(shape, this.#place)] as const),
    ]);
    this.#proxy = new FaultyProxy(admin.server, admin.authority, ({ kind, request }) =>
      this.#note('proxy', kind, request),
    );
    this.#users = new Users(admin, this.#place, this.#manifests, (who, what, result) => this.#note(who, what, result));
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'round.json'), JSON.stringify(plan, null, 2));
  }

  /** A namespace with its tasks running, and machines whose user may work in it. */
  async prepare(): Promise<void> {
    const { admin } = this.#lane;
    await makeNamespace(admin, this.#place);
    this.#server = await this.#proxy.listen();
    for (const index of this.#plan.machines.keys()) {
      const token = await makeToken(admin, this.#place); // of its own, so that the proxy can tell them apart
      const kubeconfig = kubeconfigOf(this.#server, token, this.#place);
      this.#machines.push(new Machine(this.#folder, `machine-${index}`, kubeconfig, token));
    }
    for (const made of await makeTasks(admin, this.#place, this.#plan, this.#manifests)) this.#users.expect(made);
  }

  /** Everything at once, until the storm is over and what was begun has come to some end. */
  async storm(): Promise<void> {
    this.#began = Date.now();
    this.#proxy.begin(this.#plan.faults);
    const ended = new AbortController();
    const machines = Promise.all(this.#machines.map((machine, index) => this.#operate(machine, index)));
    await Promise.all([machines.finally(() => ended.abort()), this.#blowOver(ended.signal)]);
  }

  /** What users do; then there are no faults any more, and whoever is still at work is given a little time. */
  async #blowOver(ended: AbortSignal): Promise<void> {
    await this.#users.act(this.#plan, ended);
    this.#proxy.calm();
    await pause(PATIENCE_MILLISECONDS, undefined, { signal: ended }).catch(() => {});
    this.#stopMachines();
  }

  /** One apply on each machine, and more only where it says that it waits. @returns how often each applied */
  async calmDown(): Promise<number> {
    await this.#users.administrators.removeFillers();
    for (let applies = 1; ; applies += 1) {
      const ran: Ran[] = [];
      for (const machine of this.#machines) {
        ran.push(await this.#run(machine, ['apply', '--yes', '--kubeconfig', machine.kubeconfig]));
      }
      this.#lastRan = ran;
      const isWaiting = ran.some(({ output }) => /wait|another apply|left to it/i.test(withoutLeftByHand(output)));
      if (applies === MOST_LAST_APPLIES || !isWaiting || (await this.#isSettled())) return applies;
      await pause(SHORTEST_WAIT_MILLISECONDS);
    }
  }

  async judge(): Promise<Violation[]> {
    await this.#rest();
    const { admin, nodes } = this.#lane;
    const all = await admin.list('/api/v1/nodes');
    const ending = {
      jobs: await admin.list(pathOf(this.#place, 'jobs')),
      pods: await admin.list(pathOf(this.#place, 'pods')),
      nodes: all.filter(({ metadata }) => nodes.includes(metadata.name)),
    };
    writeFileSync(join(this.#folder, 'ending.json'), JSON.stringify(ending, null, 1));
    const { exitCodes } = this.#lane;
    const { wills } = this.#users;
    const states = this.#machines.flatMap((machine) => machine.states());
    const judged = {
      ...ending,
      wills,
      states,
      exitCodes,
      manifests: this.#manifests,
      ran: this.#ran,
      lastRan: this.#lastRan,
    };
    return [...violationsOf(judged), ...this.#unsaid];
  }

  summary(): { readonly runs: number; readonly counts: Record<string, number> } {
    for (const { move, kind, why } of this.#machines.flatMap((machine) => machine.states()))
      this.#count(`${move['kind']} ${kind}${why ? `: ${why}` : ''}`);
    const told = { wills: this.#users.wills, lastRan: this.#lastRan };
    for (const { name } of this.#plan.jobs) if (isLeftByHand(told, name)) this.#count('migration left to its user');
    return { runs: this.#ran.length, counts: this.#counts };
  }

  async close(): Promise<void> {
    const { admin } = this.#lane;
    this.#stopMachines();
    await this.#proxy.close();
    await this.#users.administrators.restoreNodes();
    await cleanUp(admin, this.#place);
  }

  #stopMachines(): void {
    for (const machine of this.#machines) machine.stop();
  }

  /** The runs of one machine, one after the other; those that begin after the storm are left out. */
  async #operate(machine: Machine, index: number): Promise<void> {
    for (const run of this.#plan.machines[index]!) {
      await pause(run.pauseMilliseconds);
      if (Date.now() - this.#began > STORM_MILLISECONDS) return;
      if (run.forgets) machine.forget();
      const words = await this.#wordsOf(machine, index, run);
      if (!words) continue;
      const ran = await this.#run(machine, words, run.signal);
      if (run.kind !== 'planned' || ran.status !== 0) continue;
      await this.#run(machine, ['apply', 'plan.json', '--yes', '--kubeconfig', machine.kubeconfig]);
    }
  }

  /** What a run says on the command line; undefined where there is nothing to say it of. */
  async #wordsOf(machine: Machine, index: number, { kind, moves }: Run): Promise<string[] | undefined> {
    const { kubeconfig, home } = machine;
    const apply = ['apply', 'plan.json', '--yes', '--kubeconfig', kubeconfig];
    switch (kind) {
      case 'new': {
        const planned = await this.#writePlan(machine, moves);
        for (const move of planned) if (move.kind === 'resize') this.#users.planAgain(move.task.uid);
        this.#note(machine.name, 'plans', planned.map((move) => `${move.id} to ${JSON.stringify(move.to)}`).join(', '));
        return planned.length > 0 ? apply : undefined;
      }
      case 'copy': {
        const plan = readIfThere(join(this.#machines[index - 1]!.home, 'plan.json'));
        if (plan === undefined) return undefined;
        writeFileSync(join(home, 'plan.json'), plan);
        return apply;
      }
      case 'again':
        return readIfThere(join(home, 'plan.json')) === undefined ? undefined : apply;
      case 'planned':
        return ['plan', '--kubeconfig', kubeconfig, '--out', 'plan.json'];
      case 'resume':
        return ['apply', '--yes', '--kubeconfig', kubeconfig];
      case 'undo':
        return ['undo', '--yes', '--kubeconfig', kubeconfig];
    }
  }

  #writePlan({ home, kubeconfig }: Machine, moves: readonly Intent[]): Promise<readonly Move[]> {
    const { admin, test } = this.#lane;
    const { namespace, nodes } = this.#place;
    const cluster = `${namespace} (${this.#server})`;
    return admin.whileUp(() =>
      writePlan(home, moves, { reader: test.kubeconfigPath, namespace, kubeconfig, cluster }, nodes),
    );
  }

  async #run(machine: Machine, words: readonly string[], signal?: Run['signal']): Promise<Ran> {
    this.#proxy.forget(machine.authorization);
    this.#note(machine.name, words.join(' '), 'begins');
    const ran = await machine.run(words, signal);
    this.#ran.push(ran);
    const { sent, status } = ran;
    if (sent) this.#count(sent);
    this.#note(machine.name, words.join(' '), `ends: ${status ?? ran.signal}${sent ? ` after ${sent}` : ''}`);
    const ownPlans = new Set(machine.states().map(({ planId }) => planId));
    if (words[0] === 'apply' && ran.signal !== 'SIGKILL') await this.#listenFor(ran, ownPlans);
    return ran;
  }

  /** An apply that could still speak says which Jobs it leaves stopped, unless somebody else is at work. */
  async #listenFor({ machine, words, output, status }: Ran, ownPlans: ReadonlySet<string>): Promise<void> {
    if (this.#machines.some(({ name, isBusy }) => name !== machine && isBusy) || (await this.#isLeased())) return;
    for (const job of await this.#lane.admin.list(pathOf(this.#place, 'jobs'))) {
      const { name } = job['metadata'];
      if (!isStoppedByUs(job) || this.#users.wills.get(name)?.isSuspended) continue;
      if (words.includes('plan.json') && !ownPlans.has(JSON.parse(recordOn(job)!).planId)) continue;
      if (status !== 0 && isSaidToBeStopped(name, output)) continue;
      const command = `${machine} $ stowage ${words.join(' ')}: exit ${status}`;
      this.#unsaid.push({ law: 'unsaid', text: `${command}, and Job ${name} is stopped` });
    }
  }

  /** Whether a machine that was killed still counts as at work here. */
  async #isLeased(): Promise<boolean> {
    const { status, body } = await this.#lane.admin.get(`${pathOf(this.#place, 'leases')}/stowage`);
    const { holderIdentity = '', renewTime = 0, leaseDurationSeconds = 0 } = body['spec'] ?? {};
    const endsAt = Date.parse(renewTime) + 1000 * leaseDurationSeconds;
    return status === 200 && holderIdentity !== '' && endsAt > Date.now();
  }

  /** No record of ours is left, and no Job is stopped that its user wants to run. */
  async #isSettled(): Promise<boolean> {
    const { admin } = this.#lane;
    const [jobs, pods] = [await admin.list(pathOf(this.#place, 'jobs')), await admin.list(pathOf(this.#place, 'pods'))];
    const isLeft = ({ metadata, spec }: Json) => spec.suspend && !this.#users.wills.get(metadata.name)?.isSuspended;
    const living = [...pods.filter((pod) => !isOver(pod)), ...jobs.filter((job) => !isFinished(job))];
    return !living.some((object) => recordOn(object) !== undefined) && !jobs.some(isLeft);
  }

  /** Until Jobs that run have their pods, and none is being stopped; or for so long that it will not come. */
  async #rest(): Promise<void> {
    const { admin } = this.#lane;
    for (const end = Date.now() + REST_MILLISECONDS; Date.now() < end; await pause(300)) {
      const jobs = await admin.list(pathOf(this.#place, 'jobs'));
      const pods = (await admin.list(pathOf(this.#place, 'pods'))).filter((pod) => !isOver(pod));
      const running = new Set(pods.map(ownerOf));
      const isMoving = pods.some((pod) => isWaiting(pod) || pod['metadata'].deletionTimestamp !== undefined);
      const isBare = ({ metadata, spec }: Json) => !spec.suspend && !running.has(metadata.name);
      if (!isMoving && !jobs.some((job) => !isFinished(job) && isBare(job))) return;
    }
  }

  #note(who: string, what: string, result: string): void {
    if (who === 'proxy' || (result.startsWith('done') && (who === 'user' || who === 'gitops'))) {
      this.#count(who === 'proxy' ? `fault ${what}` : `user ${what.split(' ')[0]}`);
    }
    const line = JSON.stringify({ ms: Date.now() - this.#began, who, what, result });
    appendFileSync(join(this.#folder, 'actions.jsonl'), `${line}\n`);
  }

  #count(name: string): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
  }
}

/** What was printed, but for what only a user can end, and the count of moves, which counts that in. */
function withoutLeftByHand(output: string): string {
  if (!output.includes('left as it is')) return output;
  return output.replace(/^.*left as it is.*$|^Moves: .*$/gm, '');
}

/** Whether a line says that a Job is stopped, and what goes on with it; that its tasks are being stopped is no such line. */
function isSaidToBeStopped(name: string, output: string): boolean {
  const isSaid = (line: string) => line.includes(name) && /(?:is|be|are|left) (?:stopped|suspended)/.test(line);
  return output.split('\n').some(isSaid) && output.includes('stowage apply');
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
