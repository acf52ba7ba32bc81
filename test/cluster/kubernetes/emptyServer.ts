import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

/** An API server of an empty cluster, in which everything is allowed; with a Prometheus behind it that knows nothing. */
export type EmptyServer = {
  /** As `Snapshot.cluster` names it. */
  readonly cluster: string;
  readonly kubeconfig: string;
  /** What Prometheus was asked so far. */
  readonly asked: readonly string[];
  close(): Promise<void>;
};

/** Its Prometheus, as `--prometheus` and the setting name it. */
export const PROMETHEUS = 'service:monitoring/prometheus:9090';

/** @param directory where its kubeconfig is written, with the one context `made` */
export async function startEmptyServer(directory: string): Promise<EmptyServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://server');
    const isPrometheus = url.pathname.includes('/services/prometheus:9090/proxy/');
    if (isPrometheus) asked.push(url.searchParams.get('query') ?? '');
    response.writeHead(200, { 'content-type': 'application/json' });
    if (url.searchParams.has('watch')) return void response.flushHeaders(); // nothing ever changes
    response.end(JSON.stringify(isPrometheus ? { status: 'success', data: { result: [] } } : answerOf(url.pathname)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig = path.join(directory, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'made',
    contexts: [{ name: 'made', context: { cluster: 'made', user: 'made' } }],
    clusters: [{ name: 'made', cluster: { server: address } }],
    users: [{ name: 'made', user: {} }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  return {
    ...{ cluster: `made (${address})`, kubeconfig, asked },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answerOf(path: string): object {
  if (path.includes('selfsubject')) return { status: { allowed: true, resourceRules: [], nonResourceRules: [] } };
  return { kind: 'List', metadata: { resourceVersion: '1' }, items: [] };
}
