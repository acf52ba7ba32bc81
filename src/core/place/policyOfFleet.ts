import { classNumber, type Fleet, fleetOfCapacities } from '../fleet/fleet.ts';
import { classOfRequest, countClasses } from '../fragment/mix.ts';
import { seededRandom } from '../model/random.ts';
import type { Task } from '../model/task.ts';
import type { ClusterCapacity } from './capacity.ts';
import type { Candidates, NodePolicy } from './nodePolicy.ts';
import type { Ask, FleetPolicy } from './policies/fleetPolicy.ts';
import { POLICIES, type PolicyName } from './policies/policies.ts';

/**
 * Scores live nodes by a policy of the replays. Its scores have scales of their own, so that they are stretched over
 * 0…1 between the worst and the best candidate before they are mixed; where all are alike each gets 1. What a policy
 * wants to know of the past it is told once, from the tasks that run: FGD's and `stowage`'s expected mix are their
 * classes.
 */
export function policyOfFleet(name: PolicyName): NodePolicy {
  return (task, candidates) => {
    const { policy, ask, numbers } = openPolicy(name, task, candidates);
    const raw = Float64Array.from(numbers, (node) => policy.score(node, ask));
    return { scores: stretched(raw), explain: (candidate) => policy.explain(numbers[candidate]!, ask).reason };
  };
}

/** Scores brought to 0…1; a node the policy itself would refuse gets 0. */
function stretched(raw: Float64Array): Float64Array {
  const finite = raw.filter(Number.isFinite);
  const low = finite.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY);
  const high = finite.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
  return raw.map((score) => (!Number.isFinite(score) ? 0 : high > low ? (score - low) / (high - low) : 1));
}

function openPolicy(name: PolicyName, task: Task, { capacity, nodes, times, runtime, nowSeconds }: Candidates) {
  const { fleet, policies } = fleetOf(capacity);
  const numbers = nodes.map(({ node }) => capacity.indexOf.get(node.name)!);
  numbers.forEach((node, candidate) => {
    fleet.exitSeconds[node] = nowSeconds + (times[candidate]!.sources.exit ?? 0);
  });
  const policy = policies.get(name) ?? makePolicy(name, fleet, capacity, nowSeconds);
  policies.set(name, policy);
  const ask: Ask = {
    classNumber: classNumber(fleet, classOf(task)),
    memoryBytes: task.allocation.memoryBytes,
    nowSeconds,
    ...(runtime.p50 < Number.POSITIVE_INFINITY && { endSeconds: nowSeconds + runtime.p50 }),
  };
  return { policy, ask, numbers };
}

type Opened = { readonly fleet: Fleet; readonly policies: Map<PolicyName, FleetPolicy> };

/** A `ClusterCapacity` never changes, so its fleet is made once. */
const opened = new WeakMap<ClusterCapacity, Opened>();

function fleetOf(capacity: ClusterCapacity): Opened {
  const known = opened.get(capacity);
  if (known) return known;
  const fleet = fleetOfCapacities(
    capacity.nodes.map(({ node: { name, allocatable, gpuModel } }) => ({
      name,
      milliCpu: allocatable.milliCpu,
      memoryBytes: allocatable.memoryBytes,
      gpuCount: Math.floor(allocatable.gpuMilli / 1000),
      gpuModel,
    })),
    capacity.nodes.map(({ node: { name, gpuModel }, free, gpuFree }) => ({
      name,
      milliCpu: free.milliCpu,
      memoryBytes: free.memoryBytes,
      gpuMilli: gpuFree,
      gpuModel,
    })),
  );
  const made = { fleet, policies: new Map<PolicyName, FleetPolicy>() };
  opened.set(capacity, made);
  return made;
}

function makePolicy(name: PolicyName, fleet: Fleet, capacity: ClusterCapacity, nowSeconds: number): FleetPolicy {
  const running = capacity.nodes.map(({ tasks }) => tasks.filter(({ infrastructure }) => !infrastructure));
  const seen = countClasses(running.flat().map(classOf));
  const policy = POLICIES[name]({ fleet, seen, random: seededRandom(RANKING_SEED) });
  running.forEach((tasks, node) => {
    fleet.tasks[node] = tasks.length;
    fleet.gpuTasks[node] = tasks.filter((task) => task.allocation.gpuMilli > 0).length;
    for (const task of tasks) {
      policy.placed?.(node, {
        classNumber: classNumber(fleet, classOf(task)),
        memoryBytes: task.allocation.memoryBytes,
        nowSeconds,
      });
    }
  });
  return policy;
}

function classOf(task: Task) {
  return classOfRequest(task.allocation, task.gpuCount, task.constraints);
}

/** The same numbers each time: a ranking has no chance in it. */
const RANKING_SEED = 1;
