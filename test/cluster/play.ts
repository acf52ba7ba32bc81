/** `npm run cluster`: a real cluster on this machine with a fragmented demo workload, until Ctrl-C. */
import { once } from 'node:events';
import { clusterAvailability, startCluster, type TestCluster } from './cluster.ts';
import { DEMO_NODES, demoWorkload } from './workload.ts';

const availability = clusterAvailability();
if (!availability.available) {
  say(`Cannot start a cluster here: ${availability.reason}. ${availability.remedy}`);
  process.exit(1);
}
const cluster = await startCluster({ nodes: DEMO_NODES, metrics: true, onProgress: say });
const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
try {
  await Promise.race([fill(cluster), interrupted]);
  say(`
The cluster runs. Its kubeconfig:

  ${cluster.kubeconfigPath}

Try:

  npm run stowage -- plan --kubeconfig ${cluster.kubeconfigPath}

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
  await cluster.kubectl(['wait', 'pods', '--all', '--for=condition=Ready', '--timeout=60s']);
  await cluster.apply(...waiting, ...history);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
