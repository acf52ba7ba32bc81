import { type Random, randomIndex } from '../../src/core/model/random.ts';
import type { FilterQuestion } from './upstream.ts';

/** Nodes of each random cluster. */
export const NODES = 8;

/** A random pod, and a random cluster to place it in: small vocabularies, so that rules meet what they speak of. */
export function randomQuestion(random: Random): FilterQuestion {
  const names = Array.from({ length: NODES }, (_, index) => `n${index}`);
  const claimed = chance(random, 0.15);
  return {
    nodes: names.map((name) => randomNode(random, name)),
    pods: Array.from({ length: randomIndex(random, 14) }, (_, index) =>
      randomPod(random, `old-${index}`, pick(random, names)),
    ),
    pod: newPod(random, names, claimed),
    namespaces: NAMESPACES.map((name, index) => ({
      metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...(index > 0 && { team: 'a' }) } },
    })),
    ...volumesOf(random, claimed),
  };
}

export const NAMESPACES = ['default', 'one', 'two'];
const ZONES = ['z1', 'z2', 'z3'];
const APPS = ['web', 'db', 'cache'];

function randomNode(random: Random, name: string): object {
  const taint = () => ({
    key: pick(random, ['dedicated', 'gpu']),
    value: pick(random, ['', 'ml']),
    effect: pick(random, ['NoSchedule', 'NoExecute', 'PreferNoSchedule']),
  });
  return {
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        ...(chance(random, 0.85) && { zone: pick(random, ZONES) }),
        ...(chance(random, 0.6) && { disk: pick(random, ['ssd', 'hdd']) }),
        ...(chance(random, 0.5) && { cores: pick(random, ['4', '16', '064', '-3', 'many']) }),
      },
    },
    spec: {
      unschedulable: chance(random, 0.06),
      taints: chance(random, 0.25) ? [taint(), ...(chance(random, 0.3) ? [taint()] : [])] : [],
    },
    status: {
      allocatable: {
        cpu: pick(random, ['2', '4', '7500m']),
        memory: pick(random, ['2Gi', '4Gi', '8Gi']),
        pods: pick(random, ['2', '3', '110']),
        ...(chance(random, 0.5) && { 'nvidia.com/gpu': pick(random, ['1', '4']) }),
        ...(chance(random, 0.4) && { 'huawei.com/Ascend910': '8' }),
        ...(chance(random, 0.5) && { 'ephemeral-storage': '10Gi' }),
      },
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}

function randomPod(
  random: Random,
  name: string,
  nodeName?: string,
): { metadata: object; spec: Record<string, unknown> } {
  return {
    metadata: {
      name,
      namespace: pick(random, NAMESPACES),
      labels: chance(random, 0.8) ? { app: pick(random, APPS), ...(chance(random, 0.3) && { tier: 'x' }) } : {},
      ...(nodeName !== undefined && chance(random, 0.1) && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    },
    spec: {
      ...(nodeName !== undefined && { nodeName }),
      containers: [
        {
          name: 'main',
          resources: {
            requests: {
              ...(chance(random, 0.7) && { cpu: pick(random, ['100m', '500m', '1', '2']) }),
              ...(chance(random, 0.6) && { memory: pick(random, ['256Mi', '1Gi', '2Gi']) }),
              ...(chance(random, 0.15) && { 'nvidia.com/gpu': pick(random, ['1', '2']) }),
              ...(chance(random, 0.1) && { 'huawei.com/Ascend910': pick(random, ['2', '8']) }),
              ...(chance(random, 0.1) && { 'ephemeral-storage': pick(random, ['1Gi', '6Gi']) }),
            },
          },
          ports: chance(random, 0.35) ? [randomPort(random)] : [],
        },
      ],
      affinity: {
        ...(chance(random, nodeName === undefined ? 0 : 0.2) && {
          podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [randomTerm(random)] },
        }),
      },
    },
  };
}

/** The pod that is asked for has rules of one or two sorts, so that no rule hides all others. */
function newPod(random: Random, names: readonly string[], claimed: boolean): object {
  const pod = randomPod(random, 'new');
  const rules: Record<string, () => Record<string, unknown>> = {
    nodeSelector: () => ({ nodeSelector: pick(random, [{ zone: pick(random, ZONES) }, { disk: 'ssd' }]) }),
    nodeAffinity: () => ({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: several(random, 2, () => randomNodeTerm(random)),
          },
        },
      },
    }),
    podAffinity: () => ({
      affinity: {
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: several(random, 2, () => randomTerm(random)) },
      },
    }),
    podAntiAffinity: () => ({
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: several(random, 2, () => randomTerm(random)),
        },
      },
    }),
    spread: () => ({ topologySpreadConstraints: several(random, 2, () => randomSpread(random)) }),
    nodeName: () => ({ nodeName: pick(random, names) }),
    nothing: () => ({}),
  };
  const kinds = Object.keys(rules).filter((kind) => kind !== 'nodeName' || chance(random, 0.4));
  const chosen = [pick(random, kinds), ...(chance(random, 0.4) ? [pick(random, kinds)] : [])];
  const parts = chosen.map((kind) => rules[kind]!());
  const affinity = Object.assign({}, ...parts.map((part) => part['affinity'] ?? {}));
  return {
    ...pod,
    spec: {
      ...pod.spec,
      ...Object.assign({}, ...parts),
      affinity,
      tolerations: chance(random, 0.5) ? several(random, 2, () => randomToleration(random)) : [],
      ...(claimed && {
        volumes: [
          { name: 'v0', persistentVolumeClaim: { claimName: 'claim-0' } },
          { name: 'v1', persistentVolumeClaim: { claimName: 'claim-1' } },
        ],
      }),
    },
  };
}

/** Two bound volumes that only some nodes reach, in every namespace the pod may be in. */
function volumesOf(random: Random, claimed: boolean) {
  const volumes = claimed ? [0, 1] : [];
  return {
    persistentVolumes: volumes.map((index) => ({
      metadata: { name: `volume-${index}` },
      spec: { nodeAffinity: { required: { nodeSelectorTerms: several(random, 2, () => randomLabelTerm(random)) } } },
    })),
    persistentVolumeClaims: volumes.flatMap((index) =>
      NAMESPACES.map((namespace) => ({
        metadata: { name: `claim-${index}`, namespace, annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
        spec: { volumeName: `volume-${index}` },
      })),
    ),
  };
}

function randomNodeTerm(random: Random): object {
  const named = { matchFields: [{ key: 'metadata.name', operator: pick(random, ['In', 'NotIn']), values: ['n1'] }] };
  if (chance(random, 0.05)) return {};
  return { ...(chance(random, 0.85) && randomLabelTerm(random)), ...(chance(random, 0.15) && named) };
}

function randomLabelTerm(random: Random): object {
  const requirements = [
    { key: 'zone', operator: pick(random, ['In', 'NotIn']), values: several(random, 2, () => pick(random, ZONES)) },
    { key: pick(random, ['zone', 'disk', 'rack']), operator: pick(random, ['Exists', 'DoesNotExist']) },
    { key: 'cores', operator: pick(random, ['Gt', 'Lt']), values: [pick(random, ['3', '16', '-5'])] },
  ];
  return { matchExpressions: several(random, 2, () => pick(random, requirements)) };
}

function randomTerm(random: Random): object {
  return {
    topologyKey: pick(random, ['zone', 'kubernetes.io/hostname', 'disk']),
    ...(chance(random, 0.92) && { labelSelector: randomSelector(random) }),
    ...(chance(random, 0.2) && { namespaces: [pick(random, NAMESPACES)] }),
    ...(chance(random, 0.25) && {
      namespaceSelector: pick(random, [{}, { matchLabels: { team: 'a' } }, { matchLabels: { team: 'b' } }]),
    }),
  };
}

function randomSelector(random: Random): object {
  if (chance(random, 0.08)) return {};
  const app = pick(random, APPS);
  return pick(random, [
    { matchLabels: { app } },
    { matchExpressions: [{ key: 'app', operator: pick(random, ['In', 'NotIn']), values: [app, pick(random, APPS)] }] },
    { matchExpressions: [{ key: 'tier', operator: pick(random, ['Exists', 'DoesNotExist']) }] },
  ]);
}

function randomSpread(random: Random): object {
  return {
    maxSkew: 1 + randomIndex(random, 2),
    topologyKey: pick(random, ['zone', 'kubernetes.io/hostname', 'disk']),
    whenUnsatisfiable: pick(random, ['DoNotSchedule', 'DoNotSchedule', 'ScheduleAnyway']),
    ...(chance(random, 0.95) && { labelSelector: randomSelector(random) }),
    ...(chance(random, 0.3) && { minDomains: 1 + randomIndex(random, 4), whenUnsatisfiable: 'DoNotSchedule' }),
    ...(chance(random, 0.3) && { nodeAffinityPolicy: pick(random, ['Honor', 'Ignore']) }),
    ...(chance(random, 0.3) && { nodeTaintsPolicy: pick(random, ['Honor', 'Ignore']) }),
  };
}

function randomToleration(random: Random): object {
  return pick(random, [
    { operator: 'Exists' },
    { key: 'dedicated', operator: 'Exists' },
    { key: 'gpu', value: 'ml' },
    { key: 'dedicated', operator: 'Equal', value: '', effect: 'NoSchedule' },
    { key: 'gpu', operator: 'Exists', effect: 'NoExecute' },
    { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
  ]);
}

function randomPort(random: Random): object {
  return {
    containerPort: 80,
    hostPort: pick(random, [80, 81]),
    ...(chance(random, 0.4) && { hostIP: pick(random, ['0.0.0.0', '10.0.0.1', '10.0.0.2']) }),
    ...(chance(random, 0.3) && { protocol: 'UDP' }),
  };
}

function several<Value>(random: Random, most: number, make: () => Value): Value[] {
  return Array.from({ length: 1 + randomIndex(random, most) }, make);
}

export function chance(random: Random, probability: number): boolean {
  return random() < probability;
}

export function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[randomIndex(random, values.length)]!;
}
