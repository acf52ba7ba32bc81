import type { ClusterIdentity } from '../core/model/clusterIdentity.ts';
import type { FinishedTask } from '../core/model/finished.ts';
import type { OwnerRef, RunInformation, TaskRef } from '../core/model/moves.ts';
import type { Problem } from '../core/model/problem.ts';
import type { Resources } from '../core/model/resources.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import type { Resized, StatedPart } from '../core/model/stated.ts';
import type { Trace, TracedObject } from '../core/model/traces.ts';
import type { ContainerAmounts } from '../core/model/usage.ts';
import type { Refused, Steering } from './refused.ts';

/**
 * The port to a cluster: read, watch, act. Two sides implement it, `sample/` and `kubernetes/`, and pass the same
 * tests. Every act is one request to the cluster, may be repeated without harm, word for word, and takes `dryRun`. A
 * refusal is a value, and says that the act was not done. What leaves that open is thrown: `ClusterUnreachable`, or an
 * `ApiError` of a server that was busy or failing, or did not let the act's object be seen. Asked again, the act tells.
 * A cancelled call throws the signal's reason.
 */
export interface Cluster {
  /** Names the cluster as `Snapshot.cluster` does. */
  readonly name: string;
  /** Under what a predictor and readings of this cluster are kept, wherever it is reached. */
  readonly identity: ClusterIdentity;
  /** The cluster's own clock, in epoch seconds; the sample's moves only when it is moved. */
  nowSeconds(): number;
  readSnapshot(signal?: AbortSignal): Promise<Snapshot>;
  readHistory(signal?: AbortSignal): Promise<PastRead>;
  /** Calls back after each change, coalesced, until the signal aborts. */
  watch(onChange: () => void, signal: AbortSignal): void;

  /** Pins a gated pending task to a node and lifts its gate. */
  place(task: TaskRef, to: string, options: ActOptions): Promise<ActResult>;
  /**
   * Changes a running task's requests and limits in place. `record`, with the generation and the amounts that this
   * leaves, is on the task before the resize is asked for, and is taken off when that is refused.
   */
  resize(task: TaskRef, to: Resources, record: MoveRecord, options: ResizeOptions): Promise<ActResult>;
  /**
   * Gives each part of a task back what it had before a resize, in the same words. Refused where the parts are not as
   * that resize left them: somebody else has changed them since.
   */
  restore(task: TaskRef, resized: Resized, options: ActOptions): Promise<ActResult>;
  /** Takes the record of a move off a task, if it is that very move's, and changes nothing else. */
  releaseTask(task: TaskRef, move: MoveName, options: ActOptions): Promise<ActResult>;
  /**
   * Stops all tasks of an owner. The same request writes `record` on the owner, with the generation that it leaves, so
   * that anyone can finish or undo the move. Done already is what that very record has stopped, and nobody since.
   */
  suspend(owner: OwnerRef, record: MoveRecord, options: ActOptions): Promise<ActResult>;
  /**
   * Lets an owner's tasks run again, in one request with where: pinned to a node (`required`), drawn to it
   * (`preferred`), or free (`none`). Removes our record; of an owner that is not suspended, nothing else changes.
   */
  resume(owner: OwnerRef, pin: Pin, options: ResumeOptions): Promise<ActResult>;
  /**
   * Takes the record of a move off an owner, if it is that very move's, and changes nothing else: its generation stays.
   * Refused as a conflict where the record still holds the owner's tasks back: it is all that tells of them.
   */
  release(owner: OwnerRef, move: MoveName, options: ActOptions): Promise<ActResult>;

  /** What became of a task; undefined when it is gone. */
  readTask(task: TaskRef, signal?: AbortSignal): Promise<TaskState | undefined>;
  /** What became of an owner; undefined when it is gone. */
  readOwner(owner: OwnerRef, signal?: AbortSignal): Promise<OwnerState | undefined>;
  /** All records of ours on objects of the cluster, whichever process or machine began the moves. */
  readRecords(signal?: AbortSignal): Promise<readonly ObjectRecord[]>;
  /**
   * Tells other machines that moves are carried out in these namespaces, until the lease is released. Absent where no
   * other machine can write.
   * @param writer who holds it; after a crash the same one goes on at once
   */
  holdLease?(namespaces: readonly string[], writer: string, signal?: AbortSignal): Promise<LeaseResult>;
  close(): Promise<void>;
}

/** The traces of ours on objects of a cluster, which both sides of the port can tell and take off. */
export interface Traces {
  /** All of them on objects that may be read, whichever process or machine has left them. */
  readTraces(signal?: AbortSignal): Promise<TracesRead>;
  /**
   * Takes off an object, in one request, what `readTraces` told of it and may go, as far as it still stands there word
   * for word. Done, too, when the object is gone.
   */
  eraseTraces(object: TracedObject, options: ActOptions): Promise<EraseResult>;
}

/** Objects in no certain order, and what of the cluster could not be read. */
export type TracesRead = { readonly objects: readonly TracedObject[]; readonly problems: readonly Problem[] };

/** `kept`: what stays all the same of what might have gone. */
export type EraseResult = { readonly kind: 'done'; readonly kept: readonly Trace[] } | Refused;

/** `without`: the namespaces in which there is no right to a lease, so that nobody is told. */
export type LeaseResult =
  | { readonly kind: 'held'; readonly lease: Lease; readonly without: readonly string[] }
  | ({ readonly kind: 'taken' } & LeaseTaken);

/** Another machine carries out moves in a namespace. */
export type LeaseTaken = { readonly namespace: string; readonly holder: string };

/** Namespaces that this machine holds. They are renewed by themselves. */
export interface Lease {
  /** Who has taken this one over, because we could not renew it in time; to be asked before anything is written there. */
  lost(namespace: string): Promise<LeaseTaken | undefined>;
  release(): Promise<void>;
}

/** What a cluster knows of its past: runs by their end, and what of it could not be read. */
export type PastRead = { readonly tasks: FinishedTask[]; readonly problems: Problem[] };

export type ActOptions = { readonly dryRun: boolean; readonly signal?: AbortSignal };

/**
 * `allocation`: what each task asks for when it runs again, where the cluster can change that; absent, and on a cluster
 * that cannot (Kubernetes before 1.36), what its owner asked for at first.
 */
export type ResumeOptions = ActOptions & {
  readonly allocation?: Resources;
  /** Only an owner of this generation is resumed: at another, somebody has been at it. */
  readonly generation?: number;
};

/** `needs`: what no shrink leaves a container less than, by its name; a container that is not in it is not known. */
export type ResizeOptions = ActOptions & { readonly needs?: Readonly<Record<string, ContainerAmounts>> };

/** `done` carries the object's generation after the act, and of a resize what it did to the task's parts. */
export type ActResult = { readonly kind: 'done'; readonly generation: number; readonly resized?: Resized } | Refused;

export type Pin =
  | { readonly kind: 'required'; readonly node: string }
  | { readonly kind: 'preferred'; readonly node: string }
  | { readonly kind: 'none' };

/**
 * What a move needs to survive a crash; written on the object itself (annotation `stowage.dev/move`) and in the
 * journal.
 */
export type MoveRecord = {
  readonly planId: string;
  readonly moveId: string;
  readonly kind: 'resize' | 'migration';
  readonly startedAtSeconds: number;
  /**
   * The generation that our write has left, of the owner or the task; the cluster writes it in. Absent on records of
   * 0.1.0. At any other, somebody has changed the object since.
   */
  readonly generation?: number;
  /** Migration: nodes, what S410 saves before the tasks are ended, and what each holds where a resize changed that. */
  readonly from?: string;
  readonly to?: string;
  readonly run?: RunInformation;
  readonly allocation?: Resources;
  /** Resize: what to go back to, and the original request (S307's 100 %). */
  readonly before?: Resources;
  readonly request?: Resources;
  /** What the resize did to each part of the task; the cluster writes it in. Absent on records of 0.1.0. */
  readonly resized?: Resized;
};

/** What tells a move from all others. */
export type MoveName = Pick<MoveRecord, 'planId' | 'moveId'>;

/** Whether two names, or records, are of the same move. */
export function sameMove(left: MoveName, right: MoveName): boolean {
  return left.planId === right.planId && left.moveId === right.moveId;
}

/** A record with the object that it is on. */
export type ObjectRecord = { readonly record: MoveRecord; readonly owner?: OwnerRef; readonly task?: TaskRef };

export type TaskState = {
  readonly uid: string;
  readonly generation: number;
  readonly phase: 'pending' | 'running' | 'ending' | 'succeeded' | 'failed';
  readonly node?: string;
  /** What the spec asks for, in all and part by part. */
  readonly desired: Resources;
  readonly parts: readonly StatedPart[];
  /** What the node has actually granted; equals `desired` once a resize is done. */
  readonly actual: Resources;
  readonly resize: 'none' | 'inProgress' | 'deferred' | 'infeasible';
  /** Why the node does not do what the spec asks for; beside `inProgress`, that it has tried and could not. */
  readonly message?: string;
};

export type OwnerState = {
  readonly uid: string;
  readonly generation: number;
  readonly suspended: boolean;
  /** Suspended, and nobody but us has set that since, whatever else has changed; absent where a cluster cannot tell. */
  readonly suspensionKept?: boolean;
  /** Who steers it, and would undo or fight what we do to it. */
  readonly steering?: Steering;
  /** Tasks that run or wait to. */
  readonly active: number;
  /** Tasks that are being stopped; the old process is gone only when this is 0. */
  readonly terminating: number;
  readonly finished: boolean;
  readonly record?: MoveRecord;
  /** The tasks it has now, with their nodes. */
  readonly tasks: readonly {
    readonly id: string;
    readonly uid: string;
    readonly phase: string;
    readonly node?: string;
  }[];
};

/** What a Kubernetes cluster is reached and read by, beside its kubeconfig: the user's settings. */
export type Access = {
  /** For servers the kubeconfig names no proxy for; default: what HTTPS_PROXY, HTTP_PROXY and NO_PROXY say. */
  readonly proxy?: { readonly url: string; readonly except?: string };
  /** Its Prometheus: `http://HOST:PORT`, or `service:NAMESPACE/NAME:PORT` through the API server. */
  readonly prometheus?: string;
  /** Labels and annotations that hold a task's parameters, before the usual ones. */
  readonly parameterKeys?: Partial<ParameterKeys>;
};

/**
 * Labels and annotations that may hold each parameter of S201; the first that is there wins. Ours come first; the rest
 * are what Kubeflow, Ray, Volcano, Kueue and plain Jobs carry.
 */
export type ParameterKeys = {
  readonly creator: readonly string[];
  readonly type: readonly string[];
  readonly framework: readonly string[];
  readonly dataScale: readonly string[];
  readonly queue: readonly string[];
  readonly requestedRuntime: readonly string[];
};
