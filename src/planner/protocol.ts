import type { Access } from '../cluster/port.ts';
import type { Forecast } from '../core/forecast/forecast.ts';
import type { NodeChange } from '../core/forecast/scenarios.ts';
import type { ClusterIdentity } from '../core/model/clusterIdentity.ts';
import type { Move } from '../core/model/moves.ts';
import type { Settings } from '../core/model/settings.ts';
import type { Ranking } from '../core/place/rankNodes.ts';
import type { ClusterTarget } from '../core/plan/plan.ts';
import type { ViewDelta } from '../rows/viewDeltas.ts';
import type { Confirmation, StepText } from '../text/operation.ts';
import type { PlanFormat } from '../text/plan/formats.ts';
import type { ImportQuestion } from '../text/prediction.ts';

/** What the planning thread answers to each request. */
export type Answers = {
  readonly connect: Connected;
  readonly close: undefined;
  /** Of the open cluster, from now on; there may be none. */
  readonly settings: undefined;
  /** After the view that was read. */
  readonly refresh: undefined;
  readonly advance: Connected;
  readonly plan: IssuedPlan;
  readonly rank: Weighed;
  readonly whatIf: WhatIf;
  /** A plan in one of the formats. */
  readonly planAs: string;
  readonly apply: OperationResult;
  readonly continue: OperationResult;
  readonly undo: OperationResult;
  /** What was learned, in a sentence. */
  readonly train: string;
  /** A predictor of no cluster yet, which the open one may use; undefined where there is none, or that was said. */
  readonly offer: PredictorOffer | undefined;
  readonly answerOffer: undefined;
  /** Moves done, as Markdown. */
  readonly ledger: string;
  /** Findings, as Markdown. */
  readonly doctor: string;
  readonly contexts: Contexts;
};

/** What each request carries. */
export type Requests = {
  readonly connect: ConnectOptions;
  readonly close: Nothing;
  readonly settings: { readonly settings: Settings };
  readonly refresh: Nothing;
  readonly advance: { readonly seconds: number };
  readonly plan: Nothing;
  readonly rank: Weighing;
  readonly whatIf: { readonly planId: string; readonly change: NodeChange };
  readonly planAs: { readonly planId: string; readonly format: PlanFormat };
  /** `moveIds` absent: all moves of the plan. */
  readonly apply: { readonly planId: string; readonly moveIds?: readonly string[] };
  /** `unasked`: it goes on by itself, so nobody is asked about moves that were begun elsewhere. */
  readonly continue: { readonly unasked?: boolean };
  readonly undo: Nothing;
  readonly train: TrainOptions;
  readonly offer: Nothing;
  readonly answerOffer: { readonly offer: PredictorOffer; readonly use: boolean };
  readonly ledger: Nothing;
  /** The target is the open cluster, or one that could not be opened. */
  readonly doctor: { readonly target: ClusterTarget; readonly name: string; readonly access: Access };
  /** `kubeconfig` absent: where `kubectl` looks. */
  readonly contexts: { readonly kubeconfig?: string };
};

export type RequestType = keyof Answers;

/** A request of one type; without an argument, any request. */
export type Request<Type extends RequestType = RequestType> = {
  [Each in Type]: { readonly type: Each } & Requests[Each];
}[Type];

type Nothing = Readonly<Record<never, never>>;

export type ConnectOptions = {
  readonly target: ClusterTarget;
  readonly stateDirectory: string;
  readonly access: Access;
  readonly settings: Settings;
};

export type TrainOptions = {
  /** Absent: the open cluster's own. */
  readonly history?: readonly HistorySource[];
  readonly out: string;
  /** Continue with the predictor in `out` instead of starting over. */
  readonly update: boolean;
  /** Folder whose code may run: its tfjs-node is used. */
  readonly workspace?: string;
};

/** A file of finished tasks; a table comes with the column that each field is in. */
export type HistorySource = { readonly path: string; readonly columns?: Readonly<Record<string, string>> };

/** A cluster is open, and its first view was sent. */
export type Connected = {
  readonly identity: ClusterIdentity;
  /** Moves of earlier windows that have not ended. */
  readonly underWay: number;
};

/** A predictor of no cluster yet, with what the user is asked before the open one uses it. */
export type PredictorOffer = {
  /** The key of the cluster that is asked about. */
  readonly cluster: string;
  readonly file: string;
  readonly digest: string;
  readonly question: ImportQuestion;
};

/** A plan that was made. It travels as bytes, so that the editor's thread hands it on without reading it. */
export type IssuedPlan = {
  readonly id: string;
  readonly json: Uint8Array;
  readonly moves: readonly { readonly id: string; readonly kind: Move['kind']; readonly taskId: string }[];
};

/** A pending task of an issued plan, to be ranked by these weights of policies. */
export type Weighing = {
  readonly planId: string;
  readonly taskId: string;
  readonly weights: Readonly<Record<string, number>>;
};

export type Weighed = Weighing & Pick<Ranking, 'ranked' | 'fitting'>;

/** One more scenario of an issued plan, on the same futures as its own. */
export type WhatIf = { readonly planId: string; readonly change: NodeChange; readonly forecast: Forecast };

export type OperationResult = {
  /** What was done, for the user; empty when the user declined. */
  readonly text: string;
  /** Some move ended without being done; `text` says why. */
  readonly trouble: boolean;
  /** How many moves ended. */
  readonly ended: number;
  /** When the earliest wait is over, in the cluster's own time; absent when nothing waits. */
  readonly dueInSeconds?: number;
};

/** The contexts of a kubeconfig. */
export type Contexts = { readonly contexts: readonly string[]; readonly current?: string };

/** From the editor's thread to the planning thread. Every request is answered once, under its `id`. */
export type ToPlanner =
  | { readonly type: 'request'; readonly id: number; readonly request: Request }
  /** In which zone times are told from now on; comes first of all. */
  | { readonly type: 'zone'; readonly zone: string }
  /** Cancels the request of this id. */
  | { readonly type: 'cancel'; readonly id: number }
  /** The user's word on the confirmation that the request of this id asked for. */
  | { readonly type: 'confirmed'; readonly id: number; readonly yes: boolean }
  /** A delta was received, so the next may come; `number` is that of the last one in the view. */
  | { readonly type: 'acknowledged'; readonly number: number };

/** From the planning thread to the editor's. */
export type FromPlanner =
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answers[RequestType] }
  | { readonly type: 'failure'; readonly id: number; readonly message: string; readonly cancelled: boolean }
  | { readonly type: 'progress'; readonly id: number; readonly text: string; readonly fraction?: number }
  | { readonly type: 'confirm'; readonly id: number; readonly confirmation: Confirmation }
  | { readonly type: 'delta'; readonly delta: ViewDelta }
  | { readonly type: 'step'; readonly step: StepText }
  /** The kubeconfig of the cluster that was last asked for has changed. */
  | { readonly type: 'kubeconfigChanged' };
