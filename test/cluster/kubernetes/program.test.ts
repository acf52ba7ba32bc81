import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  ProgramEndless,
  ProgramSlow,
  type RunOptions,
  runProgram,
} from '../../../src/cluster/kubernetes/api/program.ts';

/** Groups of processes are POSIX. */
const describeGroups = process.platform === 'win32' ? describe.skip : describe;

describeGroups('a program for credentials', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stowage-program-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const options: RunOptions = { env: process.env, limitMilliseconds: 20_000, mostCharacters: 2 ** 20 };
  const shell = (script: string, more: Partial<RunOptions> = {}) =>
    runProgram('sh', ['-c', script], { ...options, env: { ...process.env, FOLDER: folder }, ...more });
  /** Notes its child's id, so that the test can look for it. */
  const CHILD = 'sleep 300 & echo $! > "$FOLDER/pid";';
  const child = () => Number(readFileSync(join(folder, 'pid'), 'utf8'));
  async function begun(): Promise<void> {
    while (!existsSync(join(folder, 'pid')) || child() === 0) await pause(50);
  }

  async function isGone(pid: number): Promise<boolean> {
    for (let tries = 0; tries < 250; tries += 1) {
      if (!isAlive(pid)) return true;
      await pause(100);
    }
    return false;
  }

  it('that ends has its status and what it printed', async () => {
    assert.deepEqual(await shell('echo out; echo err >&2; exit 3'), { status: 3, output: 'out\n', complaint: 'err\n' });
  });

  for (const [how, script] of [
    ['waits for a child', `${CHILD} wait`],
    ['ignores every signal that can be ignored', `trap "" TERM INT HUP; ${CHILD} while :; do wait; done`],
  ] as const) {
    it(`that ${how} is ended with all that it started once its time is over`, async () => {
      const started = Date.now();
      await assert.rejects(shell(script, { limitMilliseconds: 1500 }), ProgramSlow);
      assert.ok(Date.now() - started < 10_000);
      assert.ok(await isGone(child()));
    });
  }

  it('that leaves a child behind which holds its output is not waited for, and the child is ended', async () => {
    const started = Date.now();
    assert.deepEqual(await shell(`${CHILD} echo token`), { status: 0, output: 'token\n', complaint: '' });
    assert.ok(Date.now() - started < 10_000);
    assert.ok(await isGone(child()));
  });

  it('that prints without end, on either stream, is ended', async () => {
    await assert.rejects(shell(`${CHILD} yes`), ProgramEndless);
    assert.ok(await isGone(child()));
    await assert.rejects(shell('yes >&2'), ProgramEndless);
  });

  it('that nobody wants any more is ended', async () => {
    const stop = new AbortController();
    const run = shell(`${CHILD} wait`, { signal: stop.signal });
    await begun();
    stop.abort(new Error('enough'));
    await assert.rejects(run, /enough/);
    assert.ok(await isGone(child()));
    await assert.rejects(shell('true', { signal: stop.signal }), /enough/);
  });

  it('that is not there is told by the system’s code', async () => {
    await assert.rejects(runProgram('stowage-no-such-program', [], options), { code: 'ENOENT' });
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`does not outlive the command that a ${signal} ends`, async () => {
      const file = resolve('src/cluster/kubernetes/api/program.ts');
      const script = `import { runProgram } from ${JSON.stringify(file)};
await runProgram('sh', ['-c', process.env.SCRIPT], { env: process.env, limitMilliseconds: 60000, mostCharacters: 10 });`;
      const env = { ...process.env, FOLDER: folder, SCRIPT: `${CHILD} wait` };
      const command = spawn(process.execPath, ['--input-type=module', '-e', script], { env, stdio: 'inherit' });
      const ended = new Promise((done) => command.once('exit', (_, by) => done(by)));
      await begun();
      command.kill(signal);
      assert.equal(await ended, signal);
      assert.ok(await isGone(child()));
    });
  }
});

/** A container's first process may leave those that it did not start unreaped: these do not count. */
function isAlive(pid: number): boolean {
  assert.ok(pid > 0);
  try {
    process.kill(pid, 0);
    const stat = `/proc/${pid}/stat`;
    return !existsSync(stat) || !/\) Z /.test(readFileSync(stat, 'utf8'));
  } catch {
    return false;
  }
}
