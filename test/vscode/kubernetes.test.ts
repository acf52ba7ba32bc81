import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { parse } from 'yaml';
import { startProxy } from '../cluster/kubernetes/proxy.ts';
import { requireCluster } from '../control-plane/availability.ts';
import { startCluster, type TestCluster } from '../control-plane/cluster.ts';
import { gatedPod, job } from '../control-plane/workload.ts';
import { stepByStep } from '../stepByStep.ts';
import { previewPlan } from './planPanel.ts';
import { requireEditor, startWorkbench, type Workbench } from './workbench.ts';

const extension = process.env['STOWAGE_EXTENSION'] ?? resolve(import.meta.dirname, '../..');
const roles = resolve(import.meta.dirname, '../../media/rbac');
const GIB = 2 ** 30;
const HOSTILE = '<img src=x onerror=alert(1)> [run](command:workbench.action.quit) $(trash)';

/** The same walk on the real control plane under the shipped roles, and each way in which a connection can fail. */
describe('a Kubernetes cluster in the editor', () => {
  stepByStep();
  let cluster: TestCluster;
  let workbench: Workbench;
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  const folder = mkdtempSync(join(tmpdir(), 'stowage-kubernetes-'));
  const kubeconfig = join(folder, 'kubeconfig');

  before(async function () {
    requireEditor(this);
    requireCluster(this);
    cluster = await startCluster({
      nodes: [
        { name: 'node-a', milliCpu: 4000, memoryBytes: 16 * GIB },
        { name: 'node-b', milliCpu: 8000, memoryBytes: 16 * GIB },
      ],
    });
    for (const file of ['nodes', 'reader', 'operator']) {
      await cluster.kubectl(['apply', '-f', '-'], readFileSync(join(roles, `${file}.yaml`), 'utf8'));
    }
    const task = { requests: { cpu: '1', memory: '1Gi' }, runtimeSeconds: 3600 };
    await cluster.apply(
      hostile(gatedPod({ ...task, name: 'hostile', requests: { cpu: '64', memory: '4Gi' } })),
      job({ ...task, name: 'running' }),
      ...[1, 2, 3].map((number) => job({ ...task, name: `past-${number}`, runtimeSeconds: number })),
      gatedPod({ ...task, name: 'gated', requests: { cpu: '6', memory: '4Gi' } }),
      gatedPod({ ...task, name: 'small' }),
    );
    await cluster.kubectl(['wait', 'pods', '-l', 'job-name=running', '--for=condition=Ready', '--timeout=600s']);
    writeFileSync(kubeconfig, JSON.stringify(await contexts()));
    mkdirSync(join(folder, '.vscode'));
    writeFileSync(
      join(folder, '.vscode/settings.json'),
      JSON.stringify({
        'stowage.connection.kubeconfig': kubeconfig,
        'stowage.connection.prometheus': 'http://127.0.0.1:1',
      }),
    );
    proxy = await startProxy();
    workbench = await startWorkbench({ extension: { folder: extension }, folder });
    await workbench.openContainer('Stowage');
  });

  afterEach(async function () {
    await workbench?.recordFailure(this.currentTest);
  });

  after(async () => {
    await workbench?.close();
    await cluster?.stop();
    proxy?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const connect = async (context: string) => {
    await workbench.choose('Stowage: Connect to a Cluster', context);
  };

  const failures: readonly { context: string; says: RegExp }[] = [
    { context: 'unreachable', says: /refuses connections|did not answer|cannot be reached|is not reachable/ },
    { context: 'expired', says: /expired or are not valid here.*Log in to the cluster again/ },
    { context: 'wrong-authority', says: /not signed by the CA in the kubeconfig/ },
    { context: 'no-rights', says: /may not|cannot list|the right to/ },
  ];
  for (const { context, says } of failures) {
    it(`says what to do where the context is ${context}, and offers it`, async () => {
      await connect(context);
      await workbench.page.locator('.statusbar-item', { hasText: context }).waitFor();
      const view = workbench.page.locator('.pane', { has: workbench.page.locator('h3.title:text-is("Nodes")') });
      await view.locator('.tree-explorer-viewlet-tree-view', { hasText: says }).waitFor();
      await workbench.picture(`k-${context}`);
    });
  }

  it('says what is wrong with a kubeconfig, and opens its cluster by itself once the file is mended', async () => {
    const good = readFileSync(kubeconfig, 'utf8');
    const { clusters } = parse(good) as { clusters: { name: string; cluster: { server: string } }[] };
    const server = clusters.find(({ name }) => name === 'real')!.cluster.server;
    const view = workbench.page.locator('.pane', { has: workbench.page.locator('h3.title:text-is("Nodes")') });
    try {
      // It leads nowhere at first,
      writeFileSync(kubeconfig, good.replaceAll(JSON.stringify(server), '"https://127.0.0.1:1"'));
      await connect('admin');
      await view
        .locator('.tree-explorer-viewlet-tree-view', { hasText: /refuses connections|did not answer/ })
        .waitFor();
      // then somebody cuts it off while editing it,
      writeFileSync(kubeconfig, good.slice(0, good.length / 2));
      await view
        .locator('.tree-explorer-viewlet-tree-view', { hasText: /kubeconfig.* cannot be read|is not/ })
        .waitFor();
      await workbench.picture('k-broken');
      await workbench.command('Stowage: Connect to a Cluster');
      await workbench.page.locator('.quick-input-list .monaco-list-row', { hasText: 'No contexts' }).waitFor();
      await workbench.picture('k-no-contexts');
      await workbench.page.keyboard.press('Escape');
    } finally {
      // and mends it: nobody has to ask again.
      writeFileSync(kubeconfig, good);
    }
    await workbench.tree('Nodes').row('node node-a');
  });

  it('shows nodes, tasks and what a hostile creator calls itself as plain text', async () => {
    await connect('operator');
    const nodes = workbench.tree('Nodes');
    await nodes.row('node node-a');
    await nodes.row('node node-b');
    const tasks = workbench.tree('Tasks');
    await tasks.row('Pending');
    assert.match(await tasks.tooltip('task hostile'), /creator: <img src=x onerror=alert\(1\)>/);
    assert.equal(await workbench.page.locator('.pane img[src=x], .pane a[href^="command:workbench"]').count(), 0);
    await workbench.pictures('k-trees');
  });

  it('trains on that cluster’s own history, which its finished Jobs are', async () => {
    await cluster.kubectl(['wait', 'job/past-1', 'job/past-2', 'job/past-3', '--for=condition=Complete']);
    await workbench.choose('Stowage: Train Runtime Predictor', 'History of the open cluster');
    await workbench.toast(/Learned from 3 finished tasks/);
    await workbench.dismissToasts();
  });

  it('cancels an apply from its progress: the move under way comes to its end, the others are left as they were', async () => {
    const panel = await previewPlan(workbench);
    await workbench.picture('k-plan');
    const scheduler = schedulerOf(cluster);
    process.kill(scheduler, 'SIGSTOP'); // so that the first move is still under way when it is cancelled
    await panel.locator('vscode-button:not([aria-disabled=true])', { hasText: /^Apply 2 moves/ }).click();
    const begun = workbench.toast(/Applying the plan.*0 of 2 · Place .*Waiting for the scheduler/s);
    assert.match(await workbench.answerModal('Place 2 tasks'), /Apply 2 (of \d+ )?moves/);
    await (await begun).locator('.monaco-button', { hasText: 'Cancel' }).click();
    process.kill(scheduler, 'SIGCONT');
    await workbench.toast(/Moves: 1 done, 1 not done\. Place default\/\w+ on node-[ab]: Cancelled; nothing was done\./);
    await panel.locator('ol.steps li.failed', { hasText: 'Cancelled; nothing was done.' }).waitFor();
    await workbench.picture('k-cancelled');
    const gated = await cluster.kubectl([
      'get',
      'pods',
      '-o',
      'jsonpath={.items[?(@.spec.schedulingGates)].metadata.name}',
    ]);
    assert.match(gated, /^hostile (gated|small)$|^(gated|small) hostile$/);
    await workbench.dismissToasts();
  });

  it('places a gated task after one question, and its kubelet runs it there', async () => {
    const panel = await previewPlan(workbench);
    await panel.locator('vscode-button:not([aria-disabled=true])', { hasText: /^Apply 1 move/ }).click();
    const asked = await workbench.answerModal('Place 1 task');
    assert.match(asked, /Apply 1 (of \d+ )?moves?/);
    await workbench.toast(/Moves: 1 done\./);
    const found = await cluster.kubectl(['get', 'pods', 'gated', 'small', '-o', 'jsonpath={.items[*].status.phase}']);
    assert.equal(found, 'Running Running');
    assert.equal(await cluster.kubectl(['get', 'pod', 'gated', '-o', 'jsonpath={.spec.nodeName}']), 'node-b');
    await workbench.picture('k-placed');
  });

  it('asks the doctor, who says of each source what it has, and what fixes what is missing', async () => {
    await workbench.command('Stowage: Run Doctor');
    const document = await workbench.webview('.markdown-body table');
    const rows = (await document.locator('tbody tr').allTextContents()).map((row) => row.replace(/\s+/g, ' ').trim());
    const says = (text: RegExp) =>
      assert.ok(
        rows.some((row) => text.test(row)),
        `${text} in ${rows.join('\n')}`,
      );
    says(/^server ok https:.*Kubernetes v1\.36\.2$/);
    says(/^usage \(metrics\.k8s\.io\) lacks not in this cluster\. Install metrics-server/);
    says(/^usage \(Prometheus, http:\/\/127\.0\.0\.1:1\) lacks .*Check its address/);
    says(/^right to resize ok yes$/);
    await workbench.picture('k-doctor');
    await workbench.command('View: Close Editor');
    await workbench.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  });

  it('shows a user of one namespace that namespace, and says what cannot be read', async () => {
    await connect('restricted');
    const nodes = workbench.tree('Nodes');
    await nodes.row('The nodes cannot be read');
    await workbench.tree('Tasks').row('task running');
    await workbench.command('Stowage: Preview Plan');
    const panel = await workbench.webview('.notice');
    await panel.locator('.notice', { hasText: /nodes/ }).first().waitFor();
    await panel.locator('.verdict', { hasText: 'Nothing can be planned: no node is seen.' }).waitFor();
    await workbench.picture('k-restricted');
  });

  it('lets one who may only read see everything, and says which right each action lacks', async () => {
    await connect('reader');
    const nodes = workbench.tree('Nodes');
    await nodes.row('No task can be resized here');
    await nodes.row('node node-a');
    await workbench.picture('k-reader');
  });

  it('reaches the cluster through the proxy that the editor is set to, after the window was loaded again too', async () => {
    await connect('admin');
    await workbench.page.locator('.statusbar-item', { hasText: /admin · / }).waitFor();
    await workbench.configure({ 'http.proxy': proxy.url });
    await workbench.tree('Nodes').row('node node-a'); // the window is loaded again, and its extensions begin
    assert.ok(proxy.passed().includes(new URL(cluster.server).host), proxy.passed().join('\n'));
    await workbench.command('Stowage: Run Doctor');
    const document = await workbench.webview('.markdown-body table');
    await document.locator('tbody tr', { hasText: /server.*Kubernetes v1/s }).waitFor();
    await workbench.command('View: Close Editor');
  });

  it('keeps the last picture of a cluster that is lost, says since when and why, and stays alive', async () => {
    // Another context than the last test's, whose rows could be taken for its own.
    await connect('reader');
    const nodes = workbench.tree('Nodes');
    await workbench.page.locator('.statusbar-item', { hasText: /reader · / }).waitFor();
    await nodes.row('node node-a');
    await cluster.stop();
    await workbench.command('Stowage: Refresh');
    await nodes.row('Not up to date: ');
    await workbench.page.locator('.statusbar-item:has(.codicon-warning)', { hasText: /reader · / }).waitFor();
    await nodes.row('node node-a');
    await workbench.picture('k-lost');
  });

  it('leaves nothing of the old cluster on the screen when another is opened', async () => {
    await workbench.command('Stowage: Open the Sample Cluster');
    await workbench.tree('Nodes').row('node gpu-a100-1');
    const rows = [...(await workbench.tree('Nodes').rows()), ...(await workbench.tree('Tasks').rows())];
    assert.deepEqual(
      rows.filter((row) => /\bnode-[ab]\b|gated|small|hostile/.test(row)),
      [],
    );
    const panel = await workbench.webview('.charts .plot .main-svg');
    await panel.locator('.lead', { hasText: 'sample seed 7' }).waitFor();
    assert.doesNotMatch((await panel.locator('#root').textContent()) ?? '', /\bnode-[ab]\b/);
  });

  /** One context for each state, all for the same cluster. */
  async function contexts(): Promise<unknown> {
    const config = parse(readFileSync(cluster.kubeconfigPath, 'utf8'));
    const own = config.clusters[0].cluster;
    const token = async (name: string, ...grants: string[]) => {
      await cluster.kubectl(['create', 'serviceaccount', name]);
      for (const role of grants) {
        const words = ['create', 'clusterrolebinding', `${name}-${role}`, `--clusterrole=stowage-${role}`];
        await cluster.kubectl([...words, `--serviceaccount=default:${name}`]);
      }
      return (await cluster.kubectl(['create', 'token', name])).trim();
    };
    const binding = ['create', 'rolebinding', 'restricted', '--clusterrole=stowage-reader'];
    await cluster.kubectl([...binding, '--serviceaccount=default:restricted']);
    const authority = readFileSync(join(import.meta.dirname, 'another-authority.pem')).toString('base64');
    const clusters = {
      real: own,
      away: { server: 'https://127.0.0.1:1', 'insecure-skip-tls-verify': true },
      other: { ...own, 'certificate-authority': undefined, 'certificate-authority-data': authority },
    };
    const users = {
      admin: config.users[0].user,
      expired: { token: 'not-a-token' },
      reader: { token: await token('reader', 'nodes', 'reader') },
      operator: { token: await token('operator', 'nodes', 'reader', 'operator') },
      restricted: { token: await token('restricted') },
      nobody: { token: await token('nobody') },
    };
    const context = (name: string, at: keyof typeof clusters, as: keyof typeof users) => ({
      name,
      context: { cluster: at, user: as, namespace: 'default' },
    });
    return {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'admin',
      clusters: Object.entries(clusters).map(([name, each]) => ({ name, cluster: each })),
      users: Object.entries(users).map(([name, user]) => ({ name, user })),
      contexts: [
        context('admin', 'real', 'admin'),
        context('unreachable', 'away', 'admin'),
        context('expired', 'real', 'expired'),
        context('wrong-authority', 'other', 'admin'),
        context('no-rights', 'real', 'nobody'),
        context('reader', 'real', 'reader'),
        context('operator', 'real', 'operator'),
        context('restricted', 'real', 'restricted'),
      ],
    };
  }
});

/** The process of a test cluster's scheduler. */
function schedulerOf({ directory }: TestCluster): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${directory}/kube-scheduler.kubeconfig`);
    } catch {
      return false; // gone meanwhile
    }
  });
  return found === undefined ? assert.fail('the cluster has no scheduler') : Number(found);
}

/** The object with a creator that would like to be more than text; labels cannot hold it, annotations can. */
function hostile(object: ReturnType<typeof gatedPod>): object {
  const { annotations, ...metadata } = object.metadata as { annotations?: object; name: string };
  return { ...object, metadata: { ...metadata, annotations: { ...annotations, 'stowage.dev/creator': HOSTILE } } };
}
