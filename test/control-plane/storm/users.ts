import { setTimeout as pause } from 'node:timers/promises';
import type { Admin, Json, Reply } from './admin.ts';
import { Administrators } from './administrators.ts';
import type { Place } from './manifests.ts';
import { isStoppedByUs, ownerOf } from './objects.ts';
import { type Act, type RoundPlan, STORM_MILLISECONDS, type UserAction } from './roundPlan.ts';

/** What users last wanted of a Job or a bare pod, as far as they said so and the server took it. */
export type Will = {
  /** Uid of the object that is to be there. */
  uid: string;
  isDeleted: boolean;
  isSuspended: boolean;
  /** Resource version of the object when that was said: the answers of two users may cross. */
  saidAt: number;
  /** A user or an administrator has ended one of its pods. */
  isDisturbed: boolean;
  parallelism?: number;
  readonly labels: Record<string, string>;
  readonly templateAnnotations: Record<string, string>;
  /** Preferred terms that were added to its affinity. */
  readonly terms: Json[];
  /** Containers as a user's resize left them, by the pod's uid. */
  readonly resized: Map<string, Json[]>;
};

/** Of an object that is there, and of which its users have said nothing yet. */
export function willAtFirst(uid: string): Will {
  return {
    uid,
    isDeleted: false,
    isSuspended: false,
    saidAt: 0,
    isDisturbed: false,
    labels: {},
    templateAnnotations: {},
    terms: [],
    resized: new Map(),
  };
}

/** Tells what somebody did and what came of it. */
export type Log = (who: string, what: string, result: string) => void;

const LOOK_MILLISECONDS = 120;
/** How long a template is tried to be edited: it may change only once its Job's pods have gone. */
const EDIT_MILLISECONDS = 2500;

/** Everybody but Stowage: users, a GitOps controller, administrators. Each acts on the server directly. */
export class Users {
  readonly administrators: Administrators;
  readonly wills = new Map<string, Will>();
  readonly #admin: Admin;
  readonly #place: Place;
  readonly #manifests: ReadonlyMap<string, Json>;
  readonly #log: Log;
  #jobs: readonly Json[] = [];
  readonly #seenStopped = new Set<string>();

  constructor(admin: Admin, place: Place, manifests: ReadonlyMap<string, Json>, log: Log) {
    this.#admin = admin;
    this.#place = place;
    this.#manifests = manifests;
    this.#log = log;
    this.administrators = new Administrators(admin, place, (pods) => this.#noteEnding(pods));
  }

  /** Notes that an object is there, and that its users want it so. */
  expect({ metadata }: Json): void {
    this.wills.set(metadata.name, willAtFirst(metadata.uid));
  }

  /**
   * Does all of a plan, each at its time, and at once what is left when no machine is at work any more; resolves when the
   * storm is over and everything has been said.
   */
  async act({ users }: RoundPlan, ended: AbortSignal): Promise<void> {
    const over = AbortSignal.any([ended, AbortSignal.timeout(STORM_MILLISECONDS)]);
    const looking = this.#look(over);
    await Promise.all(users.map((action) => this.#actWhenDue(action, over)));
    await looking;
    await this.administrators.collected();
  }

  /** A plan that was made after a user's resize may change the pod again. */
  planAgain(podUid: string): void {
    for (const { resized } of this.wills.values()) resized.delete(podUid);
  }

  get #pods(): string {
    return `/api/v1/namespaces/${this.#place.namespace}/pods`;
  }

  #jobPath(name: string): string {
    return `/apis/batch/v1/namespaces/${this.#place.namespace}/jobs/${name}`;
  }

  /** Looks at the Jobs again and again, as a person who watches does. */
  async #look(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      const { status, body } = await this.#admin.get(`/apis/batch/v1/namespaces/${this.#place.namespace}/jobs`);
      if (status === 200) this.#jobs = body['items'];
      for (const job of this.#jobs) if (isStoppedByUs(job)) this.#seenStopped.add(job['metadata'].name);
      await pause(LOOK_MILLISECONDS);
    }
  }

  async #actWhenDue(action: UserAction, over: AbortSignal): Promise<void> {
    const { act, milliseconds, choice } = action;
    while (!over.aborted && this.#dueTask(action) === undefined) await pause(LOOK_MILLISECONDS / 2);
    const task = this.#dueTask(action);
    if (task === undefined) return;
    await pause(milliseconds, undefined, { signal: over }).catch(() => {});
    const result = await ACTS[act](this, task, choice);
    this.#log(act === 'sync' ? 'gitops' : 'user', `${act} ${task}`, result);
  }

  /** On which task it is time to act: the one that was meant, or any that a move stops or has moved on. */
  #dueTask({ task, when }: UserAction): string | undefined {
    if (when === 'time') return task;
    const hasMovedOn = ({ metadata, spec }: Json) => this.#seenStopped.has(metadata.name) && !spec.suspend;
    return this.#jobs.find(when === 'stopped' ? isStoppedByUs : hasMovedOn)?.['metadata'].name;
  }

  /** A stop or a start that changes something, or nothing: nobody asks for what is so already. */
  async setSuspended(name: string, value: boolean): Promise<string> {
    const { status, body } = await this.#admin.patch(this.#jobPath(name), 'json', [
      { op: 'test', path: '/spec/suspend', value: !value },
      { op: 'replace', path: '/spec/suspend', value },
    ]);
    if (status === 200) this.#wantSuspended(body, value);
    return status === 200 ? 'done' : 'was so already';
  }

  async remove(name: string): Promise<string> {
    const { status } = await this.#admin.send('DELETE', this.#jobPath(name), { propagationPolicy: 'Background' });
    if (status === 200) this.wills.get(name)!.isDeleted = true;
    return said(status);
  }

  async recreate(name: string): Promise<string> {
    const result = await this.remove(name);
    if (result !== 'done') return result;
    while ((await this.#admin.get(this.#jobPath(name))).status === 200) await pause(50);
    const { namespace } = this.#place;
    this.expect(await this.#admin.create(`/apis/batch/v1/namespaces/${namespace}/jobs`, this.#manifests.get(name)!));
    return 'done';
  }

  async removePod(name: string, choice: number): Promise<string> {
    const pods = await this.#podsOf(name);
    if (pods.length === 0) return 'has no pod';
    this.#noteEnding(pods);
    const { status } = await this.#admin.send(
      'DELETE',
      `${this.#pods}/${pods[choice % pods.length]!['metadata'].name}`,
    );
    return said(status);
  }

  async scale(name: string, choice: number): Promise<string> {
    const parallelism = 1 + (choice % 3);
    const { status } = await this.#admin.patch(this.#jobPath(name), 'merge', { spec: { parallelism } });
    if (status === 200) this.wills.get(name)!.parallelism = parallelism;
    return said(status);
  }

  async label(name: string, choice: number): Promise<string> {
    const labels = { 'storm.test/user': String(choice) };
    const { status } = await this.#admin.patch(this.#jobPath(name), 'merge', { metadata: { labels } });
    if (status === 200) Object.assign(this.wills.get(name)!.labels, labels);
    return said(status);
  }

  /** Adds a preference to the affinity of a stopped Job. */
  async editAffinity(name: string, choice: number): Promise<string> {
    const expression = { key: 'storm.test/user', operator: 'NotIn', values: [String(choice)] };
    const term = { weight: 7, preference: { matchExpressions: [expression] } };
    const result = await this.#editTemplate(name, ({ spec }) => {
      const { preferredDuringSchedulingIgnoredDuringExecution: terms = [] } = spec.affinity?.nodeAffinity ?? {};
      const nodeAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [...terms, term] };
      return { spec: { affinity: { nodeAffinity } } };
    });
    if (result === 'done') this.wills.get(name)!.terms.push(term);
    return result;
  }

  async annotateTemplate(name: string, choice: number): Promise<string> {
    const annotations = { 'storm.test/user': String(choice) };
    const result = await this.#editTemplate(name, () => ({ metadata: { annotations } }));
    if (result === 'done') Object.assign(this.wills.get(name)!.templateAnnotations, annotations);
    return result;
  }

  /** Gives a pod's first container a little more CPU. */
  async resize(name: string, choice: number): Promise<string> {
    const pods = (await this.#podsOf(name)).filter(({ status }) => status.phase === 'Running');
    if (pods.length === 0) return 'has no running pod';
    const { metadata, spec } = pods[choice % pods.length]!;
    const [{ name: container, resources }] = spec.containers;
    const more = ({ cpu }: Json) => ({ cpu: `${milliCpu(cpu) + 50}m` });
    const changed = { requests: more(resources.requests), ...(resources.limits && { limits: more(resources.limits) }) };
    const { status, body } = await this.#admin.patch(`${this.#pods}/${metadata.name}/resize`, 'strategic', {
      metadata: { resourceVersion: metadata.resourceVersion },
      spec: { containers: [{ name: container, resources: changed }] },
    });
    if (status === 200) this.wills.get(name)!.resized.set(metadata.uid, body['spec'].containers);
    return said(status);
  }

  /** A GitOps controller that takes its manifest for the truth. */
  async sync(name: string): Promise<string> {
    const manifest = this.#manifests.get(name)!;
    const will = this.wills.get(name)!;
    const reply = await syncOf(this.#admin, this.#jobPath(name), manifest);
    if (reply.status >= 300) return `${reply.status} ${String(reply.body['message']).slice(0, 200)}`;
    if (will.isDeleted || will.uid !== reply.body['metadata'].uid) this.expect(reply.body);
    const now = this.wills.get(name)!;
    delete now.parallelism;
    if (manifest['spec'].suspend === false) this.#wantSuspended(reply.body, false);
    if (manifest['spec'].template.spec.affinity) now.terms.length = 0; // the whole list is the manifest's
    return 'done';
  }

  async restartServer(): Promise<string> {
    await this.#admin.restartServer();
    return 'done';
  }

  #wantSuspended({ metadata }: Json, value: boolean): void {
    const will = this.wills.get(metadata.name)!;
    const saidAt = Number(metadata.resourceVersion);
    if (saidAt >= will.saidAt) Object.assign(will, { saidAt, isSuspended: value });
  }

  #noteEnding(pods: readonly Json[]): void {
    for (const pod of pods) {
      const will = this.wills.get(ownerOf(pod));
      if (will) will.isDisturbed = true;
    }
  }

  async #podsOf(name: string): Promise<Json[]> {
    const pods = await this.#admin.list(this.#pods);
    return pods.filter((pod) => ownerOf(pod) === name);
  }

  /** Tried until the server takes it, for the short time in which it may. */
  async #editTemplate(name: string, change: (template: Json) => Json): Promise<string> {
    for (const end = Date.now() + EDIT_MILLISECONDS; ; await pause(LOOK_MILLISECONDS)) {
      const { status: found, body: job } = await this.#admin.get(this.#jobPath(name));
      if (found !== 200) return said(found);
      const { resourceVersion, uid } = job['metadata'];
      const body = { metadata: { resourceVersion, uid }, spec: { template: change(job['spec'].template) } };
      const { status } = await this.#admin.patch(this.#jobPath(name), 'merge', body);
      if (status === 200 || Date.now() > end) return said(status);
    }
  }
}

/** Server-side apply of a Job's manifest, as GitOps controllers that force do. */
export function syncOf(admin: Admin, path: string, manifest: Json): Promise<Reply> {
  return admin.patch(`${path}?fieldManager=gitops&force=true`, 'apply', manifest);
}

const ACTS: Readonly<Record<Act, (users: Users, task: string, choice: number) => Promise<string>>> = {
  suspend: (users, task) => users.setSuspended(task, true),
  resume: (users, task) => users.setSuspended(task, false),
  delete: (users, task) => users.remove(task),
  recreate: (users, task) => users.recreate(task),
  deletePod: (users, task, choice) => users.removePod(task, choice),
  scale: (users, task, choice) => users.scale(task, choice),
  label: (users, task, choice) => users.label(task, choice),
  affinity: (users, task, choice) => users.editAffinity(task, choice),
  annotateTemplate: (users, task, choice) => users.annotateTemplate(task, choice),
  resize: (users, task, choice) => users.resize(task, choice),
  sync: (users, task) => users.sync(task),
  fill: ({ administrators }, _, choice) => administrators.fill(choice),
  cordon: ({ administrators }, _, choice) => administrators.cordon(choice),
  uncordon: ({ administrators }, _, choice) => administrators.uncordon(choice),
  drain: ({ administrators }, _, choice) => administrators.drain(choice),
  deleteNode: ({ administrators }, _, choice) => administrators.deleteNode(choice),
  restartServer: (users) => users.restartServer(),
};

function said(status: number): string {
  return status < 300 ? 'done' : String(status);
}

function milliCpu(quantity: string): number {
  return quantity.endsWith('m') ? Number.parseInt(quantity, 10) : Number(quantity) * 1000;
}
