import { isResources } from './resources.ts';
import { hasFields, isListOf, isName, isNumber, isOneBy, isOneOf, isSeconds, isText } from './shape.ts';
import { isResized } from './stated.ts';

/** The shapes of what `moves.ts` names, as plans and journals keep it. */

export const isTaskRef = hasFields({ id: isName, uid: isName, generation: isNumber }, { node: isName });

const OWNER_NAME = { kind: isName, namespace: isName, name: isName };

export const isOwnerRef = hasFields({ ...OWNER_NAME, uid: isName, generation: isNumber });

const isOwnerName = hasFields(OWNER_NAME);

export const isRunInformation = hasFields(
  { elapsedSeconds: isSeconds, remainingSeconds: isSeconds, lostSeconds: isSeconds, usageSoFar: isResources },
  { checkpoint: isText },
);

/** What the question before a migration says beside it. */
const isWarning = isOneBy('code', { affinityApplied: hasFields({ manager: isName }) });

/** Everything of a move that its execution reads. */
export const isMove = isOneBy('kind', {
  placement: hasFields({ id: isName, task: isTaskRef, to: isName, request: isResources }, { owner: isOwnerName }),
  resize: hasFields(
    {
      ...{ id: isName, task: hasFields({ id: isName, uid: isName, generation: isNumber, node: isName }) },
      ...{ direction: isOneOf('shrink', 'expand'), from: isResources, to: isResources, request: isResources },
    },
    { owner: isOwnerName, takesBack: isResized },
  ),
  migration: hasFields(
    {
      ...{ id: isName, task: isTaskRef, owner: isOwnerRef, from: isName, to: isName },
      ...{ allocation: isResources, run: isRunInformation },
    },
    { others: isListOf(isTaskRef), warnings: isListOf(isWarning) },
  ),
});

/** How a cluster is opened again (`ClusterTarget`). */
export const isClusterTarget = isOneBy('kind', {
  sample: hasFields({ seed: isNumber, directory: isText }),
  kubernetes: hasFields({}, { kubeconfig: isText, context: isText }),
});
