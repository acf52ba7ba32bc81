import { errorMessage } from '../../core/model/errorMessage.ts';
import { InputError } from '../../core/model/input.ts';
import { ClusterUnreachable } from '../port.ts';
import { ApiError, Connection } from './api/connection.ts';
import { readContext } from './api/kubeconfig.ts';
import { secondsOf } from './api/objects.ts';
import { readRights } from './api/rights.ts';
import type { KubernetesOptions } from './kubernetes.ts';
import { prometheusAt } from './watch/prometheus.ts';
import { readableNamespaces } from './watch/read.ts';
import { pathsOf, type Sources, sourcesOf } from './watch/sources.ts';
import { Transforms } from './watch/transform.ts';

/** One thing that was checked. `missing`: a plan can do without it, and `remedy` says how to get it. */
export type Finding = {
  readonly what: string;
  readonly state: 'ok' | 'missing' | 'failed';
  readonly text: string;
  readonly remedy?: string;
};

/**
 * Checks everything that a plan of a Kubernetes cluster needs, one after the other, and stops where nothing further can
 * be reached. What fails is a finding; it rejects with nothing but the signal's reason.
 */
export async function diagnose(options: KubernetesOptions = {}): Promise<Finding[]> {
  const findings: Finding[] = [];
  let connection: Connection | undefined;
  try {
    const context = readContext(options.kubeconfig, options.context);
    findings.push({ what: 'kubeconfig', state: 'ok', text: `${context.files.join(', ')}, context "${context.name}"` });
    connection = new Connection(context, options);
    await inspect(connection, options, findings);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof InputError || error instanceof ClusterUnreachable || error instanceof ApiError)) throw error;
    findings.push({ what: connection ? 'server' : 'kubeconfig', state: 'failed', text: error.message });
  } finally {
    await connection?.close();
  }
  return findings;
}

async function inspect(connection: Connection, options: KubernetesOptions, findings: Finding[]): Promise<void> {
  const { signal } = options;
  const namespaces = await readableNamespaces(connection, options.namespaces, signal);
  findings.push(await server(connection, signal), clock(connection));
  findings.push({
    what: 'namespaces',
    state: namespaces ? 'missing' : 'ok',
    text: namespaces ? `only ${namespaces.join(', ')} is read` : 'all are read',
    ...(namespaces ? { remedy: 'To read all, ask for a ClusterRoleBinding to stowage-reader (media/rbac).' } : {}),
  });
  const sources = sourcesOf(new Transforms([]));
  for (const name of Object.keys(sources) as (keyof Sources)[]) {
    const source = sources[name];
    const [path = ''] = pathsOf(source, namespaces);
    findings.push(await listed(connection, source.what, path, source.namespaced, signal));
  }
  findings.push(await usage(connection, namespaces, signal));
  if (options.prometheus) findings.push(await prometheus(options.prometheus, connection, signal));
  findings.push(...(await rights(connection, namespaces, signal)));
}

async function server(connection: Connection, signal: AbortSignal | undefined): Promise<Finding> {
  const { server: url } = connection.context;
  try {
    const { gitVersion = 'of unknown version' } = await connection.send<{ gitVersion?: string }>('/version', {
      signal,
    });
    const [, major, minor] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
    const old = major !== undefined && Number(major) === 1 && Number(minor) < 33;
    if (!old) return { what: 'server', state: 'ok', text: `${url}, Kubernetes ${gitVersion}` };
    const remedy = 'Tasks are resized in place from Kubernetes 1.33 on; the rest works.';
    return { what: 'server', state: 'missing', text: `${url}, Kubernetes ${gitVersion}`, remedy };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { what: 'server', state: 'ok', text: `${url}; it does not tell its version` };
  }
}

function clock(connection: Connection): Finding {
  const ahead = Math.round(connection.clockAheadSeconds);
  if (ahead === 0) return { what: 'clock', state: 'ok', text: 'as this machine’s' };
  const text = `the server’s clock is ${Math.abs(ahead)} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine’s; the server’s counts`;
  return { what: 'clock', state: Math.abs(ahead) > 60 ? 'missing' : 'ok', text, remedy: 'Set this machine’s clock.' };
}

/** One page of a source: whether it may be read, and about how much there is. */
async function listed(
  connection: Connection,
  what: string,
  path: string,
  namespaced: boolean,
  signal: AbortSignal | undefined,
): Promise<Finding> {
  const started = performance.now();
  try {
    type Page = { items?: unknown[] | null; metadata?: { remainingItemCount?: number } };
    const page = await connection.send<Page>(path, { query: { limit: 1 }, signal });
    const count = (page.items?.length ?? 0) + (page.metadata?.remainingItemCount ?? 0);
    return { what, state: 'ok', text: `${count}, first answer after ${Math.round(performance.now() - started)} ms` };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404) return { what, state: 'ok', text: 'not in this cluster' };
    const role = namespaced ? 'stowage-reader' : 'stowage-nodes';
    const remedy = `Ask an administrator for the role ${role} (media/rbac).`;
    return { what, state: what === 'pods' || what === 'nodes' ? 'failed' : 'missing', text: error.message, remedy };
  }
}

async function usage(
  connection: Connection,
  namespaces: readonly string[] | undefined,
  signal: AbortSignal | undefined,
): Promise<Finding> {
  const what = 'usage (metrics.k8s.io)';
  const source = { group: '/apis/metrics.k8s.io/v1beta1', resource: 'pods', namespaced: true };
  const [path = ''] = pathsOf(source, namespaces);
  try {
    const { items = [] } = await connection.send<{ items?: { timestamp?: string }[] }>(path, { signal });
    const newest = Math.max(...items.map(({ timestamp }) => secondsOf(timestamp) ?? 0));
    const remedy = 'metrics-server needs about half a minute after a start; then see its log.';
    if (items.length === 0) return { what, state: 'missing', text: 'it answers, and knows no pod', remedy };
    const age = Math.max(0, Math.round(connection.nowSeconds() - newest));
    return { what, state: 'ok', text: `${items.length} pods, newest reading ${age} s old` };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404) {
      const remedy = 'Install metrics-server; without usage nothing is resized.';
      return { what, state: 'missing', text: 'not in this cluster', remedy };
    }
    const remedy =
      error.status === 403
        ? 'Ask an administrator for the role stowage-reader (media/rbac).'
        : 'Look at metrics-server: kubectl -n kube-system logs deployment/metrics-server';
    return { what, state: 'missing', text: `${error.status} ${error.message.slice(0, 300)}`, remedy };
  }
}

async function prometheus(address: string, connection: Connection, signal: AbortSignal | undefined): Promise<Finding> {
  const what = `usage (Prometheus, ${address})`;
  const series = 'container_cpu_usage_seconds_total';
  try {
    const query = prometheusAt(address, connection);
    const [count] = await query(`count(${series})`, signal);
    if (!count) {
      const remedy = 'Let it scrape the kubelets’ /metrics/cadvisor.';
      return { what, state: 'missing', text: `it answers, and has no ${series}`, remedy };
    }
    const [age] = await query(`time() - max(timestamp(${series}))`, signal);
    return {
      what,
      state: 'ok',
      text: `${count.value} containers, newest reading ${Math.round(age?.value ?? 0)} s old`,
    };
  } catch (error) {
    signal?.throwIfAborted();
    const text = errorMessage(error).slice(0, 300);
    return { what, state: 'missing', text, remedy: 'Check its address; without it usage comes from metrics.k8s.io.' };
  }
}

async function rights(
  connection: Connection,
  namespaces: readonly string[] | undefined,
  signal: AbortSignal | undefined,
): Promise<Finding[]> {
  const asked = namespaces ?? [connection.context.namespace];
  try {
    const found = await readRights(connection, asked, signal);
    return Object.entries(found).map(([action, refused = {}]): Finding => {
      const what = `right to ${action}`;
      const missing = Object.entries(refused);
      if (missing.length === 0) return { what, state: 'ok', text: 'yes' };
      const text = missing
        .map(([where, right]) => `${where === '*' ? 'nowhere' : `not in ${where}`}: ${right}`)
        .join('; ');
      return {
        what,
        state: 'missing',
        text,
        remedy: 'Ask for the role stowage-operator (media/rbac), or plan without it.',
      };
    });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return [{ what: 'rights', state: 'missing', text: `the server does not tell: ${error.message}` }];
  }
}
