import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { parse } from 'yaml';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import { readHistoryFile } from '../../src/io/history.ts';
import { Planner } from '../../src/planner/client.ts';
import { KernelUnderTest } from '../notebook/kernelUnderTest.ts';
import { requireCluster } from './availability.ts';
import { startCluster, type TestCluster } from './cluster.ts';
import { homeIn, stowage } from './commandLine.ts';
import { until } from './until.ts';
import { job } from './workload.ts';

const PLANNER = resolve(import.meta.dirname, '../../src/planner/thread.ts');

/** The doors through which a cluster is read: the command line, notebooks, and the editor's planning thread. */
describe('every door to a Kubernetes cluster', () => {
  let test: TestCluster;

  before(async function () {
    requireCluster(this);
    test = await startCluster({ nodes: [{ name: 'node-1', milliCpu: 8000, memoryBytes: 2 ** 34 }] });
    const task = { requests: { cpu: '500m', memory: '64Mi' }, runtimeSeconds: 2 };
    const owned = job({ ...task, name: 'owned', creator: 'ana' });
    const template = owned.spec['template'] as { metadata: { labels: object } };
    template.metadata.labels = { ...template.metadata.labels, 'team.example-owner': 'ben', 'team.example-kind': 'etl' };
    await test.apply(job({ ...task, name: 'plain', creator: 'ana' }), owned);
    await test.kubectl(['wait', 'job/plain', 'job/owned', '--for=condition=Complete', '--timeout=600s']);
  });
  after(() => test?.stop());

  it('keeps what it finds of finished runs: training from the command line', async () => {
    const home = homeIn(test, 'train');
    const { output, status } = await stowage(home, ['train', '--kubeconfig', test.kubeconfigPath]);
    assert.equal(status, 0, output);
    assert.match(output, /Learned from 2 finished tasks/);
    assert.deepEqual(keptRuns(join(home, '.stowage')), ['owned', 'plain']);
  });

  it('keeps what it finds of finished runs: a cell that asks for the history', async () => {
    const cluster = { kind: 'kubernetes', kubeconfig: test.kubeconfigPath } as const;
    const stateDirectory = homeIn(test, 'notebook');
    const cells = new KernelUnderTest({ context: { cluster, stateDirectory } });
    try {
      const { end, error, shown } = await cells.run('(await stowage.history()).tasks.length');
      assert.equal(end.how, 'done', error?.stack);
      assert.deepEqual(shown, ['2']);
    } finally {
      await cells.close();
    }
    assert.deepEqual(keptRuns(stateDirectory), ['owned', 'plain']);
  });

  it('keeps what it finds of finished runs: the editor, which also begins again when a mended kubeconfig is told of', async () => {
    const stateDirectory = homeIn(test, 'editor');
    const kubeconfig = join(stateDirectory, 'kubeconfig');
    const right = readFileSync(test.kubeconfigPath, 'utf8');
    const config = parse(right);
    config.clusters[0].cluster.server = 'https://127.0.0.1:1';
    writeFileSync(kubeconfig, JSON.stringify(config));
    const target = { kind: 'kubernetes', kubeconfig } as const;
    const changed = Promise.withResolvers<void>();
    const silent = () => undefined;
    const planner = new Planner(PLANNER, {
      ...{ onView: silent, onStep: silent, onDied: silent, confirm: () => Promise.resolve(false) },
      onKubeconfig: () => changed.resolve(),
    });
    const connect = () =>
      planner.ask({ type: 'connect', target, stateDirectory, access: {}, settings: DEFAULT_SETTINGS });
    try {
      await assert.rejects(connect(), /refuses connections\. Is the cluster running/);
      writeFileSync(kubeconfig, right);
      await changed.promise;
      await connect();
      assert.deepEqual(
        planner.view.nodes.map(({ name }) => name),
        ['node-1'],
      );
      await until(
        async () => keptRuns(stateDirectory),
        (names) => names.join() === 'owned,plain',
      );
    } finally {
      await planner.dispose();
    }
  });

  it('reads a parameter from the label that --parameter names, before the usual ones', async () => {
    const home = homeIn(test, 'parameters');
    const history = (...words: string[]) =>
      stowage(home, ['history', '--kubeconfig', test.kubeconfigPath, '--out', 'runs.jsonl', ...words]);
    const creators = async () => {
      const { tasks } = await readHistoryFile({ path: join(home, 'runs.jsonl') });
      return tasks.map(({ parameters: { name, creator, type } }) => [name, creator, type ?? 'none']).sort();
    };
    const own = await history('--parameter', 'creator=team.example-owner', '--parameter', 'type=team.example-kind');
    assert.equal(own.status, 0, own.output);
    assert.deepEqual(await creators(), [
      ['owned', 'ben', 'etl'],
      ['plain', 'ana', 'none'],
    ]);
    const unknown = await history('--parameter', 'owner=team.example-owner');
    assert.equal(unknown.status, 2);
    assert.match(unknown.output, /A task has no parameter "owner"\. Choose among: creator, type,/);
    const unnamed = await history('--parameter', 'creator');
    assert.equal(unnamed.status, 2);
    assert.match(unnamed.output, /--parameter creator is not of the form creator=LABEL/);
  });
});

/** The runs that are kept in a folder, by name; none while there is no record. */
function keptRuns(folder: string): string[] {
  const file = readdirSync(folder).find((name) => /^runs-\w+\.jsonl$/.test(name));
  if (!file) return [];
  const lines = readFileSync(join(folder, file), 'utf8').trim().split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line).parameters.name).sort();
}
