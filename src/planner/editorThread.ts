import type { ClusterView } from '../rows/clusterView.ts';
import { deltasTo, EMPTY_VIEW, type NumberedView, type ViewDelta } from '../rows/viewDeltas.ts';
import type { Confirmation, StepText } from '../text/operation.ts';
import type { FromPlanner } from './protocol.ts';

/** What the work on one request may use: how it is cancelled, and what it tells and asks the editor meanwhile. */
export type Call = {
  readonly signal: AbortSignal;
  readonly onProgress: (text: string, fraction?: number) => void;
  readonly onStep: (step: StepText) => void;
  readonly confirm: (confirmation: Confirmation) => Promise<boolean>;
};

/** The editor's thread, seen from the planning thread. */
export class EditorThread {
  readonly send: (message: FromPlanner) => void;
  private readonly confirmations = new Map<number, (yes: boolean) => void>();
  /** Deltas that were sent and not acknowledged yet, oldest first. */
  private readonly unacknowledged: ((number: number) => void)[] = [];

  constructor(send: (message: FromPlanner) => void) {
    this.send = send;
  }

  /** The call of the request with this id. */
  call(id: number, signal: AbortSignal): Call {
    return {
      signal,
      onProgress: (text, fraction) =>
        this.send({ type: 'progress', id, text, ...(fraction !== undefined && { fraction }) }),
      onStep: (step) => this.send({ type: 'step', step }),
      confirm: (confirmation) =>
        new Promise((resolve) => {
          this.confirmations.set(id, resolve);
          this.send({ type: 'confirm', id, confirmation });
        }),
    };
  }

  confirmed(id: number, yes: boolean): void {
    this.confirmations.get(id)?.(yes);
    this.confirmations.delete(id);
  }

  /** @returns the number of the last delta in the editor's view, once it acknowledges */
  sendDelta(delta: ViewDelta): Promise<number> {
    return new Promise((resolve) => {
      this.unacknowledged.push(resolve);
      this.send({ type: 'delta', delta });
    });
  }

  acknowledged(number: number): void {
    this.unacknowledged.shift()?.(number);
  }
}

/** Keeps the editor's view of one cluster up to date. */
export class ViewSender {
  private sent: NumberedView = EMPTY_VIEW;
  private readonly editor: EditorThread;
  private readonly signal: AbortSignal;

  /** @param signal ends all sending */
  constructor(editor: EditorThread, signal: AbortSignal) {
    this.editor = editor;
    this.signal = signal;
  }

  /** Sends what has changed, each delta once the one before is acknowledged; the whole view where one was missing. */
  async send(view: ClusterView): Promise<void> {
    let { number } = this.sent;
    for (const delta of deltasTo(this.sent, view)) {
      if (this.signal.aborted) return;
      number = await this.editor.sendDelta(delta);
      if (number === delta.number) continue;
      this.sent = EMPTY_VIEW;
      return this.send(view);
    }
    this.sent = { view, number };
  }
}
