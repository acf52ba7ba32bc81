import type { OwnerRef, TaskRef } from '../core/model/moves.ts';
import type { ResourceName } from '../core/model/resources.ts';

/**
 * What a cluster refuses, on either side of the port: what was tried on which object, and why not, as codes with their
 * numbers. `text/refusal.ts` has the sentences, with what to do.
 */
export type Refused = {
  readonly kind: 'refused';
  /** What whoever tried can make of it: try again, wait, plan again. */
  readonly code: 'notFound' | 'conflict' | 'forbidden' | 'invalid' | 'noCapacity' | 'budget' | 'notMovable';
  readonly attempt: Attempt;
  readonly why: WhyRefused;
};

/** What is done to an owner; `release`: a move's record is taken off it. */
type OwnerAct = 'suspend' | 'resume' | 'release';

/** What was tried. Tasks are named by their id. */
export type Attempt =
  | { readonly act: 'place'; readonly task: string; readonly node: string }
  | { readonly act: 'resize'; readonly task: string }
  | { readonly act: 'eraseTraces'; readonly object: Pick<OwnerRef, 'kind' | 'namespace' | 'name'> }
  | { readonly act: OwnerAct; readonly owner: Pick<OwnerRef, 'kind' | 'namespace' | 'name'> };

export type WhyRefused =
  | { readonly code: 'gone' }
  /** Another object has its name. */
  | { readonly code: 'replaced' }
  /** Generations: as it is, and as it was planned with. */
  | { readonly code: 'changed'; readonly found: number; readonly planned: number }
  | { readonly code: 'ended' }
  | { readonly code: 'right'; readonly missing: string; readonly namespace: string }
  | { readonly code: 'noNode'; readonly node: string }
  | { readonly code: 'runsOn'; readonly node: string }
  | { readonly code: 'notGated' }
  | { readonly code: 'notRunning'; readonly phase: string }
  /**
   * A resize: of what cannot change in place, of what requests nothing, to nothing, below a floor, or with a restart.
   */
  | { readonly code: 'fixedResource'; readonly resource: ResourceName }
  | { readonly code: 'bestEffort' }
  | { readonly code: 'notPositive'; readonly resource: ResourceName }
  | { readonly code: 'belowFloor'; readonly resource: ResourceName; readonly least: number }
  | { readonly code: 'restarts'; readonly resource: ResourceName; readonly container: string }
  /** Of what none of its containers requests; a container would be left less than it needs, or a limit above its pod's. */
  | { readonly code: 'notRequested'; readonly resource: ResourceName }
  | {
      readonly code: 'containerNeeds';
      readonly resource: ResourceName;
      readonly container: string;
      readonly needed: number;
      readonly left: number;
    }
  | {
      readonly code: 'limitAbove';
      readonly resource: ResourceName;
      readonly container: string;
      readonly limit: number;
      readonly most: number;
    }
  /** To give back what it had: it is not as the resize left it, or nobody noted what each container had. */
  | { readonly code: 'resizedByOther' }
  /** The server would state what this container (absent: the pod as a whole) does not, and never take it off again. */
  | { readonly code: 'wouldAdd'; readonly container?: string }
  | { readonly code: 'amountsUnknown' }
  | {
      readonly code: 'nodeTooSmall';
      readonly node: string;
      readonly resource: ResourceName;
      readonly requested: number;
      readonly allocatable: number;
    }
  /**
   * An owner: of another kind, steered by something that would undo the move, suspended before us, or still at work.
   */
  | { readonly code: 'ownerKind'; readonly kind: string }
  | { readonly code: 'steered'; readonly by: Steering }
  | { readonly code: 'suspended'; readonly byPlan?: string }
  | { readonly code: 'budget'; readonly budget: string; readonly tasks: number; readonly allowed: number }
  /** Its failure policy fails it when a task ends as one that is stopped does. */
  | { readonly code: 'failsWhenStopped'; readonly exitCode: number }
  | { readonly code: 'stopping'; readonly tasks: number }
  /** The API server's own answer; `kind`: what we know of its meaning. */
  | {
      readonly code: 'server';
      readonly kind: ServerRefusal;
      readonly status: number;
      readonly message: string;
      /** How long it wants to be left alone, where it says so. */
      readonly retryAfterSeconds?: number;
    };

export type ServerRefusal =
  | 'nodeTooSmall'
  | 'budget'
  | 'quota'
  | 'right'
  /** Forbidden, though the right is there: by a LimitRange, Pod Security, a webhook or a policy, or who knows why. */
  | 'limitRange'
  | 'podSecurity'
  | 'policy'
  | 'forbidden'
  | 'gone'
  | 'changed'
  | 'qosClass'
  | 'noResize'
  | 'template'
  | 'invalid'
  /** It was busy or failing, around a dry run; around a write nobody knows what that means, and it is thrown. */
  | 'later';

/** Who steers a Job, and would undo or fight what we do to it. */
export type Steering =
  | { readonly code: 'controller'; readonly kind: string; readonly name: string }
  | { readonly code: 'queue'; readonly queue: string }
  | { readonly code: 'manager'; readonly manager: string };

export function refuse(code: Refused['code'], attempt: Attempt, why: WhyRefused): Refused {
  return { kind: 'refused', code, attempt, why };
}

/** An object that was changed since the plan was made. */
export function refuseChanged(attempt: Attempt, planned: number, found = 0): Refused | undefined {
  return planned === found ? undefined : refuse('conflict', attempt, { code: 'changed', found, planned });
}

/** The attempts by name, from what a move names. */
export function placing({ id }: TaskRef, node: string): Attempt {
  return { act: 'place', task: id, node };
}

export function resizing(task: string): Attempt {
  return { act: 'resize', task };
}

export function acting(act: OwnerAct, { kind, namespace, name }: OwnerRef): Attempt {
  return { act, owner: { kind, namespace, name } };
}
