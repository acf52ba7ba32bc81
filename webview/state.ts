import type { PanelState, ToWebview } from '../src/protocol.ts';

/** All that the panel draws from: what the host sent, and what the user chose in it. */
export type PanelModel = {
  readonly host: PanelState;
  /** Moves that are ticked; absent: all of the plan's. */
  readonly chosen?: readonly string[];
  /** Pending task whose ranked nodes are shown. */
  readonly task?: string;
};

export type PanelEvent =
  | ToWebview
  | { readonly type: 'choose'; readonly moveId: string; readonly on: boolean; readonly all: readonly string[] }
  | { readonly type: 'showTask'; readonly task: string };

export const EMPTY_MODEL: PanelModel = { host: { cluster: '', steps: [] } };

/** The next model; pure. A new plan forgets what was chosen in the old one. */
export function reduce(model: PanelModel, event: PanelEvent): PanelModel {
  switch (event.type) {
    case 'state':
      if (event.state.planId !== model.host.planId) return { host: event.state };
      return {
        ...model,
        host: model.host.plan === undefined ? event.state : { plan: model.host.plan, ...event.state },
      };
    case 'choose': {
      const before = model.chosen ?? event.all;
      const others = before.filter((id) => id !== event.moveId);
      const next = new Set(event.on ? [...others, event.moveId] : others);
      return { ...model, chosen: event.all.filter((id) => next.has(id)) };
    }
    case 'showTask':
      return { ...model, task: event.task };
    default:
      return event satisfies never;
  }
}
