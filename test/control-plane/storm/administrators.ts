import { setTimeout as pause } from 'node:timers/promises';
import type { Admin, Json } from './admin.ts';
import { fillerManifest, type Place } from './manifests.ts';

/** Stands for the minute after which Kubernetes collects the pods of a node that is gone. */
const COLLECT_MILLISECONDS = 3000;

/** Whoever fills, cordons, drains and deletes a lane's nodes. Of these one always stays that takes pods. */
export class Administrators {
  readonly #admin: Admin;
  readonly #place: Place;
  /** Told of pods that are about to be ended. */
  readonly #onEnding: (pods: readonly Json[]) => void;
  /** Nodes that were deleted, as they were. */
  readonly #deleted: Json[] = [];
  readonly #collecting: Promise<void>[] = [];
  #fillers = 0;

  constructor(admin: Admin, place: Place, onEnding: (pods: readonly Json[]) => void) {
    this.#admin = admin;
    this.#place = place;
    this.#onEnding = onEnding;
  }

  async fill(choice: number): Promise<string> {
    const node = this.#nodeOf(choice);
    await this.#admin.create(this.#pods, fillerManifest(`filler-${this.#fillers++}`, this.#place, node));
    return `done, on ${node}`;
  }

  async cordon(choice: number): Promise<string> {
    const node = await this.#spareNode(choice);
    if (node === undefined) return LAST;
    await this.#setUnschedulable(node, true);
    return `done, ${node}`;
  }

  async uncordon(choice: number): Promise<string> {
    const node = this.#nodeOf(choice);
    await this.#setUnschedulable(node, null);
    return `done, ${node}`;
  }

  async drain(choice: number): Promise<string> {
    const node = await this.#spareNode(choice);
    if (node === undefined) return LAST;
    await this.#setUnschedulable(node, true);
    const pods = await this.#podsOn(node);
    this.#onEnding(pods);
    const evictions = pods.map(({ metadata: { name } }) => {
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } };
      return this.#admin.send('POST', `${this.#pods}/${name}/eviction`, eviction);
    });
    return `done, ${node}: ${(await Promise.all(evictions)).map(({ status }) => status).join(' ')}`;
  }

  async deleteNode(choice: number): Promise<string> {
    const node = await this.#spareNode(choice);
    if (node === undefined) return LAST;
    const { body } = await this.#admin.get(nodePath(node));
    const { name, labels, annotations } = body['metadata'];
    this.#deleted.push({ metadata: { name, labels, annotations }, status: { addresses: body['status'].addresses } });
    this.#onEnding(await this.#podsOn(node));
    await this.#admin.send('DELETE', nodePath(node));
    this.#collecting.push(this.#collectPods(node));
    return `done, ${node}`;
  }

  /** Resolves when the pods of all deleted nodes have been collected. */
  async collected(): Promise<void> {
    await Promise.all(this.#collecting);
  }

  async removeFillers(): Promise<void> {
    const query = `labelSelector=${encodeURIComponent('storm.test/filler=true')}`;
    await this.#admin.send('DELETE', `${this.#pods}?${query}`);
  }

  /** Brings the nodes back to what they were before. */
  async restoreNodes(): Promise<void> {
    for (const node of this.#deleted.splice(0)) await this.#admin.create('/api/v1/nodes', node);
    for (const name of this.#place.nodes) await this.#setUnschedulable(name, null);
  }

  async #collectPods(node: string): Promise<void> {
    await pause(COLLECT_MILLISECONDS);
    const pods = await this.#podsOn(node);
    this.#onEnding(pods);
    for (const { metadata } of pods) {
      await this.#admin.send('DELETE', `${this.#pods}/${metadata.name}`, { gracePeriodSeconds: 0 });
    }
  }

  async #setUnschedulable(node: string, unschedulable: true | null): Promise<void> {
    await this.#admin.patch(nodePath(node), 'merge', { spec: { unschedulable } });
  }

  #nodeOf(choice: number): string {
    const { nodes } = this.#place;
    return nodes[choice % nodes.length]!;
  }

  /** A node that can go while another that takes pods stays; undefined when there is none. */
  async #spareNode(choice: number): Promise<string | undefined> {
    const all = await this.#admin.list('/api/v1/nodes');
    const own = all.filter(({ metadata }) => this.#place.nodes.includes(metadata.name));
    const good = own.filter(({ spec }) => !spec.unschedulable).map(({ metadata }) => metadata.name as string);
    return good.length > 1 ? good[choice % good.length] : undefined;
  }

  async #podsOn(node: string): Promise<Json[]> {
    return (await this.#admin.list(this.#pods)).filter(({ spec }) => spec.nodeName === node);
  }

  get #pods(): string {
    return `/api/v1/namespaces/${this.#place.namespace}/pods`;
  }
}

const LAST = 'the last good node stays';

function nodePath(name: string): string {
  return `/api/v1/nodes/${name}`;
}
