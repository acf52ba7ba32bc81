import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

/** An API server of an empty cluster, in which everything is allowed; with a Prometheus behind it that knows nothing. */
export type EmptyServer = {
  /** As `Snapshot.cluster` names it. */
  readonly cluster: string;
  readonly kubeconfig: string;
  readonly address: string;
  /** Every `Authorization` that was shown to it; '' where none was. */
  readonly authorizations: ReadonlySet<string>;
  /** What Prometheus was asked so far. */
  readonly asked: readonly string[];
  close(): Promise<void>;
};

/** Its Prometheus, as `--prometheus` and the setting name it. */
export const PROMETHEUS = 'service:monitoring/prometheus:9090';

/** What makes a server less empty. */
export type Filled = {
  /** Objects by the path of their list. */
  readonly objects?: Readonly<Record<string, readonly object[]>>;
  /** Messages with which it refuses paths that begin so (403). */
  readonly refuses?: Readonly<Record<string, string>>;
  readonly context?: string;
  readonly user?: object;
  /** Name and password in its URL, as `name:password`, of which it sees what a client shows. */
  readonly login?: string;
};

/** @param directory where its kubeconfig is written, with one context, `made` unless told otherwise */
export async function startEmptyServer(directory: string, filled: Filled = {}): Promise<EmptyServer> {
  const { objects = {}, refuses = {}, context = 'made', user = {}, login } = filled;
  const authorizations = new Set<string>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://server');
    const isPrometheus = url.pathname.includes('/services/prometheus:9090/proxy/') || url.pathname === '/api/v1/query';
    authorizations.add(request.headers.authorization ?? '');
    if (isPrometheus) asked.push(url.searchParams.get('query') ?? '');
    const refused = Object.entries(refuses).find(([path]) => url.pathname.startsWith(path));
    if (refused) {
      response.writeHead(403, { 'content-type': 'application/json' });
      return void response.end(JSON.stringify({ kind: 'Status', code: 403, reason: 'Forbidden', message: refused[1] }));
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    if (url.searchParams.has('watch')) return void response.flushHeaders(); // nothing ever changes
    response.end(
      JSON.stringify(isPrometheus ? { status: 'success', data: { result: [] } } : answerOf(url.pathname, objects)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig = path.join(directory, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context,
    contexts: [{ name: context, context: { cluster: 'made', user: 'made' } }],
    clusters: [
      { name: 'made', cluster: { server: login === undefined ? address : address.replace('//', `//${login}@`) } },
    ],
    users: [{ name: 'made', user }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  return {
    ...{ cluster: `${context} (${address})`, address, kubeconfig, asked, authorizations },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answerOf(path: string, objects: NonNullable<Filled['objects']>): object {
  if (path.includes('selfsubject')) return { status: { allowed: true, resourceRules: [], nonResourceRules: [] } };
  return { kind: 'List', metadata: { resourceVersion: '1' }, items: objects[path] ?? [] };
}
