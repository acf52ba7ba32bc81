import type { Node } from '../../core/model/node.ts';
import type { Task } from '../../core/model/task.ts';
import { withNode, withoutNode } from '../../core/place/capacity.ts';
import { saveProgress } from './checkpoints.ts';
import { NODE_AGENT, SPOT_LIFETIME_SECONDS } from './hosts.ts';
import { remove } from './kubelet.ts';
import { addTask } from './owners.ts';
import { schedule } from './scheduler.ts';
import { addLive, type LiveTask, type World } from './world.ts';

const MAINTENANCE_SECONDS = 3600;

/**
 * Node events: a spot node is replaced, one under maintenance is away for an hour; their tasks begin again elsewhere.
 */
export function expectEndOf(world: World, { name, deadline }: Node): void {
  if (!deadline) return;
  world.events.push(deadline.atSeconds, () => {
    const { node } = world.capacity.nodes[world.capacity.indexOf.get(name)!]!;
    const lost = [...world.tasks.values()].filter(({ task }) => task.node === name);
    const agents = lost.filter(({ task }) => task.infrastructure);
    for (const live of lost) {
      if (live.task.phase === 'running') saveProgress(world, live);
      remove(world, live);
    }
    const { deadline: _, ...lasting } = node;
    if (deadline.source === 'expiry') {
      const atSeconds = world.nowSeconds + SPOT_LIFETIME_SECONDS;
      const next: Node = {
        ...lasting,
        uid: `${name}-${world.nowSeconds}`,
        createdAtSeconds: world.nowSeconds,
        deadline: { atSeconds, source: 'expiry' },
      };
      putNode(world, next, agents);
      expectEndOf(world, next);
    } else {
      putNode(world, { ...lasting, ready: false }, []);
      world.events.push(world.nowSeconds + MAINTENANCE_SECONDS, () => {
        putNode(world, lasting, agents);
        schedule(world);
      });
    }
    for (const { owner, member, task } of lost)
      if (owner && !owner.suspended && !task.infrastructure) addTask(world, owner, member, false);
    schedule(world);
  });
}

function putNode(world: World, node: Node, agents: readonly LiveTask[]): void {
  world.capacity = withNode(withoutNode(world.capacity, node.name), node);
  for (const agent of agents) addLive(world, agent);
}

/** What a node runs beside its tasks, from its first moment on. */
export function addAgent(world: World, { name }: Node): void {
  const task: Task = {
    id: `kube-system/node-agent-${name}`,
    uid: `agent-${name}`,
    namespace: 'kube-system',
    name: `node-agent-${name}`,
    labels: { app: 'node-agent' },
    owner: {
      kind: 'DaemonSet',
      apiVersion: 'apps/v1',
      name: 'node-agent',
      uid: 'daemonset-node-agent',
      generation: 1,
      parallelism: 1,
      suspended: false,
    },
    phase: 'running',
    node: name,
    gpuCount: 0,
    request: NODE_AGENT,
    allocation: NODE_AGENT,
    desired: NODE_AGENT,
    qosClass: 'Burstable',
    parameters: { name: 'node-agent' },
    constraints: { tolerations: [{ operator: 'Exists' }] },
    priority: 2_000_001_000,
    createdAtSeconds: world.nowSeconds,
    startedAtSeconds: world.nowSeconds,
    gated: false,
    endless: true,
    infrastructure: true,
    generation: 1,
    problems: [],
  };
  addLive(world, { task, owner: undefined, member: 0, use: { cpu: 0.4, memory: 0.5, gpu: 0 }, granted: NODE_AGENT });
}
