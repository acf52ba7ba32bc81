import { type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir, setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const SOURCE = import.meta.dirname;
const KUBERNETES_VERSION = '1.36.2';
const METRICS_SERVER = 'sigs.k8s.io/metrics-server/cmd/metrics-server@v0.9.0';
const UNUSED_DAYS = 14;

export type Availability =
  | { readonly available: true }
  | { readonly available: false; readonly reason: string; readonly remedy: string };

/** Where the two programs of the test cluster lie once built. */
export type Programs = { readonly cluster: string; readonly metricsServer: string };

/** Whether this machine can build and run the test cluster. Starts `go` once (some 10 ms); builds nothing. */
export function clusterAvailability(): Availability {
  if (process.platform !== 'linux') {
    return {
      available: false,
      reason: `the test cluster runs a kubelet, which needs Linux; this is ${process.platform}`,
      remedy: 'Run it on Linux, for example in a virtual machine or in WSL.',
    };
  }
  const go = goVersion();
  if ('problem' in go) {
    return {
      available: false,
      reason: `the test cluster is built from Kubernetes' sources, which needs Go 1.26 or later: ${go.problem}`,
      remedy: 'Install it from https://go.dev/dl/ and put it on the PATH.',
    };
  }
  return { available: true };
}

/**
 * Builds the programs of the test cluster, once for each state of their sources; at once when they are built already.
 * The first build on a machine downloads some 1 GB and takes several minutes. Several callers, also in several
 * processes, share one build.
 * @param onProgress is told what goes on, in one line each time
 * @throws Error when the cluster is not available here or the build fails, with what Go said
 */
export async function buildCluster(onProgress: (text: string) => void = () => {}): Promise<Programs> {
  const go = goVersion();
  if ('problem' in go) throw new Error(`Cannot build the test cluster: ${go.problem}`);
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'stowage', 'test-cluster');
  const folder = join(cache, fingerprint(go.version));
  await mkdir(cache, { recursive: true });
  if (!existsSync(folder)) {
    await withLock(`${folder}.lock`, onProgress, async () => {
      if (existsSync(folder)) return;
      await build(folder, onProgress);
      await removeUnused(cache);
    });
  }
  await utimes(folder, new Date(), new Date());
  return programsIn(folder);
}

function programsIn(folder: string): Programs {
  return { cluster: join(folder, 'cluster'), metricsServer: join(folder, 'metrics-server') };
}

/** Builds beside the folder and renames at the end, so that a folder that exists is complete. */
async function build(folder: string, onProgress: (text: string) => void): Promise<void> {
  const unfinished = `${folder}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  try {
    const version = 'k8s.io/component-base/version';
    const [major, minor] = KUBERNETES_VERSION.split('.');
    const linking = [
      '-s -w', // no tables for debuggers: a third smaller
      `-X ${version}.gitVersion=v${KUBERNETES_VERSION}`, // else the server calls itself v0.0.0-master
      `-X ${version}.gitMajor=${major} -X ${version}.gitMinor=${minor}`,
    ].join(' ');
    onProgress(`building Kubernetes ${KUBERNETES_VERSION} (several minutes, once)`);
    const output = programsIn(unfinished).cluster;
    await go(['build', '-v', '-buildvcs=false', '-ldflags', linking, '-o', output, '.'], { cwd: SOURCE }, onProgress);
    onProgress('building metrics-server');
    // Its own module: in one with Kubernetes an import would be ambiguous.
    const environment = { ...process.env, GOBIN: unfinished };
    await go(['install', '-v', '-ldflags', '-s -w', METRICS_SERVER], { cwd: unfinished, env: environment }, onProgress);
    await rename(unfinished, folder);
    onProgress('built');
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function go(words: string[], options: SpawnOptions, onProgress: (text: string) => void): Promise<void> {
  const child = spawn('go', words, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
  if (child.pid) setPriority(child.pid, 10); // leave the machine usable
  const said: string[] = [];
  let packages = 0;
  for await (const line of createInterface({ input: child.stderr! })) {
    said.push(line);
    if (line.startsWith('go: downloading')) onProgress(line.slice('go: '.length));
    else if (++packages % 100 === 0) onProgress(`${packages} packages compiled`);
  }
  if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode !== 0) throw new Error(`go ${words[0]} failed:\n${said.slice(-20).join('\n')}`);
}

/** One builder at a time; a lock whose owner is gone is taken over. Should two take over at once, both build: no harm. */
async function withLock(lock: string, onProgress: (text: string) => void, work: () => Promise<void>): Promise<void> {
  for (let waiting = false; ; waiting = true) {
    const file = await open(lock, 'wx').catch(() => undefined);
    if (file) {
      await file.writeFile(String(process.pid));
      await file.close();
      break;
    }
    const owner = Number(await readFile(lock, 'utf8').catch(() => ''));
    if (owner > 0 && !alive(owner)) await rm(lock, { force: true });
    else if (!waiting) onProgress(`waiting for process ${owner}, which builds it`);
    await sleep(500);
  }
  try {
    await work();
  } finally {
    await rm(lock, { force: true });
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A build is 240 MB; those of older sources go once nobody has started them for some time. */
async function removeUnused(cache: string): Promise<void> {
  const oldest = Date.now() - UNUSED_DAYS * 86_400_000;
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    if ((await stat(path)).mtimeMs < oldest) await rm(path, { recursive: true, force: true });
  }
}

/** Names the state of the sources: another one is another build. */
function fingerprint(goVersion: string): string {
  const hash = createHash('sha256').update(`${goVersion} ${METRICS_SERVER} ${KUBERNETES_VERSION}`);
  for (const name of readdirSync(SOURCE).sort()) {
    if (/\.go$|^go\.(mod|sum)$/.test(name)) hash.update(name).update(readFileSync(join(SOURCE, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

/** The version of Go that would build the cluster; Go itself compares it with go.mod and may fetch a newer one. */
function goVersion(): { version: string } | { problem: string } {
  const { error, status, stdout, stderr } = spawnSync('go', ['env', 'GOVERSION'], { cwd: SOURCE, encoding: 'utf8' });
  if (error) return { problem: 'there is no Go on the PATH' };
  return status === 0 ? { version: stdout.trim() } : { problem: stderr.trim() };
}
