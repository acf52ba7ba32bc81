import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';

/** What stands between a client and the API server, and how ill it behaves at the moment. */
export type FaultyServer = {
  readonly url: string;
  /** Answers of this many coming requests are `status` instead of what the server says. */
  refuse(status: number, requests: number): void;
  /**
   * So many coming writes, dry runs left out, are done, and their answer is `status` in place of the server's: a gateway
   * that lost patience. 0: the connection is cut. `of`: only those whose path fits.
   */
  loseWrites(status: number, writes: number, of?: RegExp): void;
  /** Ends all answers under way in the middle, as a lost network does. */
  cut(): void;
  /** Waits this long before each piece of an answer. */
  slowDown(milliseconds: number): void;
  /** Sends a watch event that says its history is too old, on all watches under way. */
  expireWatches(): void;
  close(): Promise<void>;
};

/** Passes plain HTTP on to an API server, with its client certificate, and with the faults asked for. */
export async function startFaultyServer(
  target: string,
  tls: { readonly ca: string; readonly cert: string; readonly key: string },
): Promise<FaultyServer> {
  const agent = new Agent({ connect: tls });
  const open = new Set<{ readonly response: ServerResponse; readonly isWatch: boolean }>();
  let refusing = { status: 0, requests: 0 };
  let losing = { status: 0, writes: 0, of: /./ };
  let delay = 0;

  function answer(response: ServerResponse, code: number): void {
    response.writeHead(code, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ kind: 'Status', code, reason: 'Made', message: 'made by the test' }));
  }

  async function pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (refusing.requests > 0) {
      refusing.requests -= 1;
      return answer(response, refusing.status);
    }
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { host: _, connection: __, ...headers } = incoming.headers;
    const answered = await request(target + incoming.url, {
      method: incoming.method as 'GET',
      headers,
      dispatcher: agent,
      bodyTimeout: 0,
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    });
    const { method, url = '' } = incoming;
    if (losing.writes > 0 && method === 'PATCH' && !url.includes('dryRun=') && losing.of.test(url)) {
      losing.writes -= 1;
      await answered.body.dump();
      if (losing.status === 0) response.destroy();
      else answer(response, losing.status);
      return;
    }
    const { 'transfer-encoding': ___, 'content-length': ____, ...kept } = answered.headers;
    response.writeHead(answered.statusCode, kept as Record<string, string>);
    const entry = { response, isWatch: incoming.url?.includes('watch=true') ?? false };
    open.add(entry);
    response.on('close', () => {
      open.delete(entry);
      answered.body.destroy();
    });
    try {
      for await (const chunk of answered.body) {
        if (delay > 0) await pause(delay);
        if (response.destroyed) return;
        response.write(chunk);
      }
      response.end();
    } catch {
      response.destroy();
    }
  }

  const server: Server = createServer((incoming, response) => {
    pass(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refuse(status, requests) {
      refusing = { status, requests };
    },
    loseWrites(status, writes, of = /./) {
      losing = { status, writes, of };
    },
    cut() {
      for (const { response } of open) response.destroy();
    },
    slowDown(milliseconds) {
      delay = milliseconds;
    },
    expireWatches() {
      const event = { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } };
      for (const { response, isWatch } of open) if (isWatch) response.write(`${JSON.stringify(event)}\n`);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await agent.destroy();
    },
  };
}
