import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { buildCluster } from './build.ts';
import { run } from './run.ts';

export { type Availability, buildCluster, clusterAvailability } from './build.ts';

/** What a node of the test cluster offers. */
export type NodeShape = {
  readonly name: string;
  readonly milliCpu: number;
  readonly memoryBytes: number;
  /** Whole GPUs, offered as `nvidia.com/gpu`. */
  readonly gpus?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
};

export type ClusterOptions = {
  /** Default: three nodes `node-1` … of 8 cores and 32 GiB. */
  readonly nodes?: readonly NodeShape[];
  /** For all components; how a cluster is made to behave like an older one. */
  readonly featureGates?: Readonly<Record<string, boolean>>;
  /** Whether `metrics.k8s.io` is served. Its first figures come about 20 s after the start. */
  readonly metrics?: boolean;
  /** Folder for data and logs, kept after `stop`. Default: a temporary one, removed by `stop`. */
  readonly directory?: string;
  /** Told what a build does, should one be needed. */
  readonly onProgress?: (text: string) => void;
};

/** A running cluster. It ends with this process at the latest, however that ends. */
export type TestCluster = {
  /** Of a user who may do everything. */
  readonly kubeconfigPath: string;
  /** URL of the API server. */
  readonly server: string;
  /** Data, and `logs/` with one file for each component. */
  readonly directory: string;
  /** The launcher's process id: the parent of all components. */
  readonly pid: number;
  /** Runs kubectl against the cluster. Resolves to what it printed; rejects with what it complained about. */
  kubectl(args: readonly string[], stdin?: string): Promise<string>;
  /** Creates or changes objects. */
  apply(...objects: readonly object[]): Promise<void>;
  /** Deletes objects, as `job/train`, and resolves when their pods are gone too: else these still hold capacity. */
  remove(...objects: readonly string[]): Promise<void>;
  /** Kills the API server and resolves once a new one is ready, at the same address with the same data. */
  restartApiServer(): Promise<void>;
  /** Ends all processes and resolves when they are gone. May be called again. */
  stop(): Promise<void>;
};

const DEFAULT_NODES: readonly NodeShape[] = ['node-1', 'node-2', 'node-3'].map((name) => ({
  name,
  milliCpu: 8000,
  memoryBytes: 32 * 2 ** 30,
}));

/**
 * Starts a cluster (building it first where needed), and resolves when its nodes are ready: about 10 s.
 * @throws Error when the build or a component fails, with the end of its log
 */
export async function startCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const programs = await buildCluster(options.onProgress);
  const gates = Object.entries(options.featureGates ?? {}).map(([name, on]) => `${name}=${on}`);
  const words = ['up', '--nodes', JSON.stringify(options.nodes ?? DEFAULT_NODES), '--feature-gates', gates.join(',')];
  if (options.metrics) words.push('--metrics-server', programs.metricsServer);
  if (options.directory) words.push('--directory', options.directory);
  // The launcher lives as long as its stdin: the system closes that when this process ends in whatever way.
  const launcher = spawn(programs.cluster, words);
  const exited = once(launcher, 'exit');
  const complaint = text(launcher.stderr);
  const answers = createInterface({ input: launcher.stdout })[Symbol.asyncIterator]();

  const answer = async () => {
    const { value, done } = await answers.next();
    if (done) throw new Error(`The test cluster ended: ${await complaint}`);
    return JSON.parse(value) as Record<string, string>;
  };
  const { kubeconfig, server, directory } = (await answer()) as {
    kubeconfig: string;
    server: string;
    directory: string;
  };
  const access = ['--kubeconfig', kubeconfig, '--cache-dir', join(directory, 'kubectl')];
  const kubectl = (args: readonly string[], stdin?: string) =>
    run(programs.cluster, ['kubectl', ...args, ...access], stdin);
  return {
    kubeconfigPath: kubeconfig,
    server,
    directory,
    pid: launcher.pid!,
    kubectl,
    async apply(...objects) {
      await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    },
    async remove(...objects) {
      await kubectl(['delete', ...objects, '--cascade=foreground', '--wait', '--timeout=600s']);
    },
    async restartApiServer() {
      launcher.stdin.write('restart kube-apiserver\n');
      await answer();
    },
    async stop() {
      launcher.stdin.end();
      await exited;
    },
  };
}
