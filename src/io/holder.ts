import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { hostname } from 'node:os';

/** Who holds a lock: a process in a way that no other can be taken for it, on any machine. */
export type Holder = {
  /** Of this one taking. */
  readonly id: string;
  readonly pid: number;
  /** When the process began, in the system's own words; absent where it does not tell. */
  readonly began?: string;
  readonly host: string;
  /** A digest of the machine's id, the kernel's boot, and the space that numbers its processes; where they are told. */
  readonly machine?: string;
  readonly boot?: string;
  readonly pids?: string;
  readonly sinceSeconds: number;
};

/** `elsewhere`: on another machine, or in another container, where it cannot be looked for. */
export type HolderState = 'runs' | 'gone' | 'elsewhere';

/** This process, as it takes a lock now. */
export function newHolder(): Holder {
  const began = beginning(process.pid)?.began;
  return {
    ...{ id: randomUUID(), pid: process.pid, ...(began !== undefined && { began }) },
    ...{ ...here(), sinceSeconds: Math.floor(Date.now() / 1000) },
  };
}

/** Names who writes in a state directory: the machine, and which directory of it. */
export async function writerOf(directory: string): Promise<string> {
  const { host, machine = '' } = here();
  const where = `${machine} ${host} ${await realpath(directory)}`;
  return `${host}/${createHash('sha256').update(where).digest('hex').slice(0, 12)}`;
}

/** Whether a holder still runs, as far as this machine can tell. */
export function stateOfHolder(holder: Holder): HolderState {
  const own = here();
  const sameBoot = own.boot !== undefined && own.boot === holder.boot;
  if (!sameBoot) {
    if (holder.host !== own.host || holder.machine !== own.machine) return 'elsewhere';
    if (own.boot !== undefined) return 'gone'; // this machine, before it was started again
  }
  if (holder.pids !== own.pids) return 'elsewhere';
  return runs(holder.pid, holder.began) ? 'runs' : 'gone';
}

/**
 * Whether a process may have written a lock that names a process by its number alone, as version 0.1.0 did: it runs what
 * Stowage runs in, and began before.
 */
export function mayHaveWritten(pid: number, atSeconds: number): boolean {
  if (!runs(pid, undefined)) return false;
  const command = fileOr(`/proc/${pid}/cmdline`);
  if (command === undefined) return true;
  const ticks = beginning(pid)?.ticks;
  const boot = /^btime (\d+)$/m.exec(fileOr('/proc/stat') ?? '')?.[1];
  const beganSeconds = ticks === undefined || boot === undefined ? 0 : Number(boot) + ticks / TICKS_A_SECOND;
  return /node|electron|code|codium|stowage/i.test(command) && beganSeconds <= atSeconds + CLOCK_SLACK_SECONDS;
}

/** What Linux counts in on every architecture that Node runs on. */
const TICKS_A_SECOND = 100;
const CLOCK_SLACK_SECONDS = 2;

function runs(pid: number, began: string | undefined): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const found = beginning(pid);
  if (!found) return true; // it is there, and the system tells no more of it
  return !found.over && (began === undefined || found.began === began);
}

/** When a process began; undefined where the system does not tell. `over`: it has ended, and only its number is left. */
function beginning(
  pid: number,
): { readonly began: string; readonly ticks?: number; readonly over: boolean } | undefined {
  if (process.platform === 'linux') {
    // proc_pid_stat(5): the command, which may hold anything, is in parentheses; field 3 is the state, 22 the beginning.
    const stat = fileOr(`/proc/${pid}/stat`);
    const [state, ...fields] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
    const began = fields[18];
    return began === undefined ? undefined : { began, ticks: Number(began), over: state === 'Z' || state === 'X' };
  }
  if (process.platform === 'win32') return undefined;
  try {
    const words = ['-o', 'lstart=', '-p', String(pid)];
    const began = execFileSync('ps', words, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } }).trim();
    return began === '' ? undefined : { began, over: false };
  } catch {
    return undefined;
  }
}

type Place = Pick<Holder, 'host' | 'machine' | 'boot' | 'pids'>;

/** Where this process runs. */
function here(): Place {
  const machine = fileOr('/etc/machine-id')?.trim();
  const boot = fileOr('/proc/sys/kernel/random/boot_id')?.trim();
  const pids = linkOr('/proc/self/ns/pid');
  return {
    host: hostname(),
    // machine-id(5): it is confidential, so a digest for this use stands for it
    ...(machine && { machine: createHash('sha256').update(`stowage ${machine}`).digest('hex').slice(0, 16) }),
    ...(boot && { boot }),
    ...(pids && { pids }),
  };
}

function fileOr(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function linkOr(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch {
    return undefined;
  }
}
