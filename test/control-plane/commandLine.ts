import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestCluster } from './cluster.ts';

const CLI = join(import.meta.dirname, '../../src/cli/main.ts');

/** Runs the command line in a folder to its end, however that comes. */
export async function stowage(
  home: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ output: string; status: number | null; signal: NodeJS.Signals | null }> {
  const child = spawn(process.execPath, [CLI, ...words], {
    cwd: home,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const [said, complained, [status, signal]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { output: said + complained, status, signal };
}

/** A user's folder, which goes with the cluster. */
export function homeIn(test: TestCluster, name: string): string {
  const path = join(test.directory, name);
  mkdirSync(path, { recursive: true });
  return path;
}
