import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { errorMessage } from '../../../core/model/errorMessage.ts';
import { InputError } from '../../../core/model/input.ts';
import { MIB, readTextAtOnce } from '../../../io/readWhole.ts';
import { splitLogin } from './secrets.ts';

/** A program that a kubeconfig names to fetch credentials (`users[].user.exec`). */
export type ExecPlugin = {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly installHint?: string;
  /** Handed over where the plugin asks for it (`provideClusterInfo`). */
  readonly cluster?: () => Readonly<Record<string, unknown>>;
};

/** One context of a kubeconfig, ready to be connected to. */
export type Context = {
  readonly name: string;
  readonly server: string;
  /** Namespace the context works in; `default` where it names none. */
  readonly namespace: string;
  /** The files it was read from, in the order they were merged. */
  readonly files: readonly string[];
  /** The client's configuration with this context chosen; it knows certificates, tokens, OIDC and legacy providers. */
  readonly config: KubeConfig;
  /** What the client's configuration does not know. */
  readonly extra: {
    readonly exec?: ExecPlugin;
    readonly tokenFile?: string;
    /** Further impersonation headers: groups, uid. */
    readonly headers: Readonly<Record<string, string | string[]>>;
    readonly proxyUrl?: string;
    /** Name and password that stood in the server's URL, joined by a colon. */
    readonly login?: string;
    /** An `auth-provider` that is not served: all but OIDC's. */
    readonly provider?: string;
  };
};

/**
 * Reads the kubeconfig as kubectl does: the given path, else every file of `KUBECONFIG`, else `~/.kube/config`; of
 * entries with one name the first wins.
 * @param path a file, or several joined by the system's path separator
 * @param contextName default: the current context
 * @throws InputError when there is no file, it is not a kubeconfig, or it has no such context
 */
export function readContext(path?: string, contextName?: string): Context {
  const files = kubeconfigFiles(path);
  const merged = mergeFiles(files);
  const name = contextName ?? merged.current;
  const where = files.join(', ');
  const names = [...merged.contexts.keys()];
  const choice = names.length > 0 ? `Choose one of: ${names.join(', ')}.` : 'It has no contexts.';
  if (!name) throw new InputError(`The kubeconfig ${where} has no current context. ${choice}`);
  const context = merged.contexts.get(name);
  if (!context) throw new InputError(`The kubeconfig ${where} has no context "${name}". ${choice}`);
  const cluster = merged.clusters.get(text(context.body['cluster']) ?? '');
  if (!cluster) throw new InputError(`Context "${name}" of ${where} names a cluster that the file does not define.`);
  const user = merged.users.get(text(context.body['user']) ?? '') ?? { body: {}, directory: context.directory };
  const server = text(cluster.body['server']);
  if (!server || !URL.canParse(server)) {
    throw new InputError(`The cluster of context "${name}" in ${where} has no valid server URL.`);
  }
  const { url, login } = splitLogin(server);
  const reached = { ...cluster, body: { ...cluster.body, server: url } };
  return {
    name,
    server: url.replace(/\/$/, ''),
    namespace: text(context.body['namespace']) ?? 'default',
    files,
    config: clientConfig(name, reached, user, where),
    extra: { ...extraOf(reached, user, url), ...(login !== undefined && { login }) },
  };
}

/** Names of all contexts, and the current one. Same files and errors as `readContext`. */
export function listContexts(path?: string): { contexts: string[]; current?: string } {
  const merged = mergeFiles(kubeconfigFiles(path));
  const contexts = [...merged.contexts.keys()];
  return merged.current ? { contexts, current: merged.current } : { contexts };
}

/** The files that would be read, whether they exist or not. */
export function kubeconfigFiles(path?: string): string[] {
  const list = path || process.env['KUBECONFIG'];
  if (!list) return [join(homedir(), '.kube', 'config')];
  return list
    .split(delimiter)
    .filter(Boolean)
    .map((file) => resolve(file.replace(/^~(?=\/|$)/, homedir())));
}

/**
 * Whether a path names nothing but the user's own kubeconfigs: those that kubectl would read, and `~/.kube/config`.
 * Relative ones are nobody's: they mean another file in each folder.
 */
export function isOwnKubeconfig(path: string | undefined): boolean {
  const own = new Set([...kubeconfigFiles(), join(homedir(), '.kube', 'config')]);
  const named = (path ?? '').split(delimiter).filter(Boolean);
  return named.every((file) => isAbsolute(file) && own.has(resolve(file)));
}

type Body = Readonly<Record<string, unknown>>;
type Entry = { readonly body: Body; readonly directory: string };
type Merged = {
  current?: string;
  readonly contexts: Map<string, Entry>;
  readonly clusters: Map<string, Entry>;
  readonly users: Map<string, Entry>;
};

/** Far above any kubeconfig, far below what would hurt. */
const MOST_BYTES = 16 * MIB;

function mergeFiles(files: readonly string[]): Merged {
  const merged: Merged = { contexts: new Map(), clusters: new Map(), users: new Map() };
  const present = files.filter((file) => existsSync(file));
  if (present.length === 0) {
    throw new InputError(
      `There is no kubeconfig at ${files.join(', ')}. Name one with --kubeconfig, or set KUBECONFIG to its path.`,
    );
  }
  for (const file of present) {
    const document = readDocument(file);
    const current = text(document['current-context']);
    if (!merged.current && current) merged.current = current;
    const directory = dirname(file);
    collect(merged.contexts, document['contexts'], 'context', directory);
    collect(merged.clusters, document['clusters'], 'cluster', directory);
    collect(merged.users, document['users'], 'user', directory);
  }
  return merged;
}

function readDocument(file: string): Body {
  let content: string;
  try {
    content = readTextAtOnce(file, { mostBytes: MOST_BYTES });
  } catch (error) {
    throw new InputError(`The kubeconfig ${file} cannot be read: ${reason(error)}. Name a kubeconfig.`);
  }
  if (content === '') throw new InputError(`The kubeconfig ${file} is empty. Name one with a cluster in it.`);
  let document: unknown;
  try {
    document = parse(content, { maxAliasCount: 100, logLevel: 'error' });
  } catch (error) {
    throw new InputError(
      `The kubeconfig ${file} is not valid YAML: ${reason(error).replace(/:$/, '.')} Correct it there.`,
    );
  }
  if (!isObject(document)) throw new InputError(`The file ${file} is not a kubeconfig: it holds no contexts.`);
  return document;
}

function collect(into: Map<string, Entry>, list: unknown, key: string, directory: string): void {
  if (!Array.isArray(list)) return;
  for (const item of list) {
    if (!isObject(item)) continue;
    const name = text(item['name']);
    const body = item[key];
    if (name !== undefined && !into.has(name)) into.set(name, { body: isObject(body) ? body : {}, directory });
  }
}

function clientConfig(name: string, cluster: Entry, user: Entry, where: string): KubeConfig {
  const config = new KubeConfig();
  try {
    const known = knownOf(user.body);
    config.loadFromString(
      JSON.stringify({
        'current-context': name,
        contexts: [{ name, context: { cluster: 'cluster', user: 'user' } }],
        clusters: [{ name: 'cluster', cluster: absolute(cluster, ['certificate-authority']) }],
        users: [{ name: 'user', user: absolute({ ...user, body: known }, ['client-certificate', 'client-key']) }],
      }),
    );
  } catch (error) {
    throw new InputError(`Context "${name}" of ${where} cannot be used: ${reason(error)}`);
  }
  return config;
}

/**
 * Of a user what the client's configuration may act on. Left out is what it would run a program for (`exec`; every
 * `auth-provider` but OIDC's, and that one's `exec`, too), and files that it reads under names kubectl does not know.
 */
function knownOf(user: Body): Body {
  const { exec: _, tokenFile: __, 'token-file': ___, 'auth-provider': provider, ...known } = user;
  const oidc = isObject(provider) && provider['name'] === 'oidc' && isObject(provider['config']);
  if (!oidc) return known;
  const { exec: ____, tokenFile: _____, ...config } = provider['config'] as Body;
  return { ...known, 'auth-provider': { name: 'oidc', config } };
}

/** A copy with the named paths made absolute: in a kubeconfig they are relative to its file. */
function absolute(entry: Entry, keys: readonly string[]): Body {
  const body: Record<string, unknown> = { ...entry.body };
  for (const key of keys) {
    const path = text(body[key]);
    if (path) body[key] = absolutePath(entry, path);
  }
  return body;
}

function absolutePath(entry: Entry, path: string): string {
  return isAbsolute(path) ? path : join(entry.directory, path);
}

function extraOf(cluster: Entry, user: Entry, server: string): Context['extra'] {
  const { exec, tokenFile } = user.body;
  const headers: Record<string, string | string[]> = {};
  const groups = user.body['as-groups'];
  if (Array.isArray(groups)) headers['Impersonate-Group'] = groups.map(String);
  const uid = text(user.body['as-uid']);
  if (uid) headers['Impersonate-Uid'] = uid;
  const proxyUrl = text(cluster.body['proxy-url']);
  const tokenPath = text(tokenFile);
  const provider = isObject(user.body['auth-provider']) ? (text(user.body['auth-provider']['name']) ?? '') : 'oidc';
  return {
    headers,
    ...(isObject(exec) ? { exec: execOf(exec, cluster, user, server) } : {}),
    ...(tokenPath ? { tokenFile: absolutePath(user, tokenPath) } : {}),
    ...(proxyUrl ? { proxyUrl } : {}),
    ...(provider === 'oidc' ? {} : { provider }),
  };
}

function execOf(exec: Body, cluster: Entry, user: Entry, server: string): ExecPlugin {
  const command = text(exec['command']) ?? '';
  const hint = text(exec['installHint']);
  return {
    apiVersion: text(exec['apiVersion']) ?? 'client.authentication.k8s.io/v1',
    // as in kubectl: a path is relative to the file, a bare name is looked up on the PATH
    command: command.includes('/') ? absolutePath(user, command) : command,
    args: Array.isArray(exec['args']) ? exec['args'].map(String) : [],
    env: Array.isArray(exec['env'])
      ? Object.fromEntries(
          exec['env'].filter(isObject).map((entry) => [String(entry['name']), String(entry['value'] ?? '')]),
        )
      : {},
    ...(hint ? { installHint: hint } : {}),
    ...(exec['provideClusterInfo'] === true ? { cluster: () => clusterInfo(cluster, server) } : {}),
  };
}

/** The cluster as an exec plugin is told of it (`ExecCredential.spec.cluster`). */
function clusterInfo(cluster: Entry, server: string): Body {
  const { body } = cluster;
  const caFile = text(body['certificate-authority']);
  const extensions = Array.isArray(body['extensions']) ? body['extensions'].filter(isObject) : [];
  const own = extensions.find((entry) => entry['name'] === 'client.authentication.k8s.io/exec');
  const info: Record<string, unknown> = { server };
  if (text(body['tls-server-name'])) info['tls-server-name'] = body['tls-server-name'];
  if (body['insecure-skip-tls-verify'] === true) info['insecure-skip-tls-verify'] = true;
  if (text(body['certificate-authority-data'])) {
    info['certificate-authority-data'] = body['certificate-authority-data'];
  } else if (caFile && existsSync(absolutePath(cluster, caFile))) {
    const authority = readTextAtOnce(absolutePath(cluster, caFile), { mostBytes: MOST_BYTES });
    info['certificate-authority-data'] = Buffer.from(authority).toString('base64');
  }
  if (text(body['proxy-url'])) info['proxy-url'] = body['proxy-url'];
  if (own) info['config'] = own['extension'];
  return info;
}

function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function reason(error: unknown): string {
  return errorMessage(error).split('\n')[0]!;
}
