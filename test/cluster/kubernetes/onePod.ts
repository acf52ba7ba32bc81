import { ApiError } from '../../../src/cluster/errors.ts';
import type { Connection, RequestOptions } from '../../../src/cluster/kubernetes/api/connection.ts';
import type { Container, Pod, ResourceList } from '../../../src/cluster/kubernetes/api/objects.ts';

/**
 * An API server that has one pod: patches of its annotations and of its resources as Kubernetes does them, with
 * resource version, uid, generation and dry run.
 */
export class OnePod {
  pod: Pod;
  /** Called before each patch that is for real: what others do meanwhile. */
  meanwhile: (isResize: boolean) => void = () => {};
  /** What admission makes of a resize: a LimitRange adds limits, a webhook anything. */
  admit: (spec: NonNullable<Pod['spec']>) => NonNullable<Pod['spec']> = (spec) => spec;
  /** Answered in place of a resize, before or after it is written. */
  fails: { readonly error: ApiError; readonly isWritten: boolean } | undefined;
  #version = 1;

  constructor(spec: NonNullable<Pod['spec']>, annotations: Record<string, string> = {}) {
    const metadata = { namespace: 'team', name: 'train', uid: 'uid-1', resourceVersion: '1', generation: 1 };
    const status = { phase: 'Running', observedGeneration: 1 };
    this.pod = { metadata: { ...metadata, annotations }, spec: { nodeName: 'n1', ...spec }, status };
  }

  get connection(): Connection {
    const send = (path: string, options: RequestOptions = {}) => this.#send(path, options);
    return { send, nowSeconds: () => 1_793_000_000 } as unknown as Connection;
  }

  get annotations(): Record<string, string> {
    return { ...this.pod.metadata?.annotations };
  }

  /** What somebody else changes: of its spec, with the next generation. */
  edit(change: (pod: Pod) => Pod): void {
    const { metadata, ...rest } = change(this.pod);
    const generation = (metadata?.generation ?? 0) + 1;
    this.pod = { ...rest, metadata: { ...metadata, generation, resourceVersion: `${++this.#version}` } };
  }

  async #send(path: string, { method = 'GET', body, query }: RequestOptions): Promise<Pod> {
    if (method === 'GET') return structuredClone(this.pod);
    const isResize = path.endsWith('/resize');
    const isReal = query?.['dryRun'] === undefined;
    if (isReal) this.meanwhile(isResize);
    const { metadata = {}, spec } = body as Pod & { metadata?: { annotations?: Record<string, string | null> } };
    const { uid, resourceVersion } = this.pod.metadata!;
    if (metadata.uid !== uid || (metadata.resourceVersion ?? resourceVersion) !== resourceVersion) {
      throw new ApiError(409, 'Conflict', 'the object has been modified');
    }
    const next = isResize ? this.#resized(spec) : this.#annotated(metadata.annotations);
    if (isReal && isResize && this.fails && !this.fails.isWritten) throw this.fails.error;
    if (isReal) this.pod = { ...next, metadata: { ...next.metadata, resourceVersion: `${++this.#version}` } };
    if (isReal && isResize && this.fails) throw this.fails.error;
    return structuredClone(isReal ? this.pod : next);
  }

  #resized(change: Pod['spec']): Pod {
    const { spec = {}, metadata } = this.pod;
    const { containers, initContainers, resources } = spec;
    const next = this.admit({
      ...spec,
      ...(containers && { containers: merged(containers, change?.containers) }),
      ...(initContainers && { initContainers: merged(initContainers, change?.initContainers) }),
      ...(resources && { resources: mergedList(resources, change?.resources) }),
    });
    const isOther = JSON.stringify(next) !== JSON.stringify(spec);
    const generation = (metadata?.generation ?? 0) + (isOther ? 1 : 0);
    return { ...this.pod, spec: next, metadata: { ...metadata, generation } };
  }

  #annotated(changes: Readonly<Record<string, string | null>> = {}): Pod {
    const kept = Object.entries({ ...this.annotations, ...changes }).flatMap(([name, text]) =>
      text === null ? [] : [[name, text] as const],
    );
    return { ...this.pod, metadata: { ...this.pod.metadata, annotations: Object.fromEntries(kept) } };
  }
}

/** A strategic merge: containers by their names. */
function merged(containers: readonly Container[], changes: readonly Container[] = []): Container[] {
  return containers.map((container) => {
    const change = changes.find(({ name }) => name === container.name);
    return change ? { ...container, resources: mergedList(container.resources, change.resources) } : container;
  });
}

function mergedList({ requests, limits }: ResourceList = {}, change: ResourceList = {}): ResourceList {
  return {
    ...((requests || change.requests) && { requests: { ...requests, ...change.requests } }),
    ...((limits || change.limits) && { limits: { ...limits, ...change.limits } }),
  };
}
