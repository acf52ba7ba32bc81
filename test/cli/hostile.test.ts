import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'mocha';
import type { Resize } from '../../src/core/model/moves.ts';
import { plainText } from '../../src/core/model/plain.ts';
import { DEFAULT_SETTINGS } from '../../src/core/model/settings.ts';
import { finishPlan } from '../../src/core/plan/makePlan.ts';
import { parsePlan } from '../../src/core/plan/parsePlan.ts';
import { type ClusterTarget, type Plan, planRules } from '../../src/core/plan/plan.ts';
import { sha256 } from '../../src/io/sha256.ts';
import { openJournal } from '../../src/operate/journal.ts';
import { type EmptyServer, type Filled, startEmptyServer } from '../cluster/kubernetes/emptyServer.ts';
import { HOSTILE, HOSTILE_OBJECTS } from '../cluster/kubernetes/hostile.ts';
import { amounts } from '../core/small.ts';
import { BUILT } from './built.ts';

const SECRET = 'hunter2';

type Said = { readonly code: number | null; readonly out: string; readonly err: string };

describe('a hostile cluster, kubeconfig or folder on the command line', () => {
  let directory: string;
  let server: EmptyServer | undefined;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'stowage-hostile-'));
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
    await rm(directory, { recursive: true });
  });

  const start = async (filled: Filled) => {
    server = await startEmptyServer(directory, filled);
    return server;
  };
  const run = (words: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    new Promise<Said>((resolve) => {
      const all: NodeJS.ProcessEnv = { ...process.env, HOME: directory, ...env };
      if (!('KUBECONFIG' in env)) delete all['KUBECONFIG'];
      const child = execFile(process.execPath, [BUILT, ...words], { cwd: directory, env: all }, (_, out, err) =>
        resolve({ code: child.exitCode, out, err }),
      );
    });
  /** What was written to files of ours. */
  const filesOf = () =>
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'kubeconfig')
      .map(({ parentPath, name }) => ({ name, text: readFileSync(path.join(parentPath, name), 'utf8') }));

  it('says nothing that steers the terminal, whichever command and stream, nor in a file', async () => {
    const { kubeconfig } = await start({
      objects: HOSTILE_OBJECTS,
      refuses: { '/apis/metrics.k8s.io': HOSTILE },
      context: HOSTILE,
    });
    const at = ['--kubeconfig', kubeconfig];
    const planned = await run(['plan', '--out', 'plan.json', ...at]);
    const commands = [
      ...['csv', 'markdown', 'html'].map((format) => ['plan', '--format', format]),
      ...['doctor', 'history', 'train', 'plan --json', 'history --out runs.jsonl'].map((words) => words.split(' ')),
      ...[['plan', '--context', `${HOSTILE}no`], ['apply', 'plan.json', '--yes'], [HOSTILE]],
    ];
    const said = [planned, ...(await Promise.all(commands.map((words) => run([...words, ...at]))))];
    for (const [index, { out, err }] of said.entries()) {
      assert.equal(out, plainText(out), commands[index - 1]?.join(' '));
      assert.equal(err, plainText(err), commands[index - 1]?.join(' '));
    }
    assert.equal(planned.code, 0, planned.err);
    assert.match(planned.out, /pwn-a/);
    const files = filesOf();
    assert.ok(files.some(({ name }) => name === 'plan.json') && files.some(({ name }) => name === 'since.json'));
    for (const { name, text } of files) assert.equal(text, plainText(text), name);
    // The plan is the cluster's to the letter all the same.
    const { snapshot } = JSON.parse(readFileSync(path.join(directory, 'plan.json'), 'utf8'));
    assert.ok(snapshot.cluster.startsWith(HOSTILE));
  });

  it('has the words of its programs and servers told plainly', async () => {
    const program = path.join(directory, 'login');
    await writeFile(
      program,
      `#!${process.execPath}\nprocess.stderr.write(${JSON.stringify(HOSTILE)}); process.exit(3);\n`,
    );
    chmodSync(program, 0o755);
    const { kubeconfig } = await start({ user: { exec: { command: './login', installHint: HOSTILE } } });
    for (const command of ['plan', 'doctor']) {
      const { code, out, err } = await run([command, '--kubeconfig', kubeconfig]);
      assert.ok(code !== 0, command);
      assert.equal(out + err, plainText(out + err), command);
      assert.match(out + err, /failed: by/, command);
    }
    await server!.close();
    const refusing = await start({ refuses: { '/api': `${HOSTILE}\nNext: stowage apply evil.json` } });
    const { out, err } = await run(['plan', '--kubeconfig', refusing.kubeconfig]);
    assert.equal(out + err, plainText(out + err));
    assert.doesNotMatch(err, /^Next:/m);
  });

  it('keeps the passwords of its addresses to itself', async () => {
    const proxy = { HTTP_PROXY: '', HTTPS_PROXY: '', http_proxy: '', https_proxy: '' };
    const { kubeconfig, address, authorizations } = await start({ login: `ann:${SECRET}`, objects: HOSTILE_OBJECTS });
    const prometheus = ['--prometheus', address.replace('//', `//bob:${SECRET}@`)];
    const at = ['--kubeconfig', kubeconfig, ...prometheus];
    const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`;
    const odd = ['--kubeconfig', kubeconfig, '--prometheus', `bob:${SECRET}@host:9090`];
    const planned = await run(['plan', '--out', 'plan.json', ...at], proxy);
    assert.equal(planned.code, 0, planned.err);
    const there = [
      ['plan', '--json', ...at],
      ['doctor', ...at],
      ['history', ...at],
      ['doctor', ...odd],
      ['plan', ...odd],
    ];
    const said = [planned, ...(await Promise.all(there.map((words) => run(words, proxy))))];
    said.push(await run(['apply', 'plan.json', '--yes', ...at], proxy));
    assert.deepEqual([...authorizations].sort(), [basic(`ann:${SECRET}`), basic(`bob:${SECRET}`)]);
    await server!.close();
    const url = `http://carl:${SECRET}@127.0.0.1:9`;
    const through = { ...proxy, HTTP_PROXY: url, http_proxy: url };
    said.push(...(await Promise.all([run(['plan', ...at], proxy), run(['doctor', ...at], through)])));
    for (const { out, err } of said) assertSecret(out + err);
    for (const { name, text } of filesOf()) assertSecret(text, name);
  });

  describe('whose plan or journal names a kubeconfig', () => {
    const ran = () => existsSync(path.join(directory, 'ran'));
    let evil: string;
    beforeEach(async () => {
      await writeFile(path.join(directory, 'pwn.sh'), '#!/bin/sh\ntouch "$(dirname "$0")/ran"\necho "{}"\n');
      chmodSync(path.join(directory, 'pwn.sh'), 0o755);
      await start({ user: { exec: { command: './pwn.sh', args: ['now'], env: [{ name: 'A', value: 'b' }] } } });
      evil = path.join(directory, 'kubeconfig');
    });

    /** Writes a plan and a journal as a stranger would. */
    async function plant(target: ClusterTarget): Promise<void> {
      await writeFile(path.join(directory, 'plan.json'), JSON.stringify(planOn(target)));
      await rm(path.join(directory, '.stowage'), { recursive: true, force: true });
      const journal = await openJournal(path.join(directory, '.stowage'));
      await journal.append({ type: 'begin', planId: 'p', atSeconds: 1, cluster: 'c', target, moves: [RESIZE] });
      await journal.close();
    }

    const COMMANDS = [['apply', 'plan.json', '--yes'], ['apply', 'plan.json'], ['apply'], ['undo', '--yes'], ['undo']];

    it('that is not your own is refused with what it would run and what to pass', async () => {
      const own = path.join(directory, 'own');
      await writeFile(own, '{}');
      for (const [kubeconfig, commands] of [
        [evil, COMMANDS],
        ['kubeconfig', COMMANDS.slice(0, 1)],
        ['./x/../kubeconfig', COMMANDS.slice(0, 1)],
        [`${own}${path.delimiter}${evil}`, COMMANDS.slice(2, 3)],
      ] as const) {
        await plant({ kind: 'kubernetes', kubeconfig, context: 'made' });
        for (const words of commands) {
          const { code, err } = await run(words, { KUBECONFIG: own });
          assert.deepEqual([code, ran()], [2, false], `${words.join(' ')}: ${err}`);
          for (const part of ['kubeconfig', '"A=b ', 'pwn.sh now"', server!.address, '--kubeconfig ', 'not your own'])
            assert.ok(err.includes(part), `${part} in ${err}`);
          assert.equal(err.trim().split('\n').length, 1, err);
        }
      }
    });

    it('that is your own, or that you name, is opened as ever', async () => {
      for (const [words, env] of [
        [['apply', 'plan.json', '--yes'], { KUBECONFIG: evil }],
        [['apply', 'plan.json', '--yes', '--kubeconfig', evil], {}],
        [['undo', '--yes', '--kubeconfig', evil], {}],
        [['apply'], { KUBECONFIG: evil }],
      ] as const) {
        await plant({ kind: 'kubernetes', kubeconfig: evil, context: 'made' });
        await rm(path.join(directory, 'ran'), { force: true });
        const { err } = await run(words, env);
        assert.match(err, /gave neither a token nor a certificate/, words.join(' '));
        assert.ok(ran(), words.join(' '));
      }
    });

    it('is asked about on a terminal, whatever --yes says, and no is no', async () => {
      await plant({ kind: 'kubernetes', kubeconfig: evil, context: 'made' });
      const line = `"${process.execPath}" "${BUILT}" apply plan.json --yes`;
      const ask = (answer: string) =>
        new Promise<string>((resolve) => {
          const env = { ...process.env, HOME: directory, KUBECONFIG: path.join(directory, 'none') };
          const child = execFile('script', ['-qec', line, '/dev/null'], { cwd: directory, env }, (_, out) =>
            resolve(out),
          );
          child.stdout!.on('data', (text: string) => {
            if (text.includes('[y/N]')) child.stdin!.write(`${answer}\n`);
          });
        });
      const refused = await ask('n');
      assert.match(refused, /not your own: .*pwn\.sh now"\.\r\n.*Open it\? \[y\/N\].*Nothing was changed\./s);
      assert.equal(ran(), false);
      assert.match(await ask('y'), /gave neither a token/);
      assert.equal(ran(), true);
    });

    it('that is no target at all is a damaged plan, and nothing of the journal', async () => {
      for (const target of [
        null,
        'x',
        { kind: 'kubernetes', kubeconfig: ['evil'] },
        { kind: 'other' },
        { kind: 'sample' },
      ]) {
        const plan = planOn(target as unknown as ClusterTarget);
        assert.throws(() => parsePlan(plan, sha256), /^InputError: The plan is damaged: target missing or broken/);
      }
      await plant({ kind: 'kubernetes', context: {} } as unknown as ClusterTarget);
      for (const command of ['apply', 'undo']) {
        const { code, err } = await run([command, '--yes']);
        assert.equal(code, 2, err);
        assert.match(err, /^Line 1 of the journal .* cannot be read/);
      }
    });

    it('or a sample that lives elsewhere, writes nothing there', async () => {
      const elsewhere = path.join(directory, 'elsewhere');
      await plant({ kind: 'sample', seed: 7, directory: elsewhere });
      for (const words of [['apply', 'plan.json', '--yes'], ['apply'], ['undo', '--yes']]) {
        const { code, err } = await run(words);
        assert.equal(code, 2, err);
        assert.match(err, /elsewhere/);
      }
      assert.equal(existsSync(elsewhere), false);
    });
  });
});

function assertSecret(text: string, name = text): void {
  for (const form of [
    SECRET,
    ...['ann', 'bob', 'carl'].map((user) => Buffer.from(`${user}:${SECRET}`).toString('base64')),
  ])
    assert.ok(!text.includes(form), name);
}

const RESIZE: Resize = {
  ...{ kind: 'resize', id: 'resize default/a', direction: 'shrink' },
  task: { id: 'default/a', uid: 'u', generation: 1, node: 'n' },
  ...{ from: amounts(4, 4), to: amounts(2, 4), request: amounts(4, 4) },
};

function planOn(target: ClusterTarget): Plan {
  const snapshot = {
    ...{ cluster: 'c', takenAtSeconds: 1, digest: 'd', problems: [], triggers: [], candidates: [] },
    counts: { nodes: 1, running: 1, pending: 0, ending: 0, measured: 1, blockedLeftOut: 0 },
    unresized: { betweenThresholds: 0, fewReadings: 0, noUsage: 0, bestEffort: 0 },
  };
  const draft = {
    ...{ snapshot, rules: planRules(DEFAULT_SETTINGS), predictor: { name: 'baselines', tasks: 0, chosen: {} } },
    ...{ placements: [], resizes: [], migrations: [], moves: [RESIZE], since: {} },
  };
  return finishPlan(draft, sha256, { target });
}
