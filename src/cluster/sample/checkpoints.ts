import type { LiveOwner, LiveTask, Member, World } from './world.ts';

/** Work up to the last checkpoint need not be done again; without checkpoints all of this life is lost. */
export function saveProgress(world: World, { task, owner, member: index }: LiveTask): void {
  const member = owner?.members[index];
  if (!member || task.startedAtSeconds === undefined) return;
  const saved = lastCheckpoint(owner!, member, task.startedAtSeconds, world.nowSeconds);
  member.savedSeconds = saved?.savedSeconds ?? 0;
}

/** The latest checkpoint of a running task: how much work it holds, and when it was saved. */
export function lastCheckpoint(
  { checkpointSeconds }: LiveOwner,
  { savedSeconds }: Member,
  startedAtSeconds: number,
  nowSeconds: number,
): { readonly savedSeconds: number; readonly atSeconds: number } | undefined {
  if (checkpointSeconds === undefined) return undefined;
  const since = Math.floor((nowSeconds - startedAtSeconds) / checkpointSeconds) * checkpointSeconds;
  return { savedSeconds: savedSeconds + since, atSeconds: startedAtSeconds + since };
}
