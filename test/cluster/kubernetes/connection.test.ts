import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ApiError, ClusterUnreachable } from '../../../src/cluster/errors.ts';
import {
  Connection,
  type ConnectionOptions,
  type RequestOptions,
} from '../../../src/cluster/kubernetes/api/connection.ts';
import { readContext } from '../../../src/cluster/kubernetes/api/kubeconfig.ts';
import { METADATA_FIELDS } from '../../../src/cluster/kubernetes/watch/fields.ts';
import type { Unreachable } from '../../../src/core/model/failure.ts';
import { startProxy } from './proxy.ts';

describe('the connection to an API server', () => {
  let server: Server;
  let folder: string;
  let connection: Connection;
  let requests: string[];
  let answer: (request: IncomingMessage, response: ServerResponse, number: number) => void;

  beforeEach(async () => {
    requests = [];
    server = createServer((request, response) => {
      requests.push(request.url ?? '');
      answer(request, response, requests.length);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    folder = mkdtempSync(join(tmpdir(), 'stowage-connection-'));
    connection = connect(port(), {});
  });
  afterEach(async () => {
    await connection.close();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  function connect(port: number, user: object, options: ConnectionOptions = {}, cluster: object = {}): Connection {
    return new Connection(readContext(writeConfig(port, user, cluster)), options);
  }

  function writeConfig(port: number, user: object, more: object = {}, where = folder): string {
    const path = join(where, 'config');
    const cluster = { server: `http://127.0.0.1:${port}`, ...more };
    writeFileSync(
      path,
      JSON.stringify({
        'current-context': 'here',
        contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
        clusters: [{ name: 'c', cluster }],
        users: [{ name: 'u', user }],
      }),
    );
    return path;
  }

  const port = () => (server.address() as AddressInfo).port;

  it('reads a list in pages, and begins again when a page has expired', async () => {
    answer = (request, response, number) => {
      const next = new URL(request.url!, 'http://x').searchParams.get('continue');
      if (number === 2) return fail(response, 410, 'Expired', 'too old');
      const items = [{ metadata: { name: next ?? 'first' } }];
      reply(response, {
        items,
        metadata: next ? { resourceVersion: '7' } : { continue: 'second', resourceVersion: '7' },
      });
    };
    let names: string[] = [];
    const version = await connection.list(
      '/api/v1/pods',
      (page) => {
        for (const { metadata } of page) names.push(metadata?.name ?? '');
      },
      {
        onRestart: () => {
          names = [];
        },
      },
    );
    assert.deepEqual([version, names], ['7', ['first', 'second']]);
  });

  it('tries a read again when the server is busy or fails, and no write but one that was not begun', async () => {
    const statuses = [429, 500, 200];
    answer = (_, response, number) => {
      const status = statuses[number - 1]!;
      if (status === 200) reply(response, { kind: 'done' });
      else fail(response, status, 'Busy', 'later');
    };
    assert.deepEqual(await connection.send('/read'), { kind: 'done' });
    assert.equal(requests.length, 3);
    requests = [];
    answer = (_, response) => fail(response, 500, 'InternalError', 'broken');
    await assert.rejects(
      connection.send('/write', { method: 'PATCH', body: {} }),
      (error) => error instanceof ApiError,
    );
    assert.equal(requests.length, 1);
  });

  it('tries a dry run again as it does a read: it has written nothing', async () => {
    answer = (_, response, number) =>
      number < 3 ? fail(response, 503, 'ServiceUnavailable', 'later') : reply(response, { kind: 'done' });
    const query = { dryRun: 'All' };
    assert.deepEqual(await connection.send('/write', { method: 'PATCH', body: {}, query }), { kind: 'done' });
    assert.equal(requests.length, 3);
  });

  it('asks no sooner than the server wants to be asked, in seconds or by its clock', async () => {
    const inASecond = () => ({
      date: 'Sat, 28 Nov 2026 22:00:00 GMT', // an hour or a year away from ours: only the difference counts
      'retry-after': 'Sat, 28 Nov 2026 22:00:01 GMT',
    });
    const cases: [string, RequestOptions, number, Record<string, string>][] = [
      ['a read', {}, 503, { 'retry-after': '1' }],
      ['a read', {}, 429, inASecond()],
      ['a write that was not begun', { method: 'PATCH', body: {} }, 429, { 'retry-after': '1' }],
      ['a dry run', { method: 'PATCH', body: {}, query: { dryRun: 'All' } }, 500, { 'retry-after': '1' }],
    ];
    await Promise.all(
      cases.map(async ([what, options, status, headers], index) => {
        const path = `/${index}`;
        let isBusy = true;
        const busy = createServer((_, response) => {
          if (!isBusy) return reply(response, { kind: 'done' });
          isBusy = false;
          for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
          fail(response, status, 'Busy', 'later');
        });
        await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
        const own = mkdtempSync(join(tmpdir(), 'stowage-busy-'));
        const other = new Connection(readContext(writeConfig((busy.address() as AddressInfo).port, {}, {}, own)));
        const from = performance.now();
        assert.deepEqual(await other.send(path, options), { kind: 'done' }, what);
        const seconds = (performance.now() - from) / 1000;
        assert.ok(seconds >= 1 && seconds < 5, `${what} came again after ${seconds} s`);
        await other.close();
        busy.closeAllConnections();
        busy.close();
        rmSync(own, { recursive: true });
      }),
    );
  });

  it('fails at once where the server wants to be left alone for long, and says how long', async () => {
    for (const [said, seconds] of [
      ['31', 31],
      ['86400000', 3600],
      ['Sat, 28 Nov 2026 22:10:00 GMT', 600],
    ] as const) {
      requests = [];
      answer = (_, response) => {
        response.setHeader('date', 'Sat, 28 Nov 2026 22:00:00 GMT');
        response.setHeader('retry-after', said);
        fail(response, 503, 'ServiceUnavailable', 'upgrade');
      };
      await assert.rejects(connection.send('/x'), { status: 503, retryAfterSeconds: seconds });
      assert.equal(requests.length, 1);
    }
  });

  it('passes over a time to come again that is none', async () => {
    for (const said of ['', 'soon', 'NaN']) {
      requests = [];
      answer = (_, response) => {
        response.setHeader('retry-after', said);
        fail(response, 503, 'ServiceUnavailable', 'later');
      };
      await assert.rejects(connection.send('/x'), { status: 503, retryAfterSeconds: undefined });
      assert.equal(requests.length, 4);
    }
  });

  it('does not try an exhausted disruption budget again: that 429 is an answer', async () => {
    const causes = [{ reason: 'DisruptionBudget', message: 'needs 2 healthy pods and has 2' }];
    answer = (_, response) => fail(response, 429, 'TooManyRequests', 'Cannot evict', causes);
    await assert.rejects(connection.send('/evict', { method: 'POST', body: {} }), { name: 'ApiError', status: 429 });
    assert.equal(requests.length, 1);
  });

  it('tells why: the credentials are not taken, there is no API server, nothing listens', async () => {
    answer = (_, response) => fail(response, 401, 'Unauthorized', 'Unauthorized');
    await unreachable(connection.send('/x'), {
      code: 'credentialsRefused',
      context: 'here',
      message: 'Unauthorized',
    });
    answer = (_, response) => response.end('<html>Welcome to the hotel</html>');
    await unreachable(connection.send('/x'), { code: 'notKubernetes', path: '/x', form: 'json' });
    const closed = connect(1, {});
    await unreachable(closed.send('/x'), { code: 'refusesConnections', server: 'http://127.0.0.1:1' });
    await closed.close();
  });

  it('ends with the reason of a signal, before, while and between tries', async () => {
    answer = () => {}; // never answers
    const reason = new Error('context switched');
    await assert.rejects(connection.send('/x', { signal: AbortSignal.abort(reason) }), reason);
    const end = new AbortController();
    setTimeout(() => end.abort(reason), 50);
    await assert.rejects(connection.send('/x', { signal: end.signal }), reason);
    const between = new AbortController();
    answer = (_, response) => {
      response.setHeader('retry-after', '2');
      fail(response, 503, 'ServiceUnavailable', 'later');
      response.once('finish', () => setTimeout(() => between.abort(reason), 50));
    };
    await assert.rejects(connection.send('/x', { signal: between.signal }), reason);
  });

  it('does not wait for a credential program longer than it is wanted to', async () => {
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sleep', args: ['30'] };
    const slow = connect(port(), { exec });
    const reason = new Error('cancelled');
    const end = new AbortController();
    setTimeout(() => end.abort(reason), 50);
    await assert.rejects(slow.send('/x', { signal: end.signal }), reason);
    const waiting = unreachable(slow.send('/x'), { code: 'noCredentials' });
    await slow.close(); // ends the program, and who still waits for it
    await waiting;
  });

  it('gives a watch line by line, however its bytes are cut', async () => {
    answer = (_, response) => {
      const bytes = Buffer.from('{"type":"ADDED","object":{"metadata":{"name":"größer"}}}\n{"type":"BOOKMARK"}\n');
      response.write(bytes.subarray(0, 43)); // in the middle of a letter
      setTimeout(() => response.end(bytes.subarray(43)), 20);
    };
    const lines: string[] = [];
    for await (const line of connection.lines('/watch', {}, 5000)) lines.push(line);
    assert.deepEqual(lines, ['{"type":"ADDED","object":{"metadata":{"name":"größer"}}}', '{"type":"BOOKMARK"}']);
  });

  it('takes up credentials that change in the kubeconfig, and none of a file that is half written', async () => {
    await connection.close();
    const tokens: (string | undefined)[] = [];
    answer = (request, response) => {
      tokens.push(request.headers.authorization);
      reply(response, {});
    };
    connection = connect(port(), { token: 'old' });
    await connection.send('/x');
    writeFileSync(join(folder, 'config'), 'apiVersion: v1\nclusters: [');
    await pause(300);
    await connection.send('/x');
    writeConfig(port(), { token: 'new' });
    await pause(300);
    await connection.send('/x');
    assert.deepEqual(tokens, ['Bearer old', 'Bearer old', 'Bearer new']);
  });

  it('reads the kubeconfig again when its credentials are refused', async () => {
    await connection.close();
    connection = connect(port(), { token: 'old' });
    answer = (request, response) => {
      if (request.headers.authorization === 'Bearer new') return reply(response, { kind: 'done' });
      writeConfig(port(), { token: 'new' });
      fail(response, 401, 'Unauthorized', 'Unauthorized');
    };
    assert.deepEqual(await connection.send('/x'), { kind: 'done' });
  });

  it('asks no further when its context has come to name another server', async () => {
    answer = (_, response) => reply(response, {});
    await connection.send('/x');
    writeConfig(1, {});
    await pause(300);
    await unreachable(connection.send('/x'), {
      code: 'otherServer',
      server: `http://127.0.0.1:${port()}`,
      now: 'http://127.0.0.1:1',
    });
    assert.equal(requests.length, 1);
  });

  it('goes through the proxy it is given, but for its exceptions, and through the kubeconfig’s before that', async () => {
    answer = (_, response) => reply(response, {});
    const [editor, own] = [await startProxy(), await startProxy()];
    try {
      const through = async (options: ConnectionOptions, cluster = {}) => {
        const proxied = connect(port(), {}, options, cluster);
        await proxied.send('/x').finally(() => proxied.close());
        return [editor.passed().length, own.passed().length];
      };
      assert.deepEqual(await through({}), [0, 0]);
      assert.deepEqual(await through({ proxy: { url: editor.url, except: '' } }), [1, 0]);
      assert.deepEqual(await through({ proxy: { url: editor.url, except: '10.0.0.1,127.0.0.1' } }), [1, 0]);
      assert.deepEqual(await through({ proxy: { url: editor.url } }, { 'proxy-url': own.url }), [1, 1]);
      process.env['HTTP_PROXY'] = own.url;
      assert.deepEqual(await through({}), [1, 2]);
      process.env['NO_PROXY'] = '127.0.0.1';
      assert.deepEqual(await through({}), [1, 2]);
      assert.equal(requests.length, 6);
    } finally {
      delete process.env['HTTP_PROXY'];
      delete process.env['NO_PROXY'];
      editor.close();
      own.close();
    }
  });

  it('says which part the proxy has in it when the cluster cannot be reached through one', async () => {
    const refusing = createServer().on('connect', (_, socket) => socket.end('HTTP/1.1 407 No\r\n\r\n'));
    await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
    const working = await startProxy();
    const cases: [string, Partial<Unreachable>][] = [
      [`http://127.0.0.1:${(refusing.address() as AddressInfo).port}`, { code: 'proxyAnswer', status: 407 }],
      [working.url, { code: 'proxy', message: 'other side closed' }],
      ['http://127.0.0.1:1', { code: 'proxy', message: 'connect ECONNREFUSED 127.0.0.1:1' }],
    ];
    try {
      for (const [url, why] of cases) {
        const proxied = connect(port(), {}, { proxy: { url, except: '' } }, { server: 'https://127.0.0.1:2' });
        await unreachable(proxied.send('/x'), why);
        await proxied.close();
      }
    } finally {
      refusing.closeAllConnections();
      refusing.close();
      working.close();
    }
  });

  it('gives a proxy up that does not answer', async () => {
    const silent = createServer().on('connect', () => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const proxied = connect(port(), {}, { proxy: { url, except: '' } }, { server: 'https://127.0.0.1:1' });
    try {
      await unreachable(proxied.send('/x'), { code: 'noAnswer' });
    } finally {
      silent.closeAllConnections();
      silent.close();
      await proxied.close();
    }
  });

  it('reads a binary answer by its tables, an error in that form too, and tells of bytes that are none', async () => {
    const send = (response: ServerResponse, status: number, bytes: Buffer) => {
      response.writeHead(status, { 'content-type': 'application/vnd.kubernetes.protobuf' });
      response.end(bytes);
    };
    const names: (string | undefined)[] = [];
    const list = () =>
      connection.list(
        '/api/v1/namespaces',
        (page) => {
          for (const { metadata } of page) names.push(metadata?.name);
        },
        { fields: METADATA_FIELDS },
      );
    // the envelope, then a list of two: each an object with metadata with a name, and a field nobody asks for
    const object = (name: string) =>
      field(2, Buffer.concat([field(1, field(1, Buffer.from(name))), field(9, Buffer.alloc(300))]));
    const metadata = field(1, field(2, Buffer.from('77')));
    answer = (_, response) => send(response, 200, enveloped(Buffer.concat([metadata, object('ana'), object('größe')])));
    assert.equal(await list(), '77');
    assert.deepEqual(names, ['ana', 'größe']);
    const status = Buffer.concat([field(3, Buffer.from('pods is forbidden')), field(4, Buffer.from('Forbidden'))]);
    answer = (_, response) => send(response, 403, enveloped(status));
    await assert.rejects(list(), { name: 'ApiError', status: 403, reason: 'Forbidden', message: 'pods is forbidden' });
    for (const broken of [Buffer.from('k8s'), Buffer.from('<html>'), enveloped(object('cut')).subarray(0, 40)]) {
      answer = (_, response) => send(response, 200, broken);
      await unreachable(list(), { code: 'notKubernetes', form: 'protobuf' });
    }
  });

  it('takes the server’s clock where it differs', async () => {
    answer = (_, response) => {
      response.setHeader('date', new Date(Date.now() + 3600_000).toUTCString());
      reply(response, {});
    };
    await connection.send('/x');
    assert.ok(Math.abs(connection.nowSeconds() - Date.now() / 1000 - 3600) < 5);
  });
});

function reply(response: ServerResponse, body: object): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}

function fail(response: ServerResponse, code: number, reason: string, message: string, causes: object[] = []): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ kind: 'Status', code, reason, message, details: { causes } }));
}

/** A field of protobuf's wire format that has a length. */
function field(number: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : [(length & 127) | 128, length >> 7];
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...size]), content]);
}

function enveloped(object: Buffer): Buffer {
  return Buffer.concat([Buffer.from('k8s\0'), field(2, object)]);
}

async function unreachable(work: Promise<unknown>, why: Partial<Unreachable>): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof ClusterUnreachable);
    assert.partialDeepStrictEqual(error.why, why);
    return true;
  });
}
