import { Worker } from 'node:worker_threads';
import type { ClusterView } from '../rows/clusterView.ts';
import { NOTHING_TOLD, type Told, type ViewPart, withPart } from '../rows/viewParts.ts';
import type { Confirmation, StepText } from '../text/operation.ts';
import type { FromPlanner, ToPlanner } from './protocol.ts';

/** What the planning thread tells without being asked. */
export type PlannerEvents = {
  onView(view: ClusterView): void;
  onStep(step: StepText): void;
  onKubeconfig(): void;
  confirm(preview: Confirmation): Promise<boolean>;
  /** The thread died; the next request starts a new one. */
  onDied(reason: string): void;
};

export type AskOptions = {
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string, fraction?: number) => void;
};

type Request = ToPlanner extends infer Each ? (Each extends { id: number } ? Omit<Each, 'id'> : never) : never;
type Waiting = { resolve(result: unknown): void; reject(error: Error): void; onProgress: AskOptions['onProgress'] };

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
  private readonly waiting = new Map<number, Waiting>();
  private next = 1;
  private told: Told = NOTHING_TOLD;
  private readonly script: string;
  private readonly events: PlannerEvents;

  constructor(script: string, events: PlannerEvents) {
    this.script = script;
    this.events = events;
  }

  /**
   * Asks and waits for the one answer.
   * @throws Cancelled when the signal aborts; an Error with the planner's own words otherwise
   */
  ask(request: Request, { signal, onProgress }: AskOptions = {}): Promise<unknown> {
    if (signal?.aborted) return Promise.reject(new Cancelled());
    const id = this.next++;
    const worker = this.start();
    return new Promise((resolve, reject) => {
      const cancel = () => worker.postMessage({ id: this.next++, type: 'cancel', request: id } satisfies ToPlanner);
      signal?.addEventListener('abort', cancel, { once: true });
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          signal?.removeEventListener('abort', cancel);
          this.waiting.delete(id);
          then(value);
        };
      this.waiting.set(id, { resolve: settle(resolve), reject: settle(reject), onProgress });
      worker.postMessage({ ...request, id });
    });
  }

  /** The rows of the cluster that is open there, as they were last told whole; empty before. */
  get view(): ClusterView {
    return this.told.view;
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
    worker.on('message', (message: FromPlanner) => this.hear(message));
    worker.on('error', (error) => this.died(worker, error.stack ?? error.message));
    worker.on('exit', (code) => this.died(worker, `it ended with code ${code}`));
    return worker;
  }

  private hear(message: FromPlanner): void {
    switch (message.type) {
      case 'answer':
        this.waiting.get(message.id)?.resolve(message.result);
        break;
      case 'failure':
        this.waiting.get(message.id)?.reject(message.cancelled ? new Cancelled() : new Error(message.message));
        break;
      case 'progress':
        this.waiting.get(message.id)?.onProgress?.(message.text, message.fraction);
        break;
      case 'part':
        this.take(message.part);
        break;
      case 'kubeconfigChanged':
        this.events.onKubeconfig();
        break;
      case 'step':
        this.events.onStep(message.step);
        break;
      case 'confirm':
        void this.events
          .confirm(message.preview)
          .then((yes) => this.worker?.postMessage({ id: message.id, type: 'confirmed', yes } satisfies ToPlanner));
        break;
      default:
        message satisfies never;
    }
  }

  /** The next part comes after a round of the thread's own, so that many parts never hold it together. */
  private take(part: ViewPart): void {
    const told = withPart(this.told, part);
    if (told) {
      this.told = told;
      if (part.left === 0) this.events.onView(told.view);
    }
    const { number } = this.told;
    setImmediate(() => this.worker?.postMessage({ id: this.next++, type: 'taken', number } satisfies ToPlanner));
  }

  private died(worker: Worker, reason: string): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of waiting)
      reject(new Error(`The planning thread stopped: ${reason}. Run the command again.`));
    this.events.onDied(reason);
  }
}
