import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ClusterUnreachable } from '../../src/cluster/cluster.ts';
import { ApiError, Connection } from '../../src/cluster/kubernetes/connection.ts';
import { readContext } from '../../src/cluster/kubernetes/kubeconfig.ts';

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
    connection = connect((server.address() as AddressInfo).port, {});
  });
  afterEach(async () => {
    await connection.close();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  function connect(port: number, user: object): Connection {
    const path = join(folder, 'config');
    const cluster = { server: `http://127.0.0.1:${port}` };
    writeFileSync(
      path,
      JSON.stringify({
        'current-context': 'here',
        contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
        clusters: [{ name: 'c', cluster }],
        users: [{ name: 'u', user }],
      }),
    );
    return new Connection(readContext(path));
  }

  it('reads a list in pages, and begins anew when a page has expired', async () => {
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

  it('does not try an exhausted disruption budget again: that 429 is an answer', async () => {
    const causes = [{ reason: 'DisruptionBudget', message: 'needs 2 healthy pods and has 2' }];
    answer = (_, response) => fail(response, 429, 'TooManyRequests', 'Cannot evict', causes);
    await assert.rejects(connection.send('/evict', { method: 'POST', body: {} }), { name: 'ApiError', status: 429 });
    assert.equal(requests.length, 1);
  });

  it('says what to do when the credentials are not taken, when there is no API server, and when nothing listens', async () => {
    answer = (_, response) => fail(response, 401, 'Unauthorized', 'Unauthorized');
    await unreachable(connection.send('/x'), /did not accept the credentials of context "here".*Log in/);
    answer = (_, response) => response.end('<html>Welcome to the hotel</html>');
    await unreachable(connection.send('/x'), /something other than JSON.*login page/);
    const closed = connect(1, {});
    await unreachable(closed.send('/x'), /127\.0\.0\.1:1 .*refuses connections\. Is the cluster running/);
    await closed.close();
  });

  it('ends with the reason of a signal, before, while and between tries', async () => {
    answer = () => {}; // never answers
    const reason = new Error('context switched');
    await assert.rejects(connection.send('/x', { signal: AbortSignal.abort(reason) }), reason);
    const end = new AbortController();
    setTimeout(() => end.abort(reason), 50);
    await assert.rejects(connection.send('/x', { signal: end.signal }), reason);
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

async function unreachable(work: Promise<unknown>, text: RegExp): Promise<void> {
  await assert.rejects(work, (error) => error instanceof ClusterUnreachable && text.test(error.message));
}
