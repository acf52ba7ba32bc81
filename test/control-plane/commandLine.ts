import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Plan } from '../../src/core/plan/plan.ts';
import type { TestCluster } from './cluster.ts';

const CLI = join(import.meta.dirname, '../../src/cli/main.ts');

/** Runs the command line in a folder to its end, however that comes. The kubeconfig of the folder's plan is its user's own. */
export async function stowage(
  home: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ output: string; status: number | null; signal: NodeJS.Signals | null }> {
  const child = spawn(process.execPath, [CLI, ...words], {
    cwd: home,
    env: { ...process.env, ...ownKubeconfig(home), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const [said, complained, [status, signal]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { output: said + complained, status, signal };
}

function ownKubeconfig(home: string): { readonly KUBECONFIG?: string } {
  const plan = join(home, 'plan.json');
  const { target } = existsSync(plan) ? (JSON.parse(readFileSync(plan, 'utf8')) as Partial<Plan>) : {};
  return target?.kind === 'kubernetes' && target.kubeconfig !== undefined ? { KUBECONFIG: target.kubeconfig } : {};
}

/** A user's folder, which goes with the cluster. */
export function homeIn(test: TestCluster, name: string): string {
  const path = join(test.directory, name);
  mkdirSync(path, { recursive: true });
  return path;
}
