import {
  flag,
  givenFlag,
  givenNumber,
  inlined,
  json,
  type Message,
  many,
  message,
  number,
  one,
  quantities,
  strings,
  text,
  texts,
  time,
} from '../api/wire.ts';

/**
 * What a snapshot reads of the kinds that fill a large cluster, in their binary form. A field that `objects.ts` gains
 * must be named here, too: a test on the real API server holds both forms equal in all that is kept.
 */

const LABEL_SELECTOR = message({
  1: strings('matchLabels'),
  2: many('matchExpressions', message({ 1: text('key'), 2: text('operator'), 3: texts('values') })),
});

const OWNER = message({
  1: text('kind'),
  3: text('name'),
  4: text('uid'),
  5: text('apiVersion'),
  6: givenFlag('controller'),
});

const METADATA_FIELD = {
  1: text('name'),
  2: text('generateName'),
  3: text('namespace'),
  5: text('uid'),
  6: text('resourceVersion'),
  7: number('generation'),
  8: time('creationTimestamp'),
  9: time('deletionTimestamp'),
  11: strings('labels'),
  12: strings('annotations'),
  13: many('ownerReferences', OWNER),
};
const METADATA = message(METADATA_FIELD);

const MANAGED_FIELDS = message({
  1: text('manager'),
  2: text('operation'),
  7: json('fieldsV1'),
  8: text('subresource'),
});

const RESOURCES = message({ 1: quantities('limits'), 2: quantities('requests') });

const CONTAINER = message({
  1: text('name'),
  6: many('ports', message({ 2: number('hostPort'), 4: text('protocol'), 5: text('hostIP') })),
  8: one('resources', RESOURCES),
  23: many('resizePolicy', message({ 1: text('resourceName'), 2: text('restartPolicy') })),
  24: text('restartPolicy'),
});

const TERMINATED = message({ 1: givenNumber('exitCode'), 6: time('finishedAt') });

const CONTAINER_STATUS = message({
  1: text('name'),
  2: one('state', message({ 3: one('terminated', TERMINATED) })),
  10: quantities('allocatedResources'),
  11: one('resources', RESOURCES),
});

const REQUIREMENT = message({ 1: text('key'), 2: text('operator'), 3: texts('values') });
const NODE_TERM = message({ 1: many('matchExpressions', REQUIREMENT), 2: many('matchFields', REQUIREMENT) });
const POD_TERM = message({
  1: one('labelSelector', LABEL_SELECTOR),
  2: texts('namespaces'),
  3: text('topologyKey'),
  4: one('namespaceSelector', LABEL_SELECTOR),
});
const POD_TERMS = message({ 1: many('requiredDuringSchedulingIgnoredDuringExecution', POD_TERM) });

const NODE_AFFINITY = message({
  1: one('requiredDuringSchedulingIgnoredDuringExecution', message({ 1: many('nodeSelectorTerms', NODE_TERM) })),
  2: many(
    'preferredDuringSchedulingIgnoredDuringExecution',
    message({ 1: number('weight'), 2: one('preference', NODE_TERM) }),
  ),
});

const AFFINITY = message({
  1: one('nodeAffinity', NODE_AFFINITY),
  2: one('podAffinity', POD_TERMS),
  3: one('podAntiAffinity', POD_TERMS),
});

const TOLERATION = message({
  1: text('key'),
  2: text('operator'),
  3: text('value'),
  4: text('effect'),
  5: givenNumber('tolerationSeconds'),
});

const SPREAD = message({
  1: number('maxSkew'),
  2: text('topologyKey'),
  3: text('whenUnsatisfiable'),
  4: one('labelSelector', LABEL_SELECTOR),
  5: givenNumber('minDomains'),
  6: text('nodeAffinityPolicy'),
  7: text('nodeTaintsPolicy'),
  8: texts('matchLabelKeys'),
});

const CONDITION = message({
  1: text('type'),
  2: text('status'),
  4: time('lastTransitionTime'),
  5: text('reason'),
  6: text('message'),
  7: number('observedGeneration'),
});

const VOLUME_SOURCE = message({
  10: one('persistentVolumeClaim', message({ 1: text('claimName') })),
  29: one('ephemeral', message({})),
});

const POD_SPEC = message({
  1: many('volumes', message({ 1: text('name'), 2: inlined(VOLUME_SOURCE) })),
  2: many('containers', CONTAINER),
  3: text('restartPolicy'),
  5: givenNumber('activeDeadlineSeconds'),
  7: strings('nodeSelector'),
  10: text('nodeName'),
  18: one('affinity', AFFINITY),
  20: many('initContainers', CONTAINER),
  22: many('tolerations', TOLERATION),
  24: text('priorityClassName'),
  25: givenNumber('priority'),
  32: quantities('overhead'),
  33: many('topologySpreadConstraints', SPREAD),
  38: many('schedulingGates', message({ 1: text('name') })),
  40: one('resources', RESOURCES),
});

const POD_STATUS = message({
  1: text('phase'),
  2: many('conditions', CONDITION),
  7: time('startTime'),
  8: many('containerStatuses', CONTAINER_STATUS),
  9: text('qosClass'),
  10: many('initContainerStatuses', CONTAINER_STATUS),
  17: number('observedGeneration'),
  19: quantities('allocatedResources'),
  20: one('resources', RESOURCES),
});

export const POD_FIELDS: Message = message({
  1: one('metadata', METADATA),
  2: one('spec', POD_SPEC),
  3: one('status', POD_STATUS),
});

const TAINT = message({ 1: text('key'), 2: text('value'), 3: text('effect'), 4: time('timeAdded') });

export const NODE_FIELDS: Message = message({
  1: one('metadata', METADATA),
  2: one('spec', message({ 4: flag('unschedulable'), 5: many('taints', TAINT) })),
  3: one(
    'status',
    message({
      2: quantities('allocatable'),
      4: many(
        'conditions',
        message({
          1: text('type'),
          2: text('status'),
          4: time('lastTransitionTime'),
          5: text('reason'),
          6: text('message'),
        }),
      ),
    }),
  ),
});

export const JOB_FIELDS: Message = message({
  1: one('metadata', message({ ...METADATA_FIELD, 17: many('managedFields', MANAGED_FIELDS) })),
  2: one(
    'spec',
    message({
      1: givenNumber('parallelism'),
      2: givenNumber('completions'),
      3: givenNumber('activeDeadlineSeconds'),
      10: givenFlag('suspend'),
      15: text('managedBy'),
    }),
  ),
});

/** Of a kind of which only its place and its owners matter. */
export const METADATA_FIELDS: Message = message({ 1: one('metadata', METADATA) });
