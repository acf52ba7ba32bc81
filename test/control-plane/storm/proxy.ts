import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Fault, FaultKind } from './roundPlan.ts';

/** What was done to which request. `early`: it came again before the time that a `Retry-After` had named. */
export type Hit = { readonly kind: FaultKind | 'early'; readonly request: string };

type Armed = { readonly fault: Fault; hits: number };

const SLOW_MILLISECONDS = 2500;

/**
 * Stands between the machines and the API server, by plain HTTP, and does to some requests what a network, a load
 * balancer or a busy server does.
 */
export class FaultyProxy {
  readonly #server: Server;
  readonly #agent: Agent;
  readonly #to: string;
  readonly #onHit: (hit: Hit) => void;
  /** Until when a client was told to stay away from a path. */
  readonly #awayUntil = new Map<string, number>();
  #armed: Armed[] = [];
  #began = 0;

  constructor(to: string, authority: string, onHit: (hit: Hit) => void) {
    this.#to = to;
    this.#agent = new Agent({ connect: { ca: authority } });
    this.#onHit = onHit;
    this.#server = createServer((asked, answer) => void this.#serve(asked, answer));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Begins the time in which faults happen. */
  begin(faults: readonly Fault[]): void {
    this.#began = Date.now();
    this.#armed = faults.map((fault) => ({ fault, hits: 0 }));
  }

  calm(): void {
    this.#armed = [];
  }

  /** A new process of this client knows nothing of what an earlier one was told. */
  forget(authorization: string): void {
    for (const key of this.#awayUntil.keys()) if (key.startsWith(`${authorization} `)) this.#awayUntil.delete(key);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await this.#agent.destroy();
  }

  async #serve(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = asked;
    try {
      const body = await buffer(asked);
      const client = `${headers.authorization} ${method} ${url}`;
      if ((this.#awayUntil.get(client) ?? 0) > Date.now()) this.#onHit({ kind: 'early', request: `${method} ${url}` });
      const fault = this.#take(method, url);
      if (fault) this.#onHit({ kind: fault, request: `${method} ${url}` });
      if (fault === 'throttle') this.#awayUntil.set(client, Date.now() + 1000 * RETRY_AFTER_SECONDS - 50);
      await this.#answer({ method, url, headers, body }, answer, fault);
    } catch {
      answer.destroy(); // the server is away, or the client has gone
    }
  }

  /** The fault that this request meets, if any. */
  #take(method: string, url: string): FaultKind | undefined {
    const passed = Date.now() - this.#began;
    const isWrite = method === 'PATCH' && !url.includes('dryRun=All');
    const armed = this.#armed.find(({ fault, hits }) => {
      const { on, atMilliseconds, forMilliseconds } = fault;
      const isDue = passed >= atMilliseconds && passed < atMilliseconds + forMilliseconds && hits < fault.hits;
      return isDue && (on === 'any' || (on === 'write' ? isWrite : method !== 'PATCH'));
    });
    if (!armed) return undefined;
    armed.hits += 1;
    return armed.fault.kind;
  }

  async #answer(asked: Asked, answer: ServerResponse, fault: FaultKind | undefined): Promise<void> {
    const refusal = fault && REFUSALS[fault];
    if (refusal) {
      const { status, reason, message } = refusal;
      const headers = status === 429 ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {};
      const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status, reason, message };
      answer.writeHead(status, { ...headers, 'content-type': 'application/json' }).end(JSON.stringify(body));
      return;
    }
    if (fault === 'cut') {
      answer.destroy();
      return;
    }
    const { status, headers, body } = await this.#forward(asked);
    switch (fault) {
      case 'cutAfterWrite':
        answer.destroy();
        return;
      case 'failAfterWrite':
        answer.writeHead(504, { 'content-type': 'text/plain' }).end('stream timeout');
        return;
      case 'truncate':
        answer.writeHead(status, { ...headers, 'content-length': body.length });
        answer.write(body.subarray(0, body.length / 2), () => answer.destroy());
        return;
      case 'slow':
        answer.writeHead(status, { ...headers, 'content-length': body.length });
        answer.write(body.subarray(0, body.length / 2));
        await pause(SLOW_MILLISECONDS);
        answer.end(body.subarray(body.length / 2));
        return;
      default:
        answer.writeHead(status, headers).end(body);
    }
  }

  async #forward({ method, url, headers, body }: Asked) {
    const { host: _, connection: __, ...passed } = headers;
    const answered = await request(this.#to + url, {
      method: method as 'GET',
      headers: passed,
      dispatcher: this.#agent,
      ...(body.length > 0 && { body }),
    });
    const type = String(answered.headers['content-type'] ?? 'application/json');
    return {
      status: answered.statusCode,
      headers: { 'content-type': type },
      body: Buffer.from(await answered.body.arrayBuffer()),
    };
  }
}

type Asked = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
};

const RETRY_AFTER_SECONDS = 2;

/** Answers that the server, or what stands before it, gives in place of doing what it was asked. */
const REFUSALS: Partial<Record<FaultKind, { status: number; reason: string; message: string }>> = {
  fail: { status: 500, reason: 'InternalError', message: 'etcdserver: request timed out' },
  outage: { status: 503, reason: 'ServiceUnavailable', message: 'apiserver not ready' },
  throttle: { status: 429, reason: 'TooManyRequests', message: 'too many requests, please try again later' },
  forbid: { status: 403, reason: 'Forbidden', message: 'forbidden: User "tenant" cannot do this: RBAC: not found' },
  conflict: { status: 409, reason: 'Conflict', message: 'the object has been modified; please apply your changes' },
};
