import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { meantTarget } from '../../src/cli/meantTarget.ts';
import type { ClusterTarget } from '../../src/core/plan/plan.ts';

const CONFIG = {
  contexts: ['a', 'b'].map((name) => ({ name, context: { cluster: 'c', user: 'u' } })),
  clusters: [{ name: 'c', cluster: { server: 'http://127.0.0.1:1' } }],
  users: [{ name: 'u', user: {} }],
};

describe('the cluster that a command means', () => {
  const { KUBECONFIG } = process.env;
  const terminal = Object.getOwnPropertyDescriptor(process.stdin, 'isTTY');
  let directory: string;
  let own: string;
  let other: string;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'stowage-meant-'));
    [own, other] = [path.join(directory, 'own'), path.join(directory, 'other')];
    for (const file of [own, other]) await writeFile(file, JSON.stringify(CONFIG));
    process.env['KUBECONFIG'] = own;
    Object.defineProperty(process.stdin, 'isTTY', { value: false, configurable: true });
  });
  afterEach(async () => {
    if (KUBECONFIG === undefined) delete process.env['KUBECONFIG'];
    else process.env['KUBECONFIG'] = KUBECONFIG;
    if (terminal) Object.defineProperty(process.stdin, 'isTTY', terminal);
    else Reflect.deleteProperty(process.stdin, 'isTTY');
    await rm(directory, { recursive: true });
  });

  const at = (kubeconfig: string | undefined, context: string | undefined): ClusterTarget => ({
    kind: 'kubernetes',
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
  });

  it('has the kubeconfig or the context of the journal where its words name the other one alone', async () => {
    for (const [recorded, named, meant] of [
      [at(own, 'a'), undefined, at(own, 'a')],
      [at(own, 'a'), at(undefined, 'b'), at(own, 'b')],
      [at(own, 'a'), at(other, undefined), at(other, 'a')],
      [at(own, 'a'), at(other, 'b'), at(other, 'b')],
      [at(undefined, 'a'), at(undefined, 'b'), at(undefined, 'b')],
      [{ kind: 'sample', seed: 7, directory }, at(undefined, 'b'), at(undefined, 'b')],
      [undefined, at(undefined, 'b'), at(undefined, 'b')],
    ] as const) {
      assert.deepEqual(await meantTarget('The journal', recorded, named), meant);
    }
  });

  it('has no kubeconfig of the journal that is not its user’s own only because a context was named', async () => {
    await assert.rejects(meantTarget('The journal', at(other, 'a'), at(undefined, 'b')), /not your own/);
  });
});
