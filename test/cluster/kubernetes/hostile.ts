/** Each way to reach a terminal: title, link, screen, conceal, carriage return, C1, bidi marks, half a character. */
export const HOSTILE =
  'by\u001b]0;PWNED\u0007\u001b[2J\u001b[8m\u009b31m\r\u202elive\u2066x\u200f\u061c\u200bz\ud800\u0085';

const HOSTILE_METADATA = {
  ...{ namespace: 'team', uid: `u${HOSTILE}`, generation: 1, creationTimestamp: '2026-11-01T00:00:00Z' },
  labels: { queue: HOSTILE, user: HOSTILE, 'app.kubernetes.io/name': HOSTILE },
  annotations: Object.fromEntries(
    ['creator', 'type', 'framework', 'data-scale', 'requested-runtime', 'checkpoint', 'move', 'original-request'].map(
      (name) => [`stowage.dev/${name}`, HOSTILE],
    ),
  ),
};

function pod(name: string, nodeName: string | undefined, message: string): object {
  const resources = { requests: { cpu: '1', memory: '1Gi' } };
  return {
    metadata: { ...HOSTILE_METADATA, name, uid: name },
    spec: {
      ...(nodeName && { nodeName }),
      ...(nodeName === undefined && { schedulingGates: [{ name: 'stowage.dev/placement' }] }),
      ...{ schedulerName: HOSTILE, priorityClassName: HOSTILE, nodeSelector: nodeName ? {} : { [HOSTILE]: HOSTILE } },
      containers: [{ name: HOSTILE, image: HOSTILE, resources }],
    },
    status: {
      ...{
        phase: nodeName ? 'Running' : 'Pending',
        startTime: '2026-11-01T00:00:10Z',
        message: HOSTILE,
        reason: HOSTILE,
      },
      conditions: [{ type: 'PodScheduled', status: nodeName ? 'True' : 'False', reason: 'Unschedulable', message }],
    },
  };
}

/** A cluster that says it wherever a text may stand, by the path of each list. */
export const HOSTILE_OBJECTS = {
  '/api/v1/nodes': ['n1', `n${HOSTILE}`].map((name) => ({
    metadata: { ...HOSTILE_METADATA, namespace: undefined, name },
    spec: { taints: [{ key: HOSTILE, value: HOSTILE, effect: 'PreferNoSchedule' }] },
    status: {
      ...{
        allocatable: { cpu: '4', memory: '16Gi', pods: '110' },
        capacity: { cpu: '4', memory: '16Gi', pods: '110' },
      },
      conditions: [{ type: 'Ready', status: 'True', message: HOSTILE }],
    },
  })),
  '/api/v1/pods': [
    pod('pwn-a', undefined, HOSTILE),
    pod(`pwn-b${HOSTILE}`, 'n1', HOSTILE),
    pod('pwn-c', undefined, HOSTILE),
  ],
};
