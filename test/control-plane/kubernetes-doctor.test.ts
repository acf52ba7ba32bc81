import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { parse } from 'yaml';
import { readHistoryFile } from '../../src/io/history.ts';
import { BUILT } from '../cli/built.ts';
import { requireCluster } from './availability.ts';
import { startCluster, type TestCluster } from './cluster.ts';
import { job } from './workload.ts';

describe('stowage doctor and stowage history', () => {
  let test: TestCluster;
  let home: string;

  before(async function () {
    requireCluster(this);
    test = await startCluster({ nodes: [{ name: 'node-1', milliCpu: 8000, memoryBytes: 2 ** 34 }] });
    home = join(test.directory, 'home');
    mkdirSync(home);
    const task = { requests: { cpu: '500m', memory: '64Mi' }, creator: 'ana', type: 'etl', dataScale: 3 };
    await test.apply(
      job({ ...task, name: 'first', runtimeSeconds: 2 }),
      job({ ...task, name: 'second', runtimeSeconds: 3 }),
    );
    await test.kubectl(['wait', 'job/first', 'job/second', '--for=condition=Complete', '--timeout=600s']);
  });
  after(() => test?.stop());

  it('looks at every source, and says what would fix what is missing', () => {
    const nowhere = ['--prometheus', 'service:monitoring/prometheus:web'];
    const { status, stdout } = stowage(['doctor', '--kubeconfig', test.kubeconfigPath, ...nowhere]);
    assert.equal(status, 0, stdout);
    for (const line of [
      /^ok +kubeconfig .*context "stowage-test-cluster"$/m,
      /^ok +server .*Kubernetes v1\.36\.2$/m,
      /^ok +nodes +1, first answer after [\d,]+ ms$/m,
      /^ok +Karpenter node claims +not in this cluster$/m,
      /^lacks +usage \(metrics\.k8s\.io\) +not in this cluster\n +Install metrics-server/m,
      /^lacks +usage \(Prometheus, service:.*web\) .* status 404: services "prometheus" not found\.\n +Check its address/m,
      /^ok +resource quotas +0, first answer/m,
      /^ok +right to resize +yes$/m,
    ]) {
      assert.match(stdout, line);
    }
  });

  it('says of a wrong CA, a refused token and a dead server what to do, and that no plan can be made', () => {
    const otherCa = readFileSync(test.kubeconfigPath, 'utf8');
    const config = parse(otherCa);
    const [cluster] = config.clusters;
    const at = (name: string, change: object, users = config.users) => {
      const path = join(home, `${name}.yaml`);
      const clusters = [{ ...cluster, cluster: { ...cluster.cluster, ...change } }];
      writeFileSync(path, JSON.stringify({ ...config, clusters, users }));
      return path;
    };
    const foreign = Buffer.from(FOREIGN_CA).toString('base64');
    const cases: [string, RegExp][] = [
      [
        at('ca', { 'certificate-authority': undefined, 'certificate-authority-data': foreign }),
        /not signed by the CA in the kubeconfig/,
      ],
      [
        at('token', {}, [{ name: config.users[0].name, user: { token: 'expired' } }]),
        /did not accept the credentials.*Log in/,
      ],
      [at('dead', { server: 'https://127.0.0.1:1' }), /refuses connections\. Is the cluster running/],
      [join(home, 'nowhere.yaml'), /There is no kubeconfig at/],
    ];
    for (const [kubeconfig, text] of cases) {
      const { status, stdout } = stowage(['doctor', '--kubeconfig', kubeconfig]);
      assert.equal(status, 1, stdout);
      assert.match(stdout, text);
    }
  });

  it('keeps what it finds of finished runs whichever command reads the cluster', () => {
    const folder = join(home, 'plans');
    mkdirSync(folder);
    const { status, stderr } = stowage(['plan', '--kubeconfig', test.kubeconfigPath], folder);
    assert.equal(status, 0, stderr);
    assert.deepEqual(keptRuns(folder), ['first', 'second']);
  });

  it('writes finished runs to a file that training reads, and keeps them when their Jobs are gone', async () => {
    const words = ['history', '--kubeconfig', test.kubeconfigPath, '--out', 'history.jsonl'];
    assert.equal(stowage(words).status, 0);
    const first = readFileSync(join(home, 'history.jsonl'), 'utf8');
    const { tasks, problems } = await readHistoryFile({ path: join(home, 'history.jsonl') });
    assert.deepEqual(problems, []);
    const runs = tasks
      .map(({ parameters, size, outcome }) => [parameters.name, parameters.creator, size, outcome])
      .sort();
    assert.deepEqual(runs, [
      ['first', 'ana', 0.5, 'succeeded'],
      ['second', 'ana', 0.5, 'succeeded'],
    ]);
    await test.remove('job/first', 'job/second');
    assert.equal(stowage(words).status, 0);
    assert.equal(readFileSync(join(home, 'history.jsonl'), 'utf8'), first);
    // what planning kept is enough, too
    const { stdout } = stowage(['history', '--kubeconfig', test.kubeconfigPath], join(home, 'plans'));
    assert.equal(stdout, first);
  });

  function stowage(words: readonly string[], cwd = home) {
    return spawnSync(process.execPath, [BUILT, ...words], { cwd, encoding: 'utf8' });
  }

  function keptRuns(folder: string): string[] {
    const state = join(folder, '.stowage');
    const [file] = readdirSync(state).filter((name) => name.startsWith('runs-'));
    const lines = readFileSync(join(state, file!), 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line).parameters.name).sort();
  }
});

/** Of another cluster: a certificate that signed nothing here. */
const FOREIGN_CA = `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUKYtumyDt8U88VaufV4q2e1qDwcEwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJZWxzZXdoZXJlMCAXDTI2MTEyMzIyMjYzOVoYDzIxMjYxMDMw
MjIyNjM5WjAUMRIwEAYDVQQDDAllbHNld2hlcmUwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAS75e9SM4WsBqxakV/cXIYzT8329sotlQrOke3J1+Gm01xHQgMQqEEF
B5TCIpubo8icoaLrMnl61lC+5p1/Yj+fo1MwUTAdBgNVHQ4EFgQUtCacZua6kkrb
HFqOl1u4EXGJVR4wHwYDVR0jBBgwFoAUtCacZua6kkrbHFqOl1u4EXGJVR4wDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiAd+26U0EiJMlzGNMFe5Dgz
fK5STIENPApKy6+cbtnMTQIhAK0lCM155Ppj6i2m4ILUN2FY0Cvga3UK8cOmkRuq
jmk/
-----END CERTIFICATE-----
`;
