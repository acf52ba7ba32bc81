import type { Failure } from '../../core/model/failure.ts';
import { InputError } from '../../core/model/input.ts';
import type { Problem, ReaderRole, SourceName } from '../../core/model/problem.ts';
import type { Action } from '../../core/model/snapshot.ts';
import { ApiError, ClusterUnreachable, failureOf } from '../errors.ts';
import { Connection } from './api/connection.ts';
import { readIdentity } from './api/identity.ts';
import { readContext } from './api/kubeconfig.ts';
import { type ApiObject, secondsOf } from './api/objects.ts';
import { readRights } from './api/rights.ts';
import type { KubernetesOptions } from './kubernetes.ts';
import { markProblems, nodesWaitedFor } from './model/marks.ts';
import { prometheusAt, shownAddress } from './watch/prometheus.ts';
import { readableNamespaces, readSource } from './watch/read.ts';
import { pathsOf, readerRole, type Scope, type Source, type Sources, sourcesOf } from './watch/sources.ts';
import { Transforms } from './watch/transform.ts';

/**
 * One thing that was looked at, as a code with what was found; `text/doctor.ts` has the sentences. `missing`: it can be
 * done without. `message` is what a server or a library said.
 */
export type Finding = { readonly state: 'ok' | 'missing' | 'failed' } & Found;

type Found =
  | { readonly code: 'kubeconfig'; readonly files: readonly string[]; readonly context: string }
  | { readonly code: 'unreachable'; readonly what: 'kubeconfig' | 'server'; readonly why: Failure }
  /** `isOld`: it cannot resize in place. */
  | { readonly code: 'server'; readonly server: string; readonly version?: string; readonly isOld: boolean }
  | { readonly code: 'clock'; readonly aheadSeconds: number }
  /** Those that are read; absent: all. */
  | { readonly code: 'namespaces'; readonly only?: readonly string[] }
  /** Under what is kept what is learned of it: the uid of kube-system, or the server's address. */
  | { readonly code: 'identity'; readonly byAddress: boolean }
  /** A kind of object: about how many there are, that the cluster does not know it, or that it may not be read. */
  | { readonly code: 'objects'; readonly source: SourceName; readonly count: number; readonly milliseconds: number }
  | { readonly code: 'absent'; readonly source: SourceName }
  | { readonly code: 'unreadable'; readonly source: SourceName; readonly message: string; readonly role: ReaderRole }
  | { readonly code: 'metrics'; readonly pods: number; readonly ageSeconds: number }
  | { readonly code: 'metricsEmpty' | 'metricsAbsent' }
  | { readonly code: 'metricsFailed'; readonly status: number; readonly message: string }
  | { readonly code: 'prometheus'; readonly address: string; readonly containers: number; readonly ageSeconds: number }
  | { readonly code: 'prometheusEmpty'; readonly address: string; readonly series: string }
  | { readonly code: 'prometheusFailed'; readonly address: string; readonly why: Failure }
  /** What our marks on Jobs say of trouble. */
  | { readonly code: 'mark'; readonly problem: Problem }
  /** The rights that are missing, by namespace; `*`: everywhere. */
  | { readonly code: 'right'; readonly action: Action; readonly missing: Readonly<Record<string, string>> }
  | { readonly code: 'rightsUnknown'; readonly message: string };

/**
 * Checks everything that a plan of a Kubernetes cluster needs, one after the other, and stops where nothing further can
 * be reached. What fails is a finding; it rejects with nothing but the signal's reason.
 */
export async function diagnose(options: KubernetesOptions = {}): Promise<Finding[]> {
  const findings: Finding[] = [];
  let connection: Connection | undefined;
  try {
    const context = readContext(options.kubeconfig, options.context);
    findings.push({ state: 'ok', code: 'kubeconfig', files: context.files, context: context.name });
    connection = new Connection(context, options);
    await inspect(connection, options, findings);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof InputError || error instanceof ClusterUnreachable || error instanceof ApiError)) throw error;
    const what = connection ? 'server' : 'kubeconfig';
    findings.push({ state: 'failed', code: 'unreachable', what, why: failureOf(error) });
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
    state: namespaces ? 'missing' : 'ok',
    code: 'namespaces',
    ...(namespaces && { only: namespaces }),
  });
  findings.push(await identity(connection, signal));
  const sources = sourcesOf(new Transforms([]));
  for (const name of Object.keys(sources) as (keyof Sources)[]) {
    const source = sources[name];
    const [path = ''] = pathsOf(source, namespaces);
    findings.push(await listed(connection, source, path, signal));
  }
  findings.push(...(await marks({ connection, namespaces }, sources, signal)));
  findings.push(await usage(connection, namespaces, signal));
  if (options.prometheus) findings.push(await prometheus(options.prometheus, connection, signal));
  findings.push(...(await rights(connection, namespaces, signal)));
}

/** The first minor version of Kubernetes 1 that resizes pods in place without being told to. */
const RESIZES_FROM = 33;

async function server(connection: Connection, signal: AbortSignal | undefined): Promise<Finding> {
  const { server: url } = connection.context;
  try {
    const { gitVersion } = await connection.send<{ gitVersion?: string }>('/version', { signal });
    const [, major, minor] = /^v(\d+)\.(\d+)/.exec(gitVersion ?? '') ?? [];
    const isOld = major !== undefined && Number(major) === 1 && Number(minor) < RESIZES_FROM;
    const version = gitVersion === undefined ? {} : { version: gitVersion };
    return { state: isOld ? 'missing' : 'ok', code: 'server', server: url, ...version, isOld };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { state: 'ok', code: 'server', server: url, isOld: false };
  }
}

async function identity(connection: Connection, signal: AbortSignal | undefined): Promise<Finding> {
  const { byAddress = false } = await readIdentity(connection, signal);
  return { state: byAddress ? 'missing' : 'ok', code: 'identity', byAddress };
}

/** A clock that is further off than this makes times hard to read. */
const CLOCK_SECONDS = 60;

function clock(connection: Connection): Finding {
  const aheadSeconds = Math.round(connection.clockAheadSeconds);
  return { state: Math.abs(aheadSeconds) > CLOCK_SECONDS ? 'missing' : 'ok', code: 'clock', aheadSeconds };
}

/** Of the pods only those are read that wait for a node, and those on nodes that are waited for by a pin of ours. */
async function marks(
  scope: Scope,
  { jobs, pods, nodes }: Sources,
  signal: AbortSignal | undefined,
): Promise<Finding[]> {
  const waiting = { ...pods, query: { fieldSelector: 'spec.nodeName=,status.phase=Pending' } };
  try {
    const [foundJobs, foundPods, foundNodes] = await Promise.all([
      readSource(scope, jobs, [], signal),
      readSource(scope, waiting, [], signal),
      readSource(scope, nodes, [], signal),
    ]);
    const there = nodesWaitedFor(foundJobs, foundPods).map((node) =>
      readSource(scope, { ...pods, query: { fieldSelector: `spec.nodeName=${node}` } }, [], signal),
    );
    const all = [...foundPods, ...(await Promise.all(there)).flat()];
    const problems = markProblems(foundJobs, { pods: all, nodes: foundNodes });
    return problems.map((problem) => ({ state: 'missing', code: 'mark', problem }));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return []; // that it cannot be read is a finding already
  }
}

/** One page of a source: whether it may be read, and about how much there is. */
async function listed(
  connection: Connection,
  source: Pick<Source<ApiObject>, 'name' | 'namespaced'>,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Finding> {
  const started = performance.now();
  const { name } = source;
  try {
    type Page = { items?: unknown[] | null; metadata?: { remainingItemCount?: number } };
    const page = await connection.send<Page>(path, { query: { limit: 1 }, signal });
    const count = (page.items?.length ?? 0) + (page.metadata?.remainingItemCount ?? 0);
    return { state: 'ok', code: 'objects', source: name, count, milliseconds: Math.round(performance.now() - started) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404) return { state: 'ok', code: 'absent', source: name };
    const state = name === 'pods' || name === 'nodes' ? 'failed' : 'missing';
    return { state, code: 'unreadable', source: name, message: error.message, role: readerRole(source) };
  }
}

async function usage(
  connection: Connection,
  namespaces: readonly string[] | undefined,
  signal: AbortSignal | undefined,
): Promise<Finding> {
  const source = { group: '/apis/metrics.k8s.io/v1beta1', resource: 'pods', namespaced: true };
  const [path = ''] = pathsOf(source, namespaces);
  try {
    const { items = [] } = await connection.send<{ items?: { timestamp?: string }[] }>(path, { signal });
    if (items.length === 0) return { state: 'missing', code: 'metricsEmpty' };
    const newest = Math.max(...items.map(({ timestamp }) => secondsOf(timestamp) ?? 0));
    const ageSeconds = Math.max(0, Math.round(connection.nowSeconds() - newest));
    return { state: 'ok', code: 'metrics', pods: items.length, ageSeconds };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404) return { state: 'missing', code: 'metricsAbsent' };
    return { state: 'missing', code: 'metricsFailed', status: error.status, message: beginning(error.message) };
  }
}

async function prometheus(where: string, connection: Connection, signal: AbortSignal | undefined): Promise<Finding> {
  const address = shownAddress(where);
  const series = 'container_cpu_usage_seconds_total';
  try {
    const query = prometheusAt(where, connection);
    const [count] = await query(`count(${series})`, signal);
    if (!count) return { state: 'missing', code: 'prometheusEmpty', address, series };
    const [age] = await query(`time() - max(timestamp(${series}))`, signal);
    const ageSeconds = Math.round(age?.value ?? 0);
    return { state: 'ok', code: 'prometheus', address, containers: count.value, ageSeconds };
  } catch (error) {
    signal?.throwIfAborted();
    return { state: 'missing', code: 'prometheusFailed', address, why: failureOf(error) };
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
    return Object.entries(found).map(([action, missing = {}]): Finding => {
      const state = Object.keys(missing).length === 0 ? 'ok' : 'missing';
      return { state, code: 'right', action: action as Action, missing };
    });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return [{ state: 'missing', code: 'rightsUnknown', message: error.message }];
  }
}

/** A proxy may answer with a whole page. */
function beginning(message: string): string {
  return message.slice(0, 300);
}
