import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'mocha';
import { Connection } from '../../../src/cluster/kubernetes/api/connection.ts';
import { readIdentity } from '../../../src/cluster/kubernetes/api/identity.ts';
import { readContext } from '../../../src/cluster/kubernetes/api/kubeconfig.ts';
import type { ClusterIdentity } from '../../../src/core/model/clusterIdentity.ts';

const UID = '6f4c2c5e-9f0b-4f0e-8a39-1f1f7b6d2a11';

describe('which cluster a kubeconfig leads to', () => {
  const directory = mkdtempSync(join(tmpdir(), 'stowage-identity-'));
  after(() => rmSync(directory, { recursive: true }));

  /** Asks a server that answers for kube-system like this. */
  async function identityBehind(status: number, body: object, context = 'kind-demo'): Promise<ClusterIdentity> {
    const asked: (string | undefined)[] = [];
    const server = createServer(({ url }, response) => {
      asked.push(url);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const file = join(directory, 'kubeconfig');
    const config = {
      'current-context': context,
      contexts: [{ name: context, context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server: address } }],
      users: [{ name: 'u', user: {} }],
    };
    writeFileSync(file, JSON.stringify(config));
    const connection = new Connection(readContext(file));
    try {
      return await readIdentity(connection);
    } finally {
      assert.deepEqual(new Set(asked), new Set(['/api/v1/namespaces/kube-system']));
      await connection.close();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  it('is told by the uid of kube-system, whatever the address and the context', async () => {
    const answer = { kind: 'Namespace', metadata: { name: 'kube-system', uid: UID } };
    assert.deepEqual(await identityBehind(200, answer), { key: UID, name: 'kind-demo' });
    assert.deepEqual(await identityBehind(200, answer, 'the-same'), { key: UID, name: 'the-same' });
  });

  it('is told by the address where the uid may not be read, and says so', async () => {
    const refused = {
      kind: 'Status',
      code: 403,
      reason: 'Forbidden',
      message: 'namespaces "kube-system" is forbidden',
    };
    const [one, other] = [await identityBehind(403, refused), await identityBehind(403, refused)];
    assert.match(one.key, /^address-[0-9a-f]{16}$/);
    assert.equal(one.byAddress, true);
    assert.notEqual(one.key, other.key); // each server has a port of its own
  });

  it('is never told by what could name another file', async () => {
    const { key } = await identityBehind(200, { metadata: { uid: '../../etc/passwd' } });
    assert.match(key, /^address-/);
  });
});
