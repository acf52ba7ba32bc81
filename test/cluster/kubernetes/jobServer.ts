import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Job } from '../../../src/cluster/kubernetes/api/objects.ts';

/** An API server that holds one Job, and its controller, which stops and starts tasks at once. */
export type JobServer = {
  readonly kubeconfig: string;
  /** The Job as it is now. */
  job(): Job;
  /** Somebody else's write: a merge patch. */
  write(patch: object, manager?: string): void;
  /** Called before the patch of an act is looked at, once. */
  beforeNextPatch(act: () => void): void;
  /** The patches that were taken, but for dry runs. */
  readonly patches: readonly object[];
  close(): Promise<void>;
};

type Tree = { [name: string]: unknown };

/** @param made what the Job has beside what every one has */
export async function startJobServer(made: object = {}): Promise<JobServer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stowage-job-'));
  let job: Tree = merged(NEW_JOB, made as Tree);
  let before: (() => void) | undefined;
  const patches: object[] = [];

  /** As the server takes a patch: generation, version and who wrote what follow. */
  const take = (patch: Tree, manager: string) => {
    const spec = merged((job['spec'] ?? {}) as Tree, (patch['spec'] ?? {}) as Tree);
    const isNew = JSON.stringify(spec) !== JSON.stringify(job['spec']);
    const { generation, resourceVersion, managedFields } = job['metadata'] as {
      generation: number;
      resourceVersion: string;
      managedFields?: readonly { manager: string }[];
    };
    const suspends = (spec as { suspend?: boolean }).suspend !== (job['spec'] as { suspend?: boolean }).suspend;
    const next = merged(job, patch);
    const metadata = {
      ...(next['metadata'] as Tree),
      generation: generation + (isNew ? 1 : 0),
      resourceVersion: String(Number(resourceVersion) + 1),
      managedFields: suspends
        ? [{ manager, operation: 'Update', fieldsV1: { 'f:spec': { 'f:suspend': {} } } }]
        : managedFields,
    };
    const suspended = (spec as { suspend?: boolean }).suspend === true;
    const given = (patch['status'] as Tree | undefined)?.['conditions'];
    const status = {
      ...(next['status'] as Tree),
      active: suspended ? 0 : 1,
      conditions: given ?? [{ type: 'Suspended', status: suspended ? 'True' : 'False' }],
    };
    job = { ...next, metadata, status };
  };

  const answer = async (request: IncomingMessage): Promise<[number, object]> => {
    const url = new URL(request.url ?? '', 'http://server');
    const found = answerOf(url.pathname, job);
    if (found) return [200, found];
    if (request.method !== 'PATCH') return [200, job];
    before?.();
    before = undefined;
    const patch = JSON.parse(await textOf(request)) as Tree;
    const wanted = (patch['metadata'] ?? {}) as { resourceVersion?: string };
    const { resourceVersion } = job['metadata'] as { resourceVersion: string };
    if (wanted.resourceVersion !== undefined && wanted.resourceVersion !== resourceVersion) {
      return [409, { kind: 'Status', code: 409, reason: 'Conflict', message: 'the object has been modified' }];
    }
    if (url.searchParams.get('dryRun') === 'All') return [200, job];
    patches.push(patch);
    take(patch, url.searchParams.get('fieldManager') ?? '');
    return [200, job];
  };

  const server = createServer((request, response) => {
    void answer(request).then(([status, body]) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const kubeconfig = path.join(directory, 'kubeconfig');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
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
    kubeconfig,
    job: () => job as Job,
    write: (patch, manager = 'kubectl-patch') => take(patch as Tree, manager),
    beforeNextPatch: (act) => {
      before = act;
    },
    patches,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true });
    },
  };
}

const NEW_JOB: Tree = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'train', namespace: 'team', uid: 'u', generation: 1, resourceVersion: '1' },
  spec: { suspend: false, parallelism: 1, template: { spec: { containers: [{ name: 'main' }] } } },
  status: { active: 1 },
};

/** Everything but the Job itself. */
function answerOf(pathname: string, job: object): object | undefined {
  if (pathname.endsWith('/jobs/train')) return undefined;
  if (pathname.endsWith('/jobs/train/status')) return undefined;
  if (pathname.includes('selfsubject')) {
    return { status: { allowed: true, resourceRules: [], nonResourceRules: [] } };
  }
  const items = pathname.endsWith('/jobs') ? [job] : [];
  return { kind: 'List', metadata: { resourceVersion: '1' }, items };
}

/** A merge patch: null takes a field away, a list replaces a list. */
function merged(object: Tree, patch: Tree): Tree {
  const result = { ...object };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else if (isTree(value)) result[name] = merged(isTree(result[name]) ? result[name] : {}, value);
    else result[name] = value;
  }
  return result;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
