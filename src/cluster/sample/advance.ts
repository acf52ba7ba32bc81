import { submitRun } from './scheduler.ts';
import { BEGIN_SECONDS, runsSubmitted } from './workload.ts';
import type { World } from './world.ts';

const HOUR = 3600;

/** Lets time pass: tasks arrive, start, end; nodes go and come; what was asked for is done. Never goes back. */
export function advance(world: World, toSeconds: number): void {
  while (BEGIN_SECONDS + world.nextHour * HOUR <= toSeconds) {
    const runs = runsSubmitted(world.seed, world.recurring, world.nextHour);
    advanceEvents(world, BEGIN_SECONDS + world.nextHour * HOUR);
    for (const run of runs) world.events.push(run.submittedAtSeconds, () => submitRun(world, run));
    world.nextHour += 1;
  }
  advanceEvents(world, toSeconds);
}

function advanceEvents(world: World, toSeconds: number): void {
  while (world.events.nextSeconds() <= toSeconds) {
    world.nowSeconds = Math.max(world.nowSeconds, world.events.nextSeconds());
    world.events.pop()!();
  }
  world.nowSeconds = Math.max(world.nowSeconds, toSeconds);
}
