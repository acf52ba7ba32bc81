import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { run } from '../run.ts';
import type { Json } from './admin.ts';
import { jsonLines } from './jsonLines.ts';
import type { Signal, SignalName } from './roundPlan.ts';

const CLI = join(import.meta.dirname, '../../../dist/cli.js');

/** Waits so short that a round meets their ends. */
const SETTINGS = [
  ...['migration.retryMinutes=6s', 'migration.giveUpAfterMinutes=12s', 'resizing.expandRetryMinutes=6s'],
  ...['resizing.expandGiveUpAfterMinutes=12s', 'resizing.shrinkRetryMinutes=6s'],
  'resizing.shrinkGiveUpAfterMinutes=12s',
].flatMap((setting) => ['--setting', setting]);

/** One command from its start to its end. */
export type Ran = {
  readonly machine: string;
  readonly words: readonly string[];
  readonly output: string;
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What was sent to it while it ran. */
  readonly sent?: SignalName;
};

/** A user's machine: a folder with a kubeconfig, in which the built command line runs. */
export class Machine {
  readonly home: string;
  readonly name: string;
  readonly authorization: string;
  /** What was sent to each process that runs. */
  readonly #running = new Map<ChildProcess, SignalName | undefined>();
  #runs = 0;

  constructor(folder: string, name: string, kubeconfig: object, token: string) {
    this.home = join(folder, name);
    this.name = name;
    this.authorization = `Bearer ${token}`;
    mkdirSync(this.home, { recursive: true });
    writeFileSync(this.kubeconfig, JSON.stringify(kubeconfig));
  }

  get kubeconfig(): string {
    return join(this.home, 'kubeconfig.json');
  }

  get isBusy(): boolean {
    return this.#running.size > 0;
  }

  /** Runs one command to its end, however that comes; its output is kept in the folder. */
  async run(words: readonly string[], signal?: Signal): Promise<Ran> {
    const child = spawn(process.execPath, [CLI, ...words, ...(words[0] === 'plan' ? [] : SETTINGS)], {
      cwd: this.home,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    this.#running.set(child, undefined);
    const timer = signal && setTimeout(() => this.#send(child, signal.name), signal.afterMilliseconds);
    const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    const [said, complained, [status, by]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    clearTimeout(timer);
    const sent = this.#running.get(child);
    this.#running.delete(child);
    const output = said + complained;
    this.#runs += 1;
    writeFileSync(
      join(this.home, `output-${this.#runs}.txt`),
      `$ stowage ${words.join(' ')}\n${output}\n${status ?? by}\n`,
    );
    return { machine: this.name, words, output, status, signal: by, ...(sent && { sent }) };
  }

  /** Ends what still runs, as a user does who waits no longer. */
  stop(): void {
    for (const child of this.#running.keys()) this.#send(child, 'SIGKILL');
  }

  #send(child: ChildProcess, name: SignalName): void {
    if (child.kill(name)) this.#running.set(child, name);
  }

  /** Loses the journal and all else that Stowage keeps in the folder. */
  forget(): void {
    rmSync(join(this.home, '.stowage'), { recursive: true, force: true });
  }

  /** The last state of each move in the journal that is there now, with the code of its reason where it has one. */
  states(): { readonly planId: string; readonly move: Json; readonly kind: string; readonly why?: string }[] {
    const entries = jsonLines<Json>(join(this.home, '.stowage', 'journal.jsonl'));
    const last = new Map(
      entries.flatMap(({ planId, moveId, state }) => (state ? [[`${planId} ${moveId}`, state]] : [])),
    );
    return entries.flatMap(({ planId, moves }) =>
      (moves ?? []).map((move: Json) => {
        const { kind = 'planned', reason } = last.get(`${planId} ${move['id']}`) ?? {};
        return { planId, move, kind, ...(reason && { why: whyOf(reason) }) };
      }),
    );
  }
}

/** The code of a reason, and of what it says is stale or refused. */
function whyOf({ code, stale, refused }: Json): string {
  const inner = stale?.[0] ?? refused;
  return [code, inner?.code].filter(Boolean).join(' ');
}

/** The exit codes that `stowage apply --help` names. */
export async function documentedExitCodes(): Promise<ReadonlySet<number>> {
  const help = await run(process.execPath, [CLI, 'apply', '--help']);
  const paragraph = /Exit codes? [\s\S]*/.exec(help)?.[0] ?? '';
  const codes = [...paragraph.matchAll(/(\d+)(?=:)/g)].map(([, code]) => Number(code));
  if (codes.length === 0) throw new Error(`"stowage apply --help" names no exit codes:\n${help}`);
  return new Set(codes);
}
