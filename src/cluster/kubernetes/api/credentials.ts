import { errorMessage } from '../../../core/model/errorMessage.ts';
import type { WhyNoCredentials } from '../../../core/model/failure.ts';
import { plainLine, withoutPasswords } from '../../../core/model/plain.ts';
import { MIB, readText, readWhole } from '../../../io/readWhole.ts';
import type { Context, ExecPlugin } from './kubeconfig.ts';
import { ProgramEndless, ProgramSlow, runProgram } from './program.ts';
import { basic } from './secrets.ts';

/** What one request carries and how its connection is made; equal `tls` and `proxyUrl` may share connections. */
export type Credentials = {
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly tls: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly servername?: string;
    readonly rejectUnauthorized?: boolean;
  };
};

/** There are no credentials. `message` is for logs. */
export class CredentialsMissing extends Error {
  override readonly name = 'CredentialsMissing';
  readonly why: WhyNoCredentials;

  constructor(why: WhyNoCredentials) {
    super(why.code);
    this.why = why;
  }
}

/**
 * Gives the credentials of a context for each request. It reads certificate and token files again when they are a
 * minute old, so that rotated ones count; it asks a plugin again a minute before its answer ends, or after `renew`.
 */
export class CredentialSource {
  readonly #context: Context;
  readonly #now: () => number;
  readonly #end = new AbortController();
  #plugin: { answer: PluginAnswer; untilMilliseconds: number } | undefined;
  #current: { credentials: Promise<Credentials>; untilMilliseconds: number } | undefined;

  constructor(context: Context, now: () => number = Date.now) {
    this.#context = context;
    this.#now = now;
  }

  /** @throws CredentialsMissing */
  read(): Promise<Credentials> {
    if (this.#current && this.#now() < this.#current.untilMilliseconds) return this.#current.credentials;
    const current = { credentials: this.#load(), untilMilliseconds: this.#now() + 60_000 };
    this.#current = current;
    current.credentials.catch(() => {
      if (this.#current === current) this.#current = undefined;
    });
    return current.credentials;
  }

  /** Forgets what the server has refused. */
  renew(): void {
    this.#current = undefined;
    this.#plugin = undefined;
  }

  /** Ends a program that is still asked. */
  close(): void {
    this.#end.abort();
  }

  async #load(): Promise<Credentials> {
    const { config, extra, server } = this.#context;
    if (extra.provider !== undefined)
      throw new CredentialsMissing({ code: 'providerDropped', provider: extra.provider });
    const options: TlsOptions = {};
    const cluster = config.getCurrentCluster();
    // The client insists on it for plain HTTP.
    if (cluster && server.startsWith('http:')) Object.assign(cluster, { skipTLSVerify: true });
    try {
      await checkFiles(config);
      await config.applyToHTTPSOptions(options as Parameters<typeof config.applyToHTTPSOptions>[0]);
    } catch (error) {
      throw new CredentialsMissing({ code: 'unusable', message: errorMessage(error) });
    }
    const headers: Record<string, string | string[]> = { ...options.headers, ...extra.headers };
    if (options.auth) headers['Authorization'] = basic(options.auth);
    const tls: Record<string, string | boolean> = {};
    for (const key of ['ca', 'cert', 'key', 'servername'] as const) {
      const value = options[key];
      if (value !== undefined) tls[key] = value.toString();
    }
    if (options.rejectUnauthorized === false) tls['rejectUnauthorized'] = false;
    if (extra.tokenFile) headers['Authorization'] = `Bearer ${await readToken(extra.tokenFile)}`;
    if (extra.exec) {
      const answer = await this.#ask(extra.exec);
      if (answer.token) headers['Authorization'] = `Bearer ${answer.token}`;
      if (answer.cert) tls['cert'] = answer.cert;
      if (answer.key) tls['key'] = answer.key;
    }
    if (extra.login !== undefined && headers['Authorization'] === undefined)
      headers['Authorization'] = basic(extra.login);
    return { headers, tls };
  }

  async #ask(plugin: ExecPlugin): Promise<PluginAnswer> {
    if (this.#plugin && this.#now() < this.#plugin.untilMilliseconds) return this.#plugin.answer;
    const answer = await runPlugin(plugin, this.#end.signal);
    const untilMilliseconds = answer.expiresAtMilliseconds
      ? answer.expiresAtMilliseconds - 60_000
      : Number.POSITIVE_INFINITY;
    this.#plugin = { answer, untilMilliseconds };
    return answer;
  }
}

type TlsOptions = {
  headers?: Record<string, string>;
  auth?: string;
  ca?: Buffer | string;
  cert?: Buffer | string;
  key?: Buffer | string;
  servername?: string;
  rejectUnauthorized?: boolean;
};

type PluginAnswer = {
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly expiresAtMilliseconds?: number;
};

const PLUGIN_MILLISECONDS = 60_000;

/**
 * Runs a plugin as client-go does: `KUBERNETES_EXEC_INFO` tells it what is wanted, its output is an `ExecCredential`.
 *
 * @kubernetes/client-node (2.0.1) runs plugins, too, but tells them nothing, waits for them without end, and asks again
 * only when their answer has expired, not when the server has refused it.
 */
async function runPlugin(plugin: ExecPlugin, signal: AbortSignal): Promise<PluginAnswer> {
  const { command } = plugin;
  if (!command) throw new CredentialsMissing({ code: 'noCommand' });
  const request = {
    apiVersion: plugin.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, ...(plugin.cluster ? { cluster: plugin.cluster() } : {}) },
  };
  const env = { ...process.env, PATH: searchPath(), ...plugin.env, KUBERNETES_EXEC_INFO: JSON.stringify(request) };
  const limits = { limitMilliseconds: PLUGIN_MILLISECONDS, mostCharacters: MOST_PRINTED };
  const { status, output, complaint } = await runProgram(command, plugin.args, { env, ...limits, signal }).catch(
    (error: unknown) => {
      throw new CredentialsMissing(whyNotRun(plugin, error));
    },
  );
  if (status === 0) return parseAnswer(command, output);
  const message = withoutPasswords(plainLine(complaint.trim().slice(0, 2000))).slice(0, 500);
  throw new CredentialsMissing(
    message === '' ? { code: 'programSilent', command } : { code: 'programFailed', command, message },
  );
}

const MOST_PRINTED = 2 ** 20;

function whyNotRun({ command, installHint }: ExecPlugin, error: unknown): WhyNoCredentials {
  if (error instanceof ProgramSlow) return { code: 'programSlow', command, seconds: PLUGIN_MILLISECONDS / 1000 };
  if (error instanceof ProgramEndless) return { code: 'programEndless', command, mostBytes: MOST_PRINTED };
  const hint = installHint === undefined ? {} : { hint: installHint };
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { code: 'notFound', command, ...hint };
  return { code: 'notStarted', command, message: errorMessage(error), ...hint };
}

function parseAnswer(command: string, output: string): PluginAnswer {
  let status: Record<string, unknown> | undefined;
  try {
    status = (JSON.parse(output) as { status?: Record<string, unknown> }).status;
  } catch {
    status = undefined;
  }
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = status ?? {};
  if (typeof token !== 'string' && typeof clientCertificateData !== 'string') {
    throw new CredentialsMissing({ code: 'noToken', command });
  }
  const expires = typeof expirationTimestamp === 'string' ? Date.parse(expirationTimestamp) : Number.NaN;
  return {
    ...(typeof token === 'string' ? { token } : {}),
    ...(typeof clientCertificateData === 'string' ? { cert: clientCertificateData } : {}),
    ...(typeof clientKeyData === 'string' ? { key: clientKeyData } : {}),
    ...(Number.isNaN(expires) ? {} : { expiresAtMilliseconds: expires }),
  };
}

/** On some systems an editor started from the desktop lacks the shell's PATH, so the usual places are searched, too. */
function searchPath(): string {
  const path = process.env['PATH'] ?? '';
  if (process.platform === 'win32') return path;
  const usual = ['/usr/local/bin', '/opt/homebrew/bin', `${process.env['HOME'] ?? ''}/.local/bin`, '/snap/bin'];
  const present = path.split(':');
  return [...present, ...usual.filter((directory) => !present.includes(directory))].join(':');
}

/** The client reads them to their end, which a pipe or a device may not have. */
async function checkFiles(config: Context['config']): Promise<void> {
  const { certFile, keyFile } = config.getCurrentUser() ?? {};
  for (const file of [config.getCurrentCluster()?.caFile, certFile, keyFile]) {
    if (!file) continue;
    await readWhole(file, { mostBytes: MOST_CERTIFICATES }).catch((error: unknown) => {
      throw new Error(`${file} cannot be read: ${errorMessage(error)}`);
    });
  }
}

/** A system's whole bundle of authorities has a quarter of a MiB. */
const MOST_CERTIFICATES = 16 * MIB;

async function readToken(file: string): Promise<string> {
  try {
    return (await readText(file, { mostBytes: MIB })).trim();
  } catch (error) {
    throw new CredentialsMissing({ code: 'tokenFile', file, message: errorMessage(error) });
  }
}
