import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { parse } from 'yaml';
import type { TestCluster } from '../cluster.ts';

/** A Kubernetes object as it comes: only what is asked of it is known. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads what the server answers, and fails where that is not there
export type Json = { readonly [name: string]: any };

export type Reply = { readonly status: number; readonly body: Json };

const PATCHES = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

const PATIENCE_MILLISECONDS = 120_000;

/**
 * The way to the API server of those who may do everything: the storm's users, and its oracle. It speaks to the server
 * itself, past the proxy and past Stowage. While the server is restarted it waits, so that what a user has written is
 * always known.
 */
export class Admin {
  readonly server: string;
  readonly authority: string;
  readonly #test: TestCluster;
  readonly #agent: Agent;
  readonly #underWay = new Set<Promise<unknown>>();
  #restarted: Promise<void> = Promise.resolve();

  constructor(test: TestCluster) {
    const config = parse(readFileSync(test.kubeconfigPath, 'utf8'));
    const decoded = (text: string) => Buffer.from(text, 'base64').toString();
    const { user } = config.users[0];
    this.#test = test;
    this.server = test.server;
    this.authority = decoded(config.clusters[0].cluster['certificate-authority-data']);
    const cert = decoded(user['client-certificate-data']);
    const key = decoded(user['client-key-data']);
    this.#agent = new Agent({ connect: { ca: this.authority, cert, key } });
  }

  /** Asked again for a while where a loaded server has no answer. */
  async get(path: string): Promise<Reply> {
    for (const end = Date.now() + PATIENCE_MILLISECONDS; ; await pause(500)) {
      const reply = await this.send('GET', path).catch((error: Error) => error);
      const isAnswer = !(reply instanceof Error) && reply.status < 500 && reply.status !== 429;
      if (isAnswer) return reply;
      if (Date.now() < end) continue;
      if (reply instanceof Error) throw reply;
      return reply;
    }
  }

  /** The objects of a list. @throws Error when the server refuses it */
  async list(path: string): Promise<Json[]> {
    const { status, body } = await this.get(path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${body['message']}`);
    return body['items'];
  }

  /** @throws Error when the server refuses it */
  async create(path: string, body: object): Promise<Json> {
    const reply = await this.send('POST', path, body);
    if (reply.status >= 300) throw new Error(`POST ${path}: ${reply.status} ${reply.body['message']}`);
    return reply.body;
  }

  patch(path: string, type: keyof typeof PATCHES, body: object): Promise<Reply> {
    return this.send('PATCH', path, body, PATCHES[type]);
  }

  send(method: Method, path: string, body?: object, type = 'application/json'): Promise<Reply> {
    return this.whileUp(() => this.#ask(method, path, body, type));
  }

  /** Does something while the server is not restarted. */
  async whileUp<T>(work: () => Promise<T>): Promise<T> {
    for (let isUp = this.#restarted; ; isUp = this.#restarted) {
      await isUp;
      if (isUp === this.#restarted) break;
    }
    const working = work();
    this.#underWay.add(working);
    try {
      return await working;
    } finally {
      this.#underWay.delete(working);
    }
  }

  /** Kills the API server once nothing of ours is under way; resolves when it is ready again. */
  async restartServer(): Promise<void> {
    const before = this.#restarted;
    this.#restarted = before.then(async () => {
      await Promise.allSettled(this.#underWay);
      await this.#test.restartApiServer();
    });
    await this.#restarted;
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #ask(method: Method, path: string, body: object | undefined, type: string): Promise<Reply> {
    const { statusCode, body: answer } = await request(this.server + path, {
      method,
      dispatcher: this.#agent,
      headers: body === undefined ? {} : { 'content-type': type },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: statusCode, body: (await answer.json()) as Json };
  }
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
