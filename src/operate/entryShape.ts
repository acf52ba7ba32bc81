import { isClusterTarget, isMove, isRunInformation } from '../core/model/moveShape.ts';
import { isWrittenProblem } from '../core/model/problem.ts';
import { isResources } from '../core/model/resources.ts';
import {
  hasFields,
  isAny,
  isFlag,
  isListOf,
  isMapOf,
  isName,
  isNumber,
  isOneBy,
  isOneOf,
  isSeconds,
  isText,
} from '../core/model/shape.ts';
import { isResized } from '../core/model/stated.ts';
import { isEnding, isOutcome, isReason } from './codeShapes.ts';

/** The shapes of the journal's entries: all that is read of them later. What 0.1.0 wrote is of these shapes, too. */

const areTerms = isListOf(hasFields({ expressions: isListOf(isRequirement), fields: isListOf(isRequirement) }));
const isSelector = hasFields({}, { matchLabels: isMapOf(isText), expressions: isListOf(isRequirement) });
const areAffinities = isListOf(
  hasFields(
    { namespaces: isListOf(isText), topologyKey: isText },
    { selector: isSelector, namespaceSelector: isSelector },
  ),
);

function isRequirement(value: unknown): boolean {
  return hasFields({ key: isText, operator: isText, values: isListOf(isText) })(value);
}

const isConstraints = hasFields(
  {},
  {
    ...{ nodeName: isText, nodeSelector: isMapOf(isText), nodeAffinity: areTerms },
    tolerations: isListOf(
      hasFields({}, { key: isText, operator: isText, value: isText, effect: isText, tolerationSeconds: isSeconds }),
    ),
    ...{ podAffinity: areAffinities, podAntiAffinity: areAffinities, volumeAffinity: isListOf(areTerms) },
    topologySpread: isListOf(
      hasFields(
        { maxSkew: isNumber, topologyKey: isText, whenUnsatisfiable: isText },
        { selector: isSelector, minDomains: isNumber, nodeAffinityPolicy: isText, nodeTaintsPolicy: isText },
      ),
    ),
    gpuModels: isListOf(isText),
    hostPorts: isListOf(hasFields({ ip: isText, protocol: isText, port: isNumber })),
  },
);

const isOwner = hasFields(
  { kind: isText, name: isText },
  { apiVersion: isText, uid: isText, generation: isNumber, parallelism: isNumber, suspended: isFlag },
);
const isResizeState = hasFields({ kind: isText, message: isText }, { sinceSeconds: isSeconds });

/** A task as far as a target is checked for it. */
const isSavedTask = hasFields(
  {
    ...{ id: isName, uid: isName, namespace: isName, name: isName, labels: isMapOf(isText) },
    ...{ request: isResources, allocation: isResources, desired: isResources },
    ...{ gpuCount: isNumber, constraints: isConstraints, priority: isNumber },
  },
  {
    ...{ gpuResource: isText, gpuIndex: isNumber, phase: isText, qosClass: isText, node: isText, generation: isNumber },
    ...{
      endless: isFlag,
      infrastructure: isFlag,
      gated: isFlag,
      createdAtSeconds: isSeconds,
      startedAtSeconds: isSeconds,
    },
    ...{
      unschedulableSinceSeconds: isSeconds,
      lastShrunkAtSeconds: isSeconds,
      runtimeLimitSeconds: isSeconds,
      problems: isListOf(isWrittenProblem),
    },
    ...{ owner: isOwner, parameters: isMapOf(isAny(isText, isNumber)) },
    ...{ checkpoint: hasFields({ location: isText }, { savedAtSeconds: isSeconds }), resizeState: isResizeState },
  },
);

const isSavedRun = hasFields(
  { run: isRunInformation, tasks: isListOf(isSavedTask) },
  { allocation: isResources, generation: isNumber, stoppedAtSeconds: isSeconds },
);

const isPin = isOneBy('kind', {
  required: hasFields({ node: isName }),
  preferred: hasFields({ node: isName }),
  none: hasFields({}),
});

const areNeeds = isMapOf(hasFields({ milliCpu: isNumber, memoryBytes: isNumber }));
const WAIT = { sinceSeconds: isSeconds, dueSeconds: isSeconds, reason: isReason };

const FINAL = {
  done: hasFields({ outcome: isOutcome }),
  failed: hasFields({ reason: isReason }, { ending: isEnding }),
  cancelled: hasFields({}),
};

/** How a move has ended, as ledgers keep it, too. */
export const isFinalState = isOneBy('kind', FINAL);

const isState = isOneBy('kind', {
  planned: hasFields({}),
  waiting: hasFields({ ...WAIT, wait: isOneOf('shrink', 'expand', 'target', 'earlier') }),
  placing: hasFields({}),
  binding: hasFields({}, WAIT),
  resizing: hasFields({}, { sinceSeconds: isSeconds, needs: areNeeds }),
  granting: hasFields({ sinceSeconds: isSeconds }, { ...WAIT, resized: isResized }),
  reverting: hasFields({ reason: isReason }, { ...WAIT, resized: isResized }),
  suspending: hasFields({ saved: isSavedRun }, { givenUp: isReason }),
  stopping: hasFields({ saved: isSavedRun }, { givenUp: isReason }),
  stopped: hasFields({ ...WAIT, saved: isSavedRun }),
  resuming: hasFields(
    { saved: isSavedRun, pin: isPin },
    { givenUp: isReason, dueSeconds: isSeconds, reason: isReason },
  ),
  starting: hasFields({ saved: isSavedRun, pin: isPin }, { givenUp: isReason }),
  ...FINAL,
});

const COMMON = { planId: isName, atSeconds: isSeconds };

/** An entry of a journal, its waits and outcomes under the names of now. */
export const isEntry = isOneBy('type', {
  begin: hasFields(
    { ...COMMON, cluster: isName, moves: isListOf(isMove) },
    { target: isClusterTarget, undoes: isName },
  ),
  step: hasFields({ ...COMMON, moveId: isName, state: isState }),
});
