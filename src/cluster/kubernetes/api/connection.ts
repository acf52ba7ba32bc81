import { delimiter } from 'node:path';
import { Agent, type Dispatcher, EnvHttpProxyAgent, Pool, ProxyAgent, request } from 'undici';
import { errorMessage } from '../../../core/model/errorMessage.ts';
import type { ConnectionFault, WhyUnreachable } from '../../../core/model/failure.ts';
import { ApiError, ClusterUnreachable } from '../../errors.ts';
import { CredentialSource, type Credentials, CredentialsMissing } from './credentials.ts';
import { followFiles } from './followFiles.ts';
import { type Context, readContext } from './kubeconfig.ts';
import type { ApiObject } from './objects.ts';
import { pause } from './pause.ts';
import { untilAborted } from './untilAborted.ts';
import { type ListMetadata, type Message, readPage, readStatus, WIRE_TYPE } from './wire.ts';

export type RequestOptions = {
  readonly method?: 'GET' | 'PATCH' | 'POST' | 'PUT' | 'DELETE';
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** Content type of the body; default JSON. */
  readonly contentType?: PatchType | 'application/json';
  /** Content types of the answer; default JSON. */
  readonly accept?: string;
  /** Where the answer's bytes are put; default: in space of its own. */
  readonly space?: Space;
  readonly signal?: AbortSignal | undefined;
};

type Answer = { readonly body: Buffer; readonly isBinary: boolean };
type Page<T> = { readonly metadata?: ListMetadata; readonly items?: Iterable<T> | null };

/** JSON merge patch replaces lists; strategic merge joins containers by their names. */
export type PatchType = 'application/merge-patch+json' | 'application/strategic-merge-patch+json';

export type ConnectionOptions = {
  /** For servers the kubeconfig names no proxy for; default: HTTPS_PROXY, HTTP_PROXY and NO_PROXY. */
  readonly proxy?: Proxy | undefined;
};

export type Proxy = {
  readonly url: string;
  /** Hosts that are reached without it, as NO_PROXY lists them; default: NO_PROXY. */
  readonly except?: string;
};

/** How long the first answer may take; a server that is known to be there may take longer when it is busy. */
const FIRST_ANSWER_MILLISECONDS = 10_000;
const ANSWER_MILLISECONDS = 30_000;
const ATTEMPTS = 4;
/** A request waits no longer than this for a server that asks to be left alone (`Retry-After`); then it fails. */
const LONGEST_PAUSE_SECONDS = 30;
/** What a server asks for beyond an hour is a mistake of its clock or its configuration. */
const LONGEST_RETRY_AFTER_SECONDS = 3600;
export const PAGE_SIZE = 500;
const JSON_TYPE = 'application/json';

/**
 * The way to one API server: one pool of connections, credentials with each request, and a code for each way to fail.
 *
 * It speaks to the server by undici. The generated clients of @kubernetes/client-node (2.0.1) take each answer as one
 * string of JSON and make objects of all of it, so that neither the binary form nor buffers that are there already can
 * be used; and what the server was too busy for they do not try again. What the entries of a kubeconfig mean, that
 * package knows: see `kubeconfig.ts`.
 */
export class Connection {
  readonly #proxy: Proxy | undefined;
  readonly #dispatchers = new Map<string, Dispatcher>();
  readonly #following = new AbortController();
  #context: Context;
  #credentials: CredentialSource;
  #moved: ClusterUnreachable | undefined;
  #clockAheadSeconds = 0;
  #answered = false;

  constructor(context: Context, options: ConnectionOptions = {}) {
    this.#context = context;
    this.#credentials = new CredentialSource(context);
    this.#proxy = options.proxy;
    followFiles(context.files, () => this.#readAgain(), this.#following.signal);
  }

  get context(): Context {
    return this.#context;
  }

  /** The server's clock, in epoch seconds, as far as its answers tell: to the second. */
  nowSeconds(): number {
    return Date.now() / 1000 + this.#clockAheadSeconds;
  }

  /** How far the server's clock is ahead of this machine's, in seconds. */
  get clockAheadSeconds(): number {
    return this.#clockAheadSeconds;
  }

  /**
   * One request, answered by JSON. Reads and dry runs are tried again when the server is too busy or failing, a write
   * only when the server has not begun it; none sooner than the server asks for.
   * @throws ApiError for an answer that is no success; ClusterUnreachable; the signal's reason when it is aborted
   */
  send<T = ApiObject>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.#ask(path, options, ({ body }) => this.#parse<T>(path, body));
  }

  /**
   * All objects of a list, page by page; each page's objects come as the server sent them, or with `fields` alone.
   * While one page is taken, the next is under way. A continue token that has expired begins the list again.
   * @param onPage takes a page's objects before it returns
   * @returns the resource version the list stands for
   */
  async list<T extends ApiObject>(
    path: string,
    onPage: (items: Iterable<T>) => void,
    options: {
      readonly query?: Record<string, string>;
      readonly fields?: Message | undefined;
      readonly signal?: AbortSignal | undefined;
      readonly onRestart?: () => void;
    } = {},
  ): Promise<string> {
    const { query, fields, signal, onRestart } = options;
    const spaces = [new Space(), new Space()]; // of the page that is taken, and of the next
    const ask = (next?: string) => {
      spaces.reverse();
      const request = { query: { ...query, limit: PAGE_SIZE, continue: next }, space: spaces[0]!, signal };
      const page = this.#page<T>(path, request, fields);
      page.catch(() => {}); // told where it is waited for
      return page;
    };
    let page = ask();
    for (let restarts = 0, next: string | undefined; ; ) {
      try {
        const { metadata = {}, items } = await page;
        next = metadata.continue || undefined;
        if (next) page = ask(next);
        onPage(items ?? []);
        if (!next) return metadata.resourceVersion ?? '';
      } catch (error) {
        const expired = error instanceof ApiError && error.status === 410 && next !== undefined;
        if (!expired || ++restarts > 3) throw error;
        next = undefined;
        page = ask();
        onRestart?.();
      }
    }
  }

  /**
   * An answer whose body comes line by line as it is sent: a watch. It ends when the server ends it, after
   * `silenceMilliseconds` without a byte, or with the signal.
   */
  async *lines(path: string, options: RequestOptions, silenceMilliseconds: number): AsyncGenerator<string> {
    const answer = await this.#open(path, options, silenceMilliseconds);
    if (answer.statusCode < 200 || answer.statusCode >= 300) {
      const body = Buffer.from(await answer.body.arrayBuffer());
      const error = apiError(answer, { body, isBinary: false });
      throw error.status === 401 ? this.#refusedCredentials(error) : error;
    }
    answer.body.setEncoding('utf8');
    let rest = '';
    try {
      for await (const chunk of answer.body as AsyncIterable<string>) {
        let from = 0;
        for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
          const line = rest + chunk.slice(from, end);
          rest = '';
          from = end + 1;
          if (line !== '') yield line;
        }
        rest += chunk.slice(from);
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      throw this.#failed(error);
    } finally {
      answer.body.destroy();
    }
  }

  /** Asks until an answer is final, and returns what `read` makes of it. */
  async #ask<T>(path: string, options: RequestOptions, read: (answer: Answer) => T): Promise<T> {
    const { method = 'GET', query } = options;
    const changesNothing = method === 'GET' || query?.['dryRun'] === 'All';
    for (let attempt = 1; ; attempt++) {
      try {
        const { statusCode, headers, body } = await this.#open(path, options, ANSWER_MILLISECONDS);
        const { space = new Space() } = options;
        const bytes = await this.#reading(() => space.read(body), options.signal);
        const answer = { body: bytes, isBinary: String(headers['content-type']).startsWith(WIRE_TYPE) };
        if (statusCode >= 200 && statusCode < 300) return read(answer);
        throw apiError({ statusCode, headers }, answer);
      } catch (error) {
        options.signal?.throwIfAborted();
        if (error instanceof ApiError && error.status === 401) throw this.#refusedCredentials(error);
        const asked = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) : 0;
        const repeatable = changesNothing ? isPassing(error) : error instanceof ApiError && error.isThrottle;
        if (!repeatable || attempt === ATTEMPTS || asked > LONGEST_PAUSE_SECONDS) throw error;
        const milliseconds = 1000 * asked + backoffMilliseconds(attempt);
        await pause(milliseconds, options.signal);
      }
    }
  }

  #page<T>(path: string, options: RequestOptions, fields: Message | undefined): Promise<Page<T>> {
    if (!fields) return this.send<Page<T>>(path, options);
    return this.#ask(path, { ...options, accept: `${WIRE_TYPE},application/json` }, ({ body, isBinary }) => {
      if (!isBinary) return this.#parse<Page<T>>(path, body);
      try {
        return readPage<T>(body, fields);
      } catch {
        throw this.#unreachable({ code: 'notKubernetes', path, form: 'protobuf' });
      }
    });
  }

  async close(): Promise<void> {
    this.#following.abort();
    this.#credentials.close();
    await this.#disconnect();
  }

  async #disconnect(): Promise<void> {
    const dispatchers = [...this.#dispatchers.values()];
    this.#dispatchers.clear();
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.destroy()));
  }

  async #open(path: string, options: RequestOptions, bodyTimeout: number): Promise<Dispatcher.ResponseData> {
    options.signal?.throwIfAborted();
    if (this.#moved) throw this.#moved;
    const first = await this.#attempt(path, options, bodyTimeout);
    if (first.statusCode !== 401) return first;
    await first.body.dump();
    this.#readAgain();
    this.#credentials.renew(); // a token may have been rotated, a plugin's answer withdrawn
    return this.#attempt(path, options, bodyTimeout);
  }

  async #attempt(path: string, options: RequestOptions, bodyTimeout: number): Promise<Dispatcher.ResponseData> {
    const { method = 'GET', query = {}, body, contentType = JSON_TYPE, accept = JSON_TYPE, signal } = options;
    const url = new URL(this.context.server + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return this.#reading(async () => {
      const credentials = await untilAborted(this.#credentials.read(), signal);
      const answer = await request(url, {
        method,
        headers: {
          ...credentials.headers,
          accept,
          'user-agent': 'stowage',
          ...(body === undefined ? {} : { 'content-type': contentType }),
        },
        dispatcher: this.#dispatcher(credentials),
        headersTimeout: this.#answered ? ANSWER_MILLISECONDS : FIRST_ANSWER_MILLISECONDS,
        bodyTimeout,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
      });
      this.#answered = true;
      this.#readClock(answer.headers['date']);
      return answer;
    }, signal);
  }

  /**
   * Takes over what has changed in the kubeconfig: credentials, certificates, proxy. A file that cannot be read,
   * perhaps because it is being written, changes nothing. One that names another server ends this connection: that is
   * another cluster.
   */
  #readAgain(): void {
    const { files, name, server } = this.#context;
    let context: Context;
    try {
      context = readContext(files.join(delimiter), name);
    } catch {
      return;
    }
    if (context.server === server) {
      this.#context = context;
      this.#credentials = new CredentialSource(context);
      return;
    }
    this.#moved ??= this.#unreachable({ code: 'otherServer', now: context.server });
    void this.#disconnect();
  }

  #dispatcher(credentials: Credentials): Dispatcher {
    const { proxyUrl } = this.#context.extra;
    const key = JSON.stringify([credentials.tls, proxyUrl]);
    const known = this.#dispatchers.get(key);
    if (known) return known;
    // Certificates were rotated: requests under way end on the old connections, new ones take the new.
    for (const old of this.#dispatchers.values()) void old.close();
    this.#dispatchers.clear();
    const dispatcher = makeDispatcher(credentials.tls, proxyUrl, this.#proxy);
    this.#dispatchers.set(key, dispatcher);
    return dispatcher;
  }

  #readClock(date: string | string[] | undefined): void {
    const server = typeof date === 'string' ? Date.parse(date) / 1000 : Number.NaN;
    if (Number.isNaN(server)) return;
    const ahead = server + 0.5 - Date.now() / 1000; // the header is cut to whole seconds
    if (Math.abs(ahead - this.#clockAheadSeconds) > 2) this.#clockAheadSeconds = Math.abs(ahead) > 2 ? ahead : 0;
  }

  async #reading<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#failed(error);
    }
  }

  #parse<T>(path: string, body: Buffer): T {
    try {
      return JSON.parse(body.toString()) as T;
    } catch {
      throw this.#unreachable({ code: 'notKubernetes', path, form: 'json' });
    }
  }

  /** What kept an answer from coming. */
  #failed(error: unknown): ClusterUnreachable {
    if (error instanceof ClusterUnreachable) return error;
    if (error instanceof CredentialsMissing) return this.#unreachable({ code: 'noCredentials', why: error.why });
    return this.#unreachable(whyUnreachable(error, this.context.server), { cause: error });
  }

  #refusedCredentials(error: ApiError): ClusterUnreachable {
    return this.#unreachable({ code: 'credentialsRefused', message: error.message }, { cause: error });
  }

  #unreachable(why: WhyUnreachable, options?: ErrorOptions): ClusterUnreachable {
    const { server, name } = this.context;
    return new ClusterUnreachable({ server, context: name, ...why }, options);
  }
}

/**
 * Memory for one answer after the other. Lists come in pages of some megabytes. If each had memory of its own, pages
 * would take most of what a large cluster takes: what lies outside JavaScript's heap is seldom collected.
 */
class Space {
  #bytes = Buffer.allocUnsafe(0);

  /** All bytes of a body. They are overwritten by the next. */
  async read(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
    let length = 0;
    for await (const chunk of body) {
      if (length + chunk.length > this.#bytes.length) this.#grow(length, length + chunk.length);
      this.#bytes.set(chunk, length);
      length += chunk.length;
    }
    return this.#bytes.subarray(0, length);
  }

  #grow(used: number, needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, used);
    this.#bytes = larger;
  }
}

/** True for an answer or a failure after which the same request may well succeed. */
function isPassing(error: unknown): boolean {
  if (error instanceof ApiError) return error.isPassing;
  const code = error instanceof ClusterUnreachable ? codeOf(error.cause) : '';
  return ['ECONNRESET', 'UND_ERR_SOCKET', 'EPIPE', 'UND_ERR_BODY_TIMEOUT', 'ECONNREFUSED', 'UND_ERR_PRX_CONN'].includes(
    code,
  );
}

/** 0.1–0.2 s, 0.2–0.4 s, … : doubling, with jitter so that many clients do not come back at once. */
function backoffMilliseconds(attempt: number): number {
  return 100 * 2 ** (attempt - 1) * (1 + Math.random());
}

/** The kubeconfig's proxy is for its server alone; any other has its exceptions. */
function makeDispatcher(tls: Credentials['tls'], proxyUrl: string | undefined, proxy: Proxy | undefined): Dispatcher {
  const connect = { ...tls, keepAlive: true, keepAliveInitialDelay: 30_000, timeout: FIRST_ANSWER_MILLISECONDS };
  const common = { allowH2: false, connect };
  // What it asks of the proxy itself would else wait for five minutes.
  const clientFactory = (origin: URL, options: object) =>
    new Pool(origin, { ...options, headersTimeout: FIRST_ANSWER_MILLISECONDS });
  const proxied = { requestTls: connect, clientFactory };
  if (proxyUrl) return new ProxyAgent({ uri: proxyUrl, allowH2: false, ...proxied });
  if (proxy) {
    const except = proxy.except === undefined ? {} : { noProxy: proxy.except };
    return new EnvHttpProxyAgent({
      ...common,
      ...proxied,
      httpProxy: proxy.url,
      httpsProxy: proxy.url,
      ...except,
    });
  }
  const { env } = process;
  const named = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].some((name) => env[name]);
  return named ? new EnvHttpProxyAgent({ ...common, ...proxied }) : new Agent(common);
}

type Status = {
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes?: readonly Partial<ApiError['causes'][number]>[] };
};

function apiError(
  { statusCode: status, headers }: Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'>,
  { body, isBinary }: Answer,
): ApiError {
  const retryAfterSeconds = retryAfterOf(headers);
  try {
    const answer = (isBinary ? readStatus(body) : JSON.parse(body.toString())) as Status;
    const causes = (answer.details?.causes ?? []).map(({ reason = '', message = '', field = '' }) => ({
      reason,
      message,
      field,
    }));
    return new ApiError(status, answer.reason ?? '', answer.message ?? beginningOf(body), {
      causes,
      retryAfterSeconds,
    });
  } catch {
    return new ApiError(status, '', beginningOf(body), { retryAfterSeconds });
  }
}

/**
 * How long the server wants to be left alone: `Retry-After`, in seconds or as a date by the server's own clock (RFC
 * 9110, 10.2.3); undefined where it says nothing, or something else.
 */
function retryAfterOf(headers: Dispatcher.ResponseData['headers']): number | undefined {
  const [said, date] = (['retry-after', 'date'] as const).map((name) => [headers[name]].flat()[0]?.trim() ?? '');
  if (!said) return undefined;
  const now = Number.isNaN(Date.parse(date!)) ? Date.now() : Date.parse(date!);
  const seconds = /^\d+$/.test(said) ? Number(said) : (Date.parse(said) - now) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(0, seconds), LONGEST_RETRY_AFTER_SECONDS);
}

function beginningOf(body: Buffer): string {
  return body.toString('utf8', 0, 300);
}

/** An error and what caused it, outermost first; of several attempts the first. */
function* causesOf(error: unknown): Generator<object> {
  const attempt = error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : undefined;
  if (attempt !== undefined) return yield* causesOf(attempt);
  if (typeof error !== 'object' || error === null) return;
  yield error;
  yield* causesOf((error as { cause?: unknown }).cause);
}

function codeOf(error: unknown): string {
  for (const { code } of causesOf(error) as Iterable<{ code?: unknown }>) if (typeof code === 'string') return code;
  return '';
}

/** What the first cause says, and the port that it tried, if any. */
function firstCause(error: unknown): { readonly message: string; readonly port?: number } {
  const cause = [...causesOf(error)].at(-1);
  return cause instanceof Error ? cause : { message: String(error) };
}

/** False when what was tried is not the server itself, but the proxy on the way to it. */
function isOf(server: string, { port }: { readonly port?: number }): boolean {
  const { port: own, protocol } = new URL(server);
  return port === undefined || port === Number(own || (protocol === 'https:' ? 443 : 80));
}

/** By the code of the system, of undici or of OpenSSL. */
function whyUnreachable(error: unknown, server: string): WhyUnreachable {
  const code = codeOf(error);
  const known = Object.hasOwn(FAULTS, code) ? FAULTS[code] : undefined;
  const { message } = firstCause(error);
  const byProxy = code === 'ECONNREFUSED' && !isOf(server, firstCause(error));
  if (byProxy || code === 'UND_ERR_PRX_CONN' || code === 'UND_ERR_PRX_TLS') return { code: 'proxy', message };
  if (known) return { code: known };
  const said = errorMessage(error);
  const answered = /^Proxy response \((\d+)\)/.exec(said);
  return answered ? { code: 'proxyAnswer', status: Number(answered[1]) } : { code: 'failed', message: said };
}

const FAULTS: Readonly<Record<string, ConnectionFault>> = {
  ECONNREFUSED: 'refusesConnections',
  ENOTFOUND: 'unknownHost',
  EAI_AGAIN: 'unknownHost',
  ETIMEDOUT: 'noAnswer',
  EHOSTUNREACH: 'noAnswer',
  ENETUNREACH: 'noAnswer',
  UND_ERR_CONNECT_TIMEOUT: 'noAnswer',
  UND_ERR_HEADERS_TIMEOUT: 'noAnswer',
  UND_ERR_BODY_TIMEOUT: 'answerStopped',
  ECONNRESET: 'connectionCut',
  EPIPE: 'connectionCut',
  UND_ERR_SOCKET: 'connectionCut',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'unknownCertificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'unknownCertificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unknownCertificate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknownCertificate',
  UNABLE_TO_GET_ISSUER_CERT: 'unknownCertificate',
  CERT_SIGNATURE_FAILURE: 'unknownCertificate',
  CERT_HAS_EXPIRED: 'expiredCertificate',
  ERR_TLS_CERT_ALTNAME_INVALID: 'otherCertificate',
};
