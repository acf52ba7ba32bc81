/** `npm run cluster`: a real cluster on this machine with a fragmented demo workload, until Ctrl-C. */
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { clusterAvailability, startCluster, type TestCluster } from './cluster.ts';
import { DEMO_NODES, demoWorkload } from './workload.ts';

/** A cluster of four nodes has less to spare than the method's 30 %, and who plays does not wait for 15 min. */
const SETTINGS = {
  'stowage.migration.triggerHoldMinutes': 0,
  'stowage.migration.triggerFreeFraction': 0.15,
  'stowage.migration.candidateFreeFraction': 0.15,
};

const availability = clusterAvailability();
if (!availability.available) {
  say(`Cannot start a cluster here: ${availability.reason}. ${availability.remedy}`);
  process.exit(1);
}
const cluster = await startCluster({ nodes: DEMO_NODES, metrics: true, onProgress: say });
const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
try {
  await Promise.race([fill(cluster), interrupted]);
  const words = Object.entries(SETTINGS).map(([id, value]) => `--setting ${id.replace('stowage.', '')}=${value}`);
  say(`
The cluster runs. Its kubeconfig:

  ${cluster.kubeconfigPath}

In VS Code: open this folder, whose settings name the kubeconfig, and choose "Connect to a Cluster":

  ${prepareFolder(cluster.kubeconfigPath)}

On the command line:

  npm run --silent stowage -- plan --kubeconfig ${cluster.kubeconfigPath} --observe 60s ${words.join(' ')}

Ctrl-C ends it.`);
  await interrupted;
} finally {
  await cluster.stop();
}

/** The long tasks come first, so that they and not the short ones decide what is free where. */
async function fill(cluster: TestCluster): Promise<void> {
  say('Filling the cluster …');
  const { running, waiting, history } = demoWorkload();
  await cluster.apply(...running);
  await cluster.kubectl(['wait', 'pods', '--all', '--for=condition=Ready', '--timeout=600s']);
  await cluster.apply(...waiting, ...history);
}

/** A folder to open in the editor, with settings for this cluster and nothing of an earlier one. @returns its path */
function prepareFolder(kubeconfig: string): string {
  const folder = resolve(import.meta.dirname, '../../.stowage/cluster');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, '.vscode'), { recursive: true });
  const settings = { 'stowage.connection.kubeconfig': kubeconfig, ...SETTINGS };
  writeFileSync(join(folder, '.vscode/settings.json'), `${JSON.stringify(settings, null, 2)}\n`);
  return folder;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
