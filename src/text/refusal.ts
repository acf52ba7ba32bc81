import type { Attempt, Refused, ServerRefusal, Steering, WhyRefused } from '../cluster/refused.ts';
import { amount, amountsApart, number, plural, resourceTitle } from './format.ts';

/** Every sentence about what a cluster refuses: what failed on which object, why with numbers, and what to do. */

/** "Cannot resize team/train: its CPU must stay above 0. Choose a larger amount." */
export function describeRefusedAct({ attempt, why }: Refused): string {
  return `${describeAttempt(attempt)}: ${describeWhy(why)}`;
}

function describeAttempt(attempt: Attempt): string {
  switch (attempt.act) {
    case 'place':
      return `Cannot place ${attempt.task} on ${attempt.node}`;
    case 'resize':
      return `Cannot resize ${attempt.task}`;
    case 'eraseTraces':
      return `Cannot take the traces off ${ownerTitle(attempt.object)}`;
    case 'suspend':
      return `Cannot suspend ${ownerTitle(attempt.owner)}`;
    case 'resume':
      return `Cannot resume ${ownerTitle(attempt.owner)}`;
    case 'release':
      return `Cannot take the record of a move off ${ownerTitle(attempt.owner)}`;
  }
}

function ownerTitle({ kind, namespace, name }: Extract<Attempt, { owner: unknown }>['owner']): string {
  return `${kind} ${namespace}/${name}`;
}

/** Why, and what to do, as the rest of a sentence that began with what was tried. */
function describeWhy(why: WhyRefused): string {
  switch (why.code) {
    case 'gone':
      return 'it is gone. Plan again.';
    case 'replaced':
      return 'it is gone, and another of the same name has taken its place. Plan again.';
    case 'changed':
      return `it was changed since the plan was made (generation ${number(why.found)}, planned at ${number(why.planned)}). Plan again.`;
    case 'ended':
      return 'it is ending, or has ended. Plan again.';
    case 'right':
      return `you have no right to ${why.missing} in ${why.namespace}. ${ASK_FOR_RIGHT}`;
    case 'noNode':
      return `there is no node ${why.node}. Plan again.`;
    case 'runsOn':
      return `it already runs on ${why.node}. Plan again.`;
    case 'notGated':
      return `${NOT_GATED}. Create tasks with that gate to have them placed here.`;
    case 'notRunning':
      return `it is ${why.phase}; only running tasks are resized. Plan again.`;
    case 'fixedResource':
      return `its ${resourceTitle(why.resource)} cannot change while it runs; only CPU and memory can. Migrate it instead.`;
    case 'bestEffort':
      return `${BEST_EFFORT}. Give its template requests.`;
    case 'notPositive':
      return `its ${resourceTitle(why.resource)} must stay above 0. Choose a larger amount.`;
    case 'belowFloor':
      return `its init containers, sidecars and overhead ask for ${amount(why.resource, why.least)}. Choose no smaller amount.`;
    case 'restarts':
      return `container ${why.container} restarts when its ${resourceTitle(why.resource)} changes (resizePolicy RestartContainer), which would lose its work. Migrate it instead, or change the policy in its template.`;
    case 'notRequested':
      return `none of its containers requests ${resourceTitle(why.resource)}, and a request that is added cannot be taken away. Give its template one.`;
    case 'containerNeeds': {
      const [needed, left] = [why.needed, why.left].map((each) => amount(why.resource, each, 3));
      return `its container ${why.container} needs ${needed} and would be left ${left}. Choose a larger amount.`;
    }
    case 'limitAbove': {
      const [limit, most] = [why.limit, why.most].map((each) => amount(why.resource, each, 3));
      return `its container ${why.container} has a limit of ${limit}, and the pod would have one of ${most} in all. Choose a larger amount.`;
    }
    case 'wouldAdd': {
      const who = why.container === undefined ? 'it' : `its container ${why.container}`;
      return `the server would add requests or limits to ${who}, as a LimitRange or a webhook does, and they cannot be taken away again. State them in its template.`;
    }
    case 'resizedByOther':
      return 'somebody else has changed its amounts since, and they are left as they are.';
    case 'amountsUnknown':
      return 'version 0.1 did not note what each of its containers had. Set its amounts by hand.';
    case 'nodeTooSmall': {
      const [wanted, most] = amountsApart(why.resource, why.requested, why.allocatable);
      return `node ${why.node} has ${most} in all, and ${wanted} is asked for. Choose a smaller amount, or migrate it.`;
    }
    case 'ownerKind':
      return `${onlyJobsMove(why.kind)}. Move it through what steers it.`;
    case 'steered':
      return `${describeSteering(why.by)}. Move it through that instead.`;
    case 'suspended':
      return why.byPlan === undefined
        ? 'somebody has suspended it already. Resume it first.'
        : `another move has suspended it already (plan ${why.byPlan}). Finish or undo that first.`;
    case 'budget':
      return plural(why.tasks, {
        one: `the disruption budget ${why.budget} covers its # running task and allows ${number(why.allowed)} to stop now. Wait, or ask who set the budget.`,
        other: `the disruption budget ${why.budget} covers its # running tasks and allows ${number(why.allowed)} to stop now. Wait, or ask who set the budget.`,
      });
    case 'failsWhenStopped':
      return `its podFailurePolicy fails it when a task exits with ${why.exitCode}, as a stopped one does. Change that rule, or let it end where it is.`;
    case 'stopping':
      return plural(why.tasks, {
        one: '# of its tasks is still being stopped. Try again.',
        other: '# of its tasks are still being stopped. Try again.',
      });
    case 'server': {
      const said = why.message === '' ? `status ${why.status}` : why.message.replace(/\.$/, '');
      return `the server refused it, ${said}. ${SERVER_ADVICE[why.kind]}`;
    }
  }
}

/** Who steers an owner, as a part of a sentence. */
export function describeSteering(by: Steering): string {
  switch (by.code) {
    case 'controller':
      return `it is steered by ${by.kind} ${by.name}`;
    case 'queue':
      return `it waits in Kueue's queue ${by.queue}, which would undo a move`;
    case 'manager':
      return `it is managed by ${by.manager}`;
  }
}

const ASK_FOR_RIGHT = 'Ask an administrator for this right (media/rbac names the roles), or plan without it.';

const SERVER_ADVICE: Readonly<Record<ServerRefusal, string>> = {
  nodeTooSmall: 'The node is too small for it; choose a smaller amount, or migrate it.',
  budget: 'Wait until more of its pods are healthy, then plan again.',
  quota: "The namespace's quota is used up; ask for more, or free some.",
  right: ASK_FOR_RIGHT,
  limitRange: 'A LimitRange of the namespace bounds what a task may ask for; choose an amount within it.',
  podSecurity: "The namespace's Pod Security level does not take such a pod; its template has to change first.",
  policy: 'A policy of this cluster decides that; ask who set it, or plan without the move.',
  forbidden: 'The right may be there, and something else forbids it; ask an administrator, or plan without the move.',
  gone: 'It is gone; plan again.',
  changed: 'It was changed by someone else at the same moment; plan again.',
  qosClass:
    'A resize must keep the quality-of-service class; choose amounts that keep requests and limits related as they are.',
  noResize: 'Its node cannot resize in place; migrate it instead.',
  template: "This server does not let a Job's template change now; resume it without a pin.",
  invalid: 'Plan again; if it stays, this cluster does not allow the move.',
  later: 'The server could not do it now; try again.',
};

/** Clauses that also say beforehand why an act cannot be chosen. */
export const NOT_GATED = "it has no scheduling gate stowage.dev/placement, so the cluster's scheduler places it";
export const BEST_EFFORT = 'it requests nothing (BestEffort), so there is no request to change';

export function onlyJobsMove(kind: string | undefined): string {
  return kind === undefined
    ? 'only a Job can be stopped and resumed elsewhere, and this task has no owner'
    : `only a Job can be stopped and resumed elsewhere, and this is a ${kind}`;
}

/** A right that is missing, as a clause: "the right to patch pods/resize is missing". */
export function missingRightText(missing: string): string {
  return `the right to ${missing} is missing`;
}
