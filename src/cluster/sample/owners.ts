import type { FinishedTask } from '../../core/model/finished.ts';
import { NO_RESOURCES } from '../../core/model/resources.ts';
import type { Owner, Task, TaskParameters } from '../../core/model/task.ts';
import type { Pin } from '../port.ts';
import { poolConstraints, type Service } from './hosts.ts';
import { taskName } from './names.ts';
import { usedOf } from './usage.ts';
import type { Run } from './workload.ts';
import { addLive, type LiveOwner, type LiveTask, type World } from './world.ts';

/** The Job of a run, before it has any task. */
export function ownerOfRun(seed: number, run: Run): LiveOwner {
  const { habit, creator, use } = run.recurring;
  const name = `${habit.name}-${run.key}`;
  const { type, framework, checkpointSeconds } = habit;
  const gpuCount = Math.ceil(run.request.gpuMilli / 1000);
  return {
    key: `${habit.namespace}/${name}`,
    namespace: habit.namespace,
    name,
    uid: `job-${seed}-${run.key}`,
    kind: 'Job',
    generation: 1,
    suspended: false,
    pin: { kind: 'none' },
    template: {
      labels: {
        'job-name': name,
        'stowage.dev/creator': creator,
        'stowage.dev/type': type,
        'stowage.dev/framework': framework,
      },
      gpuCount,
      ...(gpuCount > 0 && { gpuResource: 'nvidia.com/gpu' }),
      request: run.request,
      qosClass: run.request.gpuMilli >= 1000 ? 'Guaranteed' : 'Burstable',
      parameters: parametersOf(run),
      constraints: poolConstraints(run.recurring.habit.pool),
      priority: 0,
      endless: false,
      runtimeLimitSeconds: habit.limitSeconds,
    },
    use,
    ...(checkpointSeconds !== undefined && { checkpointSeconds }),
    run,
    members: Array.from({ length: habit.parallelism }, () => ({
      workSeconds: run.runtimeSeconds,
      savedSeconds: 0,
      lives: 0,
      done: false,
    })),
  };
}

/** The Deployment of a service, before it has any task. */
export function ownerOfService(seed: number, service: Service): LiveOwner {
  const { name, namespace, creator, replicas, request, use } = service;
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    uid: `deployment-${seed}-${name}`,
    kind: 'Deployment',
    generation: 1,
    suspended: false,
    pin: { kind: 'none' },
    template: {
      labels: { app: name },
      gpuCount: 0,
      request,
      qosClass: 'Burstable',
      parameters: { creator, type: 'service', name },
      constraints: {},
      priority: 1000,
      endless: true,
    },
    use: { ...use, gpu: 0 },
    members: Array.from({ length: replicas }, () => ({
      workSeconds: Number.POSITIVE_INFINITY,
      savedSeconds: 0,
      lives: 0,
      done: false,
    })),
  };
}

/** A new pending task of an owner, one more life of that member. */
export function addTask(world: World, owner: LiveOwner, index: number, gated: boolean): LiveTask {
  const member = owner.members[index]!;
  member.lives += 1;
  const uid = `${owner.uid}-${index}-${member.lives}`;
  const name = taskName(owner.name, owner.members.length > 1 ? index : undefined, uid);
  const { template, checkpointSeconds } = owner;
  const checkpoint = { location: `s3://checkpoints/${owner.namespace}/${owner.name}` };
  const task: Task = {
    ...template,
    id: `${owner.namespace}/${name}`,
    uid,
    namespace: owner.namespace,
    name,
    owner: ownerOf(owner),
    phase: 'pending',
    allocation: owner.allocation ?? template.request,
    desired: owner.allocation ?? template.request,
    constraints: pinned(template.constraints, owner.pin),
    createdAtSeconds: world.nowSeconds,
    gated,
    infrastructure: false,
    ...(checkpointSeconds !== undefined && { checkpoint }),
    generation: 1,
    problems: [],
  };
  member.taskId = task.id;
  return addLive(world, { task, owner, member: index, use: owner.use, granted: NO_RESOURCES });
}

/** What an owner looks like to its tasks' readers. */
export function ownerOf({ kind, name, uid, generation, members, suspended }: LiveOwner): Owner {
  const apiVersion = kind === 'Job' ? 'batch/v1' : 'apps/v1';
  const parallelism = kind === 'Job' ? members.filter(({ done }) => !done).length : members.length;
  return { kind, apiVersion, name, uid, generation, parallelism, suspended };
}

/** A row of history. */
export function finishedTask(id: string, run: Run, startedAtSeconds: number, endedAtSeconds: number): FinishedTask {
  const { request, submittedAtSeconds, outcome } = run;
  return {
    id,
    parameters: parametersOf(run),
    request,
    size: request.gpuMilli > 0 ? request.gpuMilli / 1000 : request.milliCpu / 1000,
    submittedAtSeconds,
    startedAtSeconds,
    endedAtSeconds,
    outcome,
    meanUsage: usedOf(request, request, run.recurring.use),
  };
}

/** The constraints, narrowed to one node: every affinity term gains the node's name. */
export function onlyOn(constraints: Task['constraints'], node: string): Task['constraints'] {
  const terms = constraints.nodeAffinity ?? [{ expressions: [], fields: [] }];
  const field = { key: 'metadata.name', operator: 'In', values: [node] } as const;
  return {
    ...constraints,
    nodeAffinity: terms.map(({ expressions, fields }) => ({ expressions, fields: [...fields, field] })),
  };
}

function pinned(constraints: Task['constraints'], pin: Pin): Task['constraints'] {
  return pin.kind === 'required' ? onlyOn(constraints, pin.node) : constraints;
}

function parametersOf({ recurring: { habit, creator }, dataScale }: Run): TaskParameters {
  const { name, type, framework, namespace } = habit;
  return { creator, type, framework, dataScale, name, queue: namespace };
}
