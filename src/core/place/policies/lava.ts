import type { Fleet } from '../../fleet/fleet.ts';
import type { Ask, FleetPolicy } from './fleetPolicy.ts';
import { bestNode } from './fleetPolicy.ts';
import { bestFitPolicy } from './published.ts';

/** Upper bounds of the lifetime classes 0 … 2, in seconds; class 3 has none (an hour, ten, a hundred). */
const CLASS_BOUNDS = [3600, 36_000, 360_000];
const CLASSES = CLASS_BOUNDS.length + 1;

/** Times the bound of its class after which a node that is still held rises by one class. */
const OVERSTAY = 1.1;

/** Points that a preference is worth: more than all of best fit's 100. */
const PREFERENCE = 1000;

/** A node counts as filled, and is recycled, from this share of its GPUs (or CPU, without GPUs) in use. */
const FILLED = 0.85;

/**
 * Like LAVA (arXiv 2412.09840), from its description. A node has the lifetime class of its first task. While open it
 * takes tasks of that class; once filled it is recycled and takes shorter ones. When all of its class have left, it
 * falls to the longest that remain; when they outstay it, it rises by one. Recycled nodes of a longer class come first,
 * then open ones of the same, others in use, empty ones.
 */
export function lavaPolicy(fleet: Fleet): FleetPolicy {
  const bestFit = bestFitPolicy(fleet);
  const nodeClass = new Int8Array(fleet.nodes.length).fill(-1);
  const sinceSeconds = new Float64Array(fleet.nodes.length);

  function classNow(node: number, nowSeconds: number): number {
    if (fleet.tasks[node] === 0) return -1;
    let current = nodeClass[node]!;
    while (
      current >= 0 &&
      current < CLASSES - 1 &&
      nowSeconds - sinceSeconds[node]! > OVERSTAY * CLASS_BOUNDS[current]!
    ) {
      current += 1;
    }
    return current;
  }

  function preference(node: number, ask: Ask): number {
    if (fleet.tasks[node] === 0) return 0;
    if (ask.endSeconds === undefined) return 1;
    const own = lifetimeClass(ask.endSeconds - ask.nowSeconds);
    const host = classNow(node, ask.nowSeconds);
    if (host > own && filledShare(fleet, node) >= FILLED) return 3;
    return host === own ? 2 : 1;
  }

  const score = (node: number, ask: Ask) => bestFit.score(node, ask) + PREFERENCE * preference(node, ask);
  return {
    ...bestFit,
    name: 'lava',
    score,
    choose: (ask) => bestNode(fleet, (node) => score(node, ask)),
    placed(node, { nowSeconds, endSeconds }) {
      if (fleet.tasks[node] !== 1) return;
      nodeClass[node] = endSeconds === undefined ? CLASSES - 1 : lifetimeClass(endSeconds - nowSeconds);
      sinceSeconds[node] = nowSeconds;
    },
    ended(node, _classNumber, nowSeconds) {
      const remaining = lifetimeClass(fleet.exitSeconds[node]! - nowSeconds);
      if (remaining >= nodeClass[node]!) return;
      nodeClass[node] = remaining;
      sinceSeconds[node] = nowSeconds;
    },
    explain(node, ask) {
      const fit = bestFit.explain(node, ask);
      const level = preference(node, ask);
      const tasks = (['none', 'others', 'same', 'longer'] as const)[level]!;
      return {
        score: score(node, ask),
        parts: { ...fit.parts, preference: level },
        reason: { code: 'lifetimes', tasks, among: fit.reason },
      };
    },
  };
}

function lifetimeClass(seconds: number): number {
  const index = CLASS_BOUNDS.findIndex((bound) => seconds < bound);
  return index < 0 ? CLASSES - 1 : index;
}

function filledShare(fleet: Fleet, node: number): number {
  const { gpuCount, milliCpu } = fleet.nodes[node]!;
  if (gpuCount === 0) return 1 - fleet.freeMilliCpu[node]! / milliCpu;
  const first = node * fleet.gpuStride;
  let free = 0;
  for (let gpu = first; gpu < first + gpuCount; gpu += 1) free += fleet.freeGpuMilli[gpu]!;
  return 1 - free / (1000 * gpuCount);
}
