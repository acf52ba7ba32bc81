import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/**
 * Runs a program to its end, and resolves to what it printed.
 * @throws Error with what it complained about, when its status is not 0
 */
export async function run(program: string, words: readonly string[], stdin = ''): Promise<string> {
  const child = spawn(program, words);
  child.stdin.on('error', () => {}); // it may end without having read everything
  child.stdin.end(stdin);
  const [output, complaint, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  if (status !== 0) throw new Error(complaint.trim() || `${program} ${words[0]} ended with status ${status}`);
  return output;
}
