import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { CredentialSource, CredentialsMissing } from '../../../src/cluster/kubernetes/api/credentials.ts';
import { isOwnKubeconfig, listContexts, readContext } from '../../../src/cluster/kubernetes/api/kubeconfig.ts';
import type { WhyNoCredentials } from '../../../src/core/model/failure.ts';
import { InputError } from '../../../src/core/model/input.ts';

describe('a kubeconfig', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stowage-kubeconfig-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function file(name: string, content: unknown): string {
    const path = join(folder, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  function config(name: string, user: object, more: object = {}): object {
    return {
      'current-context': name,
      contexts: [{ name, context: { cluster: name, user: name, namespace: 'team' } }],
      clusters: [{ name, cluster: { server: `https://${name}.example:6443/` } }],
      users: [{ name, user }],
      ...more,
    };
  }

  it('gives server, namespace and files of its current context, or of the one asked for', () => {
    const path = file('one', config('one', { token: 'secret' }));
    const { name, server, namespace, files } = readContext(path);
    assert.deepEqual([name, server, namespace, files], ['one', 'https://one.example:6443', 'team', [path]]);
    assert.throws(() => readContext(path, 'two'), /has no context "two"\. Choose one of: one\./);
  });

  it('may be a list of files: the first entry of a name wins, as in kubectl', () => {
    const first = file('first', config('one', { token: 'first' }));
    const second = file('second', {
      ...config('two', { token: 'second' }),
      users: [
        { name: 'one', user: { token: 'later' } },
        { name: 'two', user: { token: 'second' } },
      ],
    });
    const both = [first, second, join(folder, 'not-there')].join(delimiter);
    assert.deepEqual(listContexts(both), { contexts: ['one', 'two'], current: 'one' });
    assert.equal(readContext(both).config.getCurrentUser()?.token, 'first');
    assert.equal(readContext(both, 'two').server, 'https://two.example:6443');
  });

  it('that is missing, broken, no kubeconfig or incomplete is told in one clear text', () => {
    const cases: [string, RegExp][] = [
      [join(folder, 'nowhere'), /There is no kubeconfig at .*nowhere.*--kubeconfig/],
      [file('yaml', 'contexts: [}'), /not valid YAML/],
      [file('list', '- 1'), /is not a kubeconfig/],
      [file('huge', 'x'.repeat(2 ** 24 + 1)), /larger than 16 MiB/],
      [folder, /cannot be read/],
      [file('empty', {}), /has no current context\. It has no contexts\./],
      [
        file('lost', { 'current-context': 'a', contexts: [{ name: 'a', context: { cluster: 'b' } }] }),
        /names a cluster/,
      ],
      [
        file('url', { ...config('one', {}), clusters: [{ name: 'one', cluster: { server: 'nonsense' } }] }),
        /no valid server/,
      ],
      [file('alias', `a: &a [x,x]\n${'b: [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n'.repeat(1)}`), /kubeconfig/],
    ];
    for (const [path, text] of cases) {
      assert.throws(
        () => readContext(path),
        (error) => error instanceof InputError && text.test(error.message) && !error.message.includes('\n'),
        path,
      );
    }
  });

  it('may name a program for credentials, which is told of the cluster, and asked again before its answer ends', async () => {
    const program = join(folder, 'login.mjs');
    const log = join(folder, 'log');
    writeFileSync(
      program,
      `#!${process.execPath}
import { appendFileSync } from 'node:fs';
appendFileSync(${JSON.stringify(log)}, '.');
const asked = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
const token = [process.env.EXTRA, asked.spec.cluster.server, asked.spec.interactive].join(' ');
console.log(JSON.stringify({ kind: 'ExecCredential', status: { token, expirationTimestamp: new Date(3600e3).toISOString() } }));
`,
    );
    chmodSync(program, 0o755);
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: './login.mjs',
      env: [{ name: 'EXTRA', value: 'yes' }],
      provideClusterInfo: true,
    };
    let now = 0;
    const source = new CredentialSource(readContext(file('exec', config('one', { exec }))), () => now);
    const token = async () => (await source.read()).headers['Authorization'];
    assert.equal(await token(), 'Bearer yes https://one.example:6443/ false');
    now = 3_500_000; // 100 s before its end: still good
    await token();
    assert.equal(await asked(log), 1);
    now = 3_590_000; // 10 s before its end
    await token();
    assert.equal(await asked(log), 2);
    source.renew(); // the server did not take it
    await token();
    assert.equal(await asked(log), 3);
  });

  it('whose program is missing, fails or says nonsense is told with the program’s own words and hint', async () => {
    const failing = join(folder, 'fails.mjs');
    writeFileSync(failing, `#!${process.execPath}\nconsole.error('please log in first'); process.exit(3);\n`);
    chmodSync(failing, 0o755);
    const hint = 'Get it from example.org.';
    const command = 'stowage-no-such-program';
    const cases: [object, WhyNoCredentials][] = [
      [
        { command, installHint: hint },
        { code: 'notFound', command, hint },
      ],
      [{ command: './fails.mjs' }, { code: 'programFailed', command: failing, message: 'please log in first' }],
      [{ command: 'false' }, { code: 'programSilent', command: 'false' }],
      [
        { command: 'echo', args: ['hello'] },
        { code: 'noToken', command: 'echo' },
      ],
      [{ command: 'yes' }, { code: 'programEndless', command: 'yes', mostBytes: 2 ** 20 }],
      [{ args: ['hello'] }, { code: 'noCommand' }],
    ];
    for (const [exec, why] of cases) {
      const source = new CredentialSource(readContext(file('exec', config('one', { exec }))));
      await assert.rejects(source.read(), (error) => {
        assert.ok(error instanceof CredentialsMissing);
        assert.deepEqual(error.why, why);
        return true;
      });
    }
  });

  it('runs nothing for an auth-provider, whatever it is called and holds, and says what took its place', async () => {
    const ran = join(folder, 'ran');
    const config_ = { 'cmd-path': 'touch', 'cmd-args': ran, 'expiry-key': '{.e}', 'token-key': '{.t}' };
    const exec = { command: 'touch', args: [ran] };
    for (const name of ['gcp', 'azure', 'exec', 'else', '__proto__']) {
      for (const settings of [config_, { exec }, { ...config_, exec }]) {
        const user = { 'auth-provider': { name, config: settings } };
        const source = new CredentialSource(readContext(file('provider', config('one', user))));
        await assert.rejects(source.read(), (error) => {
          assert.ok(error instanceof CredentialsMissing);
          assert.deepEqual(error.why, { code: 'providerDropped', provider: name });
          return true;
        });
      }
    }
    const oidc = { 'auth-provider': { name: 'oidc', config: { ...config_, exec, 'id-token': 'x' } } };
    await new CredentialSource(readContext(file('oidc', config('one', oidc)))).read().catch(() => {});
    await new CredentialSource(readContext(file('nameless', config('one', { 'auth-provider': { config: { exec } } }))))
      .read()
      .catch(() => {});
    assert.equal(existsSync(ran), false);
  });

  it('uses the name and password of its server’s URL to connect, and shows them nowhere', async () => {
    const server = 'https://ann:p%40ss@one.example:6443/base/';
    const path = file('login', { ...config('one', {}), clusters: [{ name: 'one', cluster: { server } }] });
    const context = readContext(path);
    assert.equal(context.server, 'https://one.example:6443/base');
    const { headers } = await new CredentialSource(context).read();
    assert.equal(headers['Authorization'], `Basic ${Buffer.from('ann:p@ss').toString('base64')}`);
    const both = { ...config('one', { token: 't' }), clusters: [{ name: 'one', cluster: { server } }] };
    const own = await new CredentialSource(readContext(file('both', both))).read();
    assert.equal(own.headers['Authorization'], 'Bearer t');
  });

  it('is the user’s own where kubectl would read it, and nowhere else', () => {
    const { KUBECONFIG } = process.env;
    try {
      process.env['KUBECONFIG'] = [join(folder, 'a'), join(folder, 'b')].join(delimiter);
      const home = join(homedir(), '.kube', 'config');
      const own = (path: string | undefined) => isOwnKubeconfig(path);
      for (const path of [undefined, '', join(folder, 'b'), home, [home, join(folder, 'a')].join(delimiter)])
        assert.equal(own(path), true, path);
      for (const path of [
        'a',
        './a',
        '~/.kube/config',
        join(folder, 'c'),
        [home, join(folder, 'c')].join(delimiter),
        folder,
      ])
        assert.equal(own(path), false, path);
      assert.equal(own(join(folder, 'x', '..', 'a')), true);
    } finally {
      if (KUBECONFIG === undefined) delete process.env['KUBECONFIG'];
      else process.env['KUBECONFIG'] = KUBECONFIG;
    }
  });

  it('takes up a token file that was rotated', async () => {
    const token = file('token', 'old\n');
    let now = 0;
    const source = new CredentialSource(
      readContext(file('rotating', config('one', { tokenFile: 'token' }))),
      () => now,
    );
    assert.equal((await source.read()).headers['Authorization'], 'Bearer old');
    writeFileSync(token, 'new');
    assert.equal((await source.read()).headers['Authorization'], 'Bearer old');
    now = 61_000;
    assert.equal((await source.read()).headers['Authorization'], 'Bearer new');
  });
});

/** One letter a call. */
async function asked(log: string): Promise<number> {
  return (await readFile(log, 'utf8')).length;
}
