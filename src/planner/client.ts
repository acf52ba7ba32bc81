import { Worker } from 'node:worker_threads';
import type { ClusterView } from '../rows/clusterView.ts';
import { EMPTY_VIEW, type NumberedView, type ViewDelta, withDelta } from '../rows/viewDeltas.ts';
import type { Confirmation, StepText } from '../text/operation.ts';
import { describePlannerDeath } from '../text/session.ts';
import { readerZone } from '../text/zone.ts';
import type { Answers, FromPlanner, Request, RequestType, ToPlanner } from './protocol.ts';

/** What comes from the planning thread without a request. */
export type PlannerEvents = {
  onView(view: ClusterView): void;
  onStep(step: StepText): void;
  onKubeconfig(): void;
  /** The thread died; the next request starts a new one. */
  onDied(reason: string): void;
};

export type AskOptions = {
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string, fraction?: number) => void;
  /** The user's word on what the request asks before it writes; without it the word is no. */
  readonly confirm?: (confirmation: Confirmation) => Promise<boolean>;
};

/** A request that was sent and is not answered yet. */
type Pending = Pick<AskOptions, 'onProgress' | 'confirm'> & {
  resolve(answer: unknown): void;
  reject(error: Error): void;
};

/**
 * A smaller nursery for new objects than V8's own choice: reading a large cluster makes much that is dropped at once, and
 * the thread keeps half as much memory without being slower for it (`bench/scale.ts`).
 */
export const PLANNER_LIMITS = { maxYoungGenerationSizeMb: 24 };

/** A request that was cancelled: silent, not an error. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/**
 * The planning thread, seen from the editor's: cluster, predictor, forecasts and moves live there, so that the editor's
 * thread only draws.
 */
export class Planner {
  private worker: Worker | undefined;
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;
  private received: NumberedView = EMPTY_VIEW;
  private readonly script: string;
  private readonly events: PlannerEvents;

  constructor(script: string, events: PlannerEvents) {
    this.script = script;
    this.events = events;
  }

  /**
   * Sends a request and waits for its answer.
   * @throws Cancelled when the signal aborts; an Error with the planner's own words otherwise
   */
  ask<Type extends RequestType>(request: Request<Type>, { signal, ...told }: AskOptions = {}): Promise<Answers[Type]> {
    if (signal?.aborted) return Promise.reject(new Cancelled());
    this.lastId += 1;
    const id = this.lastId;
    const worker = this.start();
    return new Promise((resolve, reject) => {
      const cancel = () => worker.postMessage({ type: 'cancel', id } satisfies ToPlanner);
      signal?.addEventListener('abort', cancel, { once: true });
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          signal?.removeEventListener('abort', cancel);
          this.pending.delete(id);
          then(value);
        };
      this.pending.set(id, { resolve: settle(resolve), reject: settle(reject), ...told });
      worker.postMessage({ type: 'request', id, request });
    });
  }

  /** The rows of the open cluster, as last received whole; empty before. */
  get view(): ClusterView {
    return this.received.view;
  }

  /** Times are told in this thread's zone from now on; a new thread is told by itself. */
  tellZone(): void {
    this.worker?.postMessage({ type: 'zone', zone: readerZone() } satisfies ToPlanner);
  }

  async dispose(): Promise<void> {
    const worker = this.worker;
    this.worker = undefined;
    await worker?.terminate();
  }

  private start(): Worker {
    if (this.worker) return this.worker;
    const worker = new Worker(this.script, { resourceLimits: PLANNER_LIMITS });
    this.worker = worker;
    this.tellZone();
    worker.on('message', (message: FromPlanner) => this.receive(message));
    worker.on('error', (error) => this.died(worker, error.stack ?? error.message));
    worker.on('exit', (code) => this.died(worker, `it ended with code ${code}`));
    return worker;
  }

  private receive(message: FromPlanner): void {
    switch (message.type) {
      case 'answer':
        return this.pending.get(message.id)?.resolve(message.answer);
      case 'failure':
        return this.pending.get(message.id)?.reject(message.cancelled ? new Cancelled() : new Error(message.message));
      case 'progress':
        return this.pending.get(message.id)?.onProgress?.(message.text, message.fraction);
      case 'delta':
        return this.apply(message.delta);
      case 'kubeconfigChanged':
        return this.events.onKubeconfig();
      case 'step':
        return this.events.onStep(message.step);
      case 'confirm':
        void this.confirm(message.id, message.confirmation);
        return;
      default:
        message satisfies never;
    }
  }

  private async confirm(id: number, confirmation: Confirmation): Promise<void> {
    const yes = (await this.pending.get(id)?.confirm?.(confirmation)) ?? false;
    this.worker?.postMessage({ type: 'confirmed', id, yes } satisfies ToPlanner);
  }

  /** Acknowledged after a round of the thread's own, so that many deltas in a row never hold it. */
  private apply(delta: ViewDelta): void {
    const next = withDelta(this.received, delta);
    if (next) {
      this.received = next;
      if (delta.left === 0) this.events.onView(next.view);
    }
    const { number } = this.received;
    setImmediate(() => this.worker?.postMessage({ type: 'acknowledged', number } satisfies ToPlanner));
  }

  private died(worker: Worker, reason: string): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    const pending = [...this.pending.values()];
    this.pending.clear();
    for (const { reject } of pending) reject(new Error(describePlannerDeath(reason)));
    this.events.onDied(reason);
  }
}
